"""What explain answers: shares of an answer, what it would be without a cause, and where its spread comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.core.case import Origin
from vitruvian.core.errors import FieldError
from vitruvian.verbs.result import Basis


@dataclass(frozen=True)
class Share:
    """One cause: its Shapley share of the answer with standard error, and by how much the answer moves without it."""

    name: str
    share: float
    error: float
    removed: float
    meaning: str = ""


@dataclass(frozen=True)
class Breakdown:
    """An answer as reference + shares, in the quantity's unit: sum of shares = answer - reference.

    over: "parameters", "actions" or "data". reference: what would be said without any of the causes.
    """

    over: str
    reference: float
    answer: float
    shares: tuple[Share, ...]
    how: str
    meaning: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "over": self.over,
            "reference": self.reference,
            "answer": self.answer,
            "shares": [dict(s.__dict__) for s in self.shares],
            "how": self.how,
            "meaning": self.meaning,
        }


@dataclass(frozen=True)
class Spread:
    """Whence the answer's variance: share per parameter, and what no linear function of them explains."""

    sd: float
    shares: Mapping[str, float]
    rest: float
    how: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"sd": self.sd, "shares": dict(self.shares), "rest": self.rest, "how": self.how}


@dataclass(frozen=True)
class Explanation:
    """Answer of `explain`: the quantity over the window (s), broken down by causes, the largest first."""

    kind: str
    quantity: str
    unit: str
    window: tuple[float, float]
    origin: Origin
    answer: float
    band: tuple[float, float]
    breakdowns: Mapping[str, Breakdown]
    spread: Spread
    basis: Basis
    seed: int
    notes: tuple[str, ...] = ()
    disclaimer: str = "A simulation for research use."

    def __getitem__(self, over: str) -> Breakdown:
        if over not in self.breakdowns:
            raise FieldError(f"no shares of {over}", where="explain", fix=f"use {', '.join(self.breakdowns)}")
        return self.breakdowns[over]

    @property
    def drivers(self) -> tuple[tuple[str, Share], ...]:
        """(over, share) of all breakdowns, the largest first."""
        told = [(over, s) for over, b in self.breakdowns.items() for s in b.shares]
        return tuple(sorted(told, key=lambda t: -abs(t[1].share)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "kind": self.kind,
            "quantity": self.quantity,
            "unit": self.unit,
            "window": [self.origin.moment(t).isoformat() for t in self.window],
            "answer": self.answer,
            "band": list(self.band),
            "breakdowns": {over: b.to_json() for over, b in self.breakdowns.items()},
            "spread": self.spread.to_json(),
            "basis": self.basis.to_json(),
            "notes": list(self.notes),
            "seed": self.seed,
            "disclaimer": self.disclaimer,
        }

    def plot(self, over: str | None = None, ax: Any = None) -> Any:
        """Bars of one breakdown's shares with their standard errors (matplotlib axes)."""
        from vitruvian.verbs.plot_choices import plot_explanation

        return plot_explanation(self, over, ax)
