"""A kind under every law, one verdict after the other; what its own code raises is a verdict too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vitruvian.conformance.answers import ANSWERS
from vitruvian.conformance.calibration import CALIBRATION
from vitruvian.conformance.declared import DECLARED
from vitruvian.conformance.effects import EFFECTS
from vitruvian.conformance.gradient import GRADIENT
from vitruvian.conformance.law import Law
from vitruvian.conformance.restart import RESTART
from vitruvian.conformance.sameness import SAMENESS
from vitruvian.conformance.streaming import STREAMING
from vitruvian.conformance.timing import TIMING
from vitruvian.conformance.trial import QUICK, Size, Trial
from vitruvian.core.errors import KindError, VitruvianError
from vitruvian.core.kind import AbstractKind

LAWS: tuple[Law, ...] = (
    *DECLARED,
    *ANSWERS,
    *SAMENESS,
    *TIMING,
    *RESTART,
    *STREAMING,
    *EFFECTS,
    *GRADIENT,
    *CALIBRATION,
)


@dataclass(frozen=True)
class Verdict:
    """One law on one kind. said: what is wrong and how to put it right; "" when the law holds."""

    law: Law
    said: str

    @property
    def holds(self) -> bool:
        """Whether the law holds."""
        return not self.said

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"law": self.law.name, "sentence": self.law.sentence, "holds": self.holds, "said": self.said}


def examine(
    kind: AbstractKind, *, size: Size = QUICK, only: Sequence[str] = (), seed: int = 20260101
) -> Iterator[Verdict]:
    """Verdicts of all laws that apply, or of those named; KindError for a name that is none."""
    known = {law.name: law for law in LAWS}
    if unknown := sorted(set(only) - set(known)):
        raise KindError(f"there is no law {', '.join(unknown)}", where="examine", fix=f"use {', '.join(known)}")
    trial = Trial(kind, size, seed)
    for law in LAWS:
        asked = law.name in only if only else size.reference > 0 or not law.full_only
        if asked and law.applies(kind):
            yield Verdict(law, _said(law, trial))


def _said(law: Law, trial: Trial) -> str:
    try:
        law.check(trial)
    except VitruvianError as err:
        return err.message
    except Exception as err:  # noqa: BLE001 the author's code may raise anything, and the other laws go on
        return f"kind '{trial.kind.name}': raised {type(err).__name__}: {' '.join(str(err).split())[:300]}"
    return ""
