"""Where the program keeps what it must remember: $VITRUVIAN_HOME, else the user's data directory."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder; it is made when something is written into it."""
    chosen = os.environ.get("VITRUVIAN_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path  # lazy: most callers name their home

    return user_data_path("vitruvian", appauthor=False)
