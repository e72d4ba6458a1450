"""The models that come with the package, by name: synthetic, every number assumed."""

from __future__ import annotations

from importlib.resources import files

from vitruvian.core.errors import KindError
from vitruvian.engines.event.model import Model
from vitruvian.engines.event.text import read_model

NAMES = ("emergency", "general_hospital", "radiology", "intensive_care")


def shipped(name: str) -> Model:
    """emergency | general_hospital | radiology | intensive_care."""
    return read_model(text(name), f"{name}.yaml")


def text(name: str) -> str:
    """The YAML of a shipped model: a template to start from."""
    if name not in NAMES:
        raise KindError(f"there is no shipped model '{name}'", where="hospital", fix=f"use one of {', '.join(NAMES)}")
    return (files("vitruvian.kinds.hospital") / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
