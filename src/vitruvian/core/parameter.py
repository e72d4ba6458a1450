"""A parameter: what it is called, what it means, what is known of it before any data, and who says so."""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core.errors import KindError
from vitruvian.core.prior import AbstractPrior


@dataclass(frozen=True)
class Parameter:
    """One uncertain number of a kind (UCUM unit); dims=("meal",) makes one latent per slot of that name."""

    name: str
    unit: str
    prior: AbstractPrior
    source: str
    meaning: str
    dims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(word.isidentifier() for word in self.name.split(".")):  # a couple's are "part.name"
            raise KindError(f"parameter name '{self.name}' is not an identifier", fix="use letters, digits, _")
        if not self.source.strip():
            raise KindError(f"parameter '{self.name}' has no source", fix="cite one, or say 'assumed'")
        if len(self.dims) > 1:
            raise KindError(f"parameter '{self.name}' has more than one dim", fix="use one slot name")
