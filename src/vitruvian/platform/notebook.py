"""Twins in a notebook: `import vitruvian as vt`, then vt.create, vt.open, vt.twins on the store in $VITRUVIAN_HOME."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from vitruvian.platform.home import home
from vitruvian.platform.live import LiveTwin
from vitruvian.platform.session import Session


def create(kind: str, subject: str, *files: str | Path, zone: str = "", unit: str = "", **fields: Any) -> LiveTwin:
    """A new twin of `subject`, with what is in the files: vt.create("metabolic", "Ada", "export.csv", weight=82).

    zone: the IANA zone in which the subject lives (default: this machine's). unit: for exports that do not say it.
    fields: what the kind's subject has, as numbers in its units or as text with a unit ("82 kg").
    """
    return session(home()).create(kind, subject, *files, zone=zone, unit=unit, fields=fields)[0]


def open(name: str) -> LiveTwin:
    """The twin of this id or subject: vt.open("Ada")."""
    return session(home()).open(name)


def twins() -> tuple[LiveTwin, ...]:
    """All twins, in the order in which they were made."""
    return session(home()).twins()


@cache
def session(place: Path) -> Session:
    """The session on the store in this folder; opened once and kept."""
    return Session.begin(place)
