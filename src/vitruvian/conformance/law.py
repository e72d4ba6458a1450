"""A law: one sentence that every kind must obey, and the check that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vitruvian.conformance.trial import Trial
from vitruvian.core.errors import VitruvianError
from vitruvian.core.kind import AbstractKind


class LawBroken(VitruvianError):
    """A kind breaks a conformance law; says which, how, and where to look."""


@dataclass(frozen=True)
class Law:
    """`sentence` is what is demanded; `check` raises LawBroken; `needs` are the capabilities it is about.

    full_only: too long for a quick trial; it is not asked there.
    """

    name: str
    sentence: str
    check: Callable[[Trial], None]
    needs: tuple[type, ...] = ()
    applies_if: Callable[[AbstractKind], bool] = lambda kind: True
    full_only: bool = False

    def applies(self, kind: AbstractKind) -> bool:
        """Whether the law says anything about this kind."""
        return isinstance(kind, self.needs or (object,)) and self.applies_if(kind)


def demand(holds: bool, what: str, trial: Trial, fix: str = "") -> None:
    """LawBroken unless it holds."""
    if not holds:
        raise LawBroken(what, where=f"kind '{trial.kind.name}'", fix=fix)
