"""Which quantities of a kind are risks: probabilities of something that may happen to its subject."""

from __future__ import annotations

from vitruvian.core.kind import AbstractKind

SAID = "probability"  # how a kind says that a number between 0 and 1 is one, and no share of patients or of time


def risks(kind: AbstractKind) -> tuple[str, ...]:
    """Names, in the kind's order."""
    return tuple(
        q.name for q in kind.quantities if q.unit == "1" and (q.low, q.high) == (0, 1) and q.meaning.startswith(SAID)
    )
