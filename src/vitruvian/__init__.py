"""Vitruvian: the open platform for healthcare digital twins. Research use.

import vitruvian as vt

ada = vt.create("metabolic", "Ada", "export.csv", "meals.csv", weight=82)
ada.calibrate().plot()
ada.forecast(hours=3).plot()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitruvian.platform.notebook import create, open, twins  # noqa: A004 vt.open(name), as in h5py

__version__ = "0.1.0"
__all__ = ["__version__", "create", "open", "twins"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from vitruvian.platform import notebook  # lazy: `import vitruvian` and `vitruvian --help` stay light

        return getattr(notebook, name)
    raise AttributeError(f"module 'vitruvian' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
