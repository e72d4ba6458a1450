"""One exception tree. Every error says what is wrong, where, and how to put it right."""

from __future__ import annotations


class VitruvianError(Exception):
    """Base of all errors a user can cause and cure.

    `where` names the place (file and line, twin, ward, field); `fix` says what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The one sentence shown to a person: where, what, fix."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. Fix: {self.fix}" if self.fix else head


class UnitError(VitruvianError):
    """A unit cannot be read, or two units do not fit; names both."""


class FieldError(VitruvianError):
    """A field of an action, a subject or a goal is missing, of the wrong type or out of bounds."""


class KindError(VitruvianError):
    """A kind breaks the contract: no source, a bad name, a cyclic coupling."""


class CapabilityError(VitruvianError):
    """The kind cannot answer this question, for example compare on a kind that is not Causal."""


class RecordError(VitruvianError):
    """Observations that cannot be used as they stand."""


class BeliefError(VitruvianError):
    """A belief that does not fit its kind: recalibrate."""


class InferenceError(VitruvianError):
    """An estimation that cannot be done or did not converge."""


class ParseError(VitruvianError):
    """A file that cannot be read; names file, line and column."""


class StoreError(VitruvianError):
    """The store cannot do what was asked: unknown twin, conflicting key, locked file."""


class MissingError(StoreError):
    """What was named is not there."""


class ConflictError(StoreError):
    """It does not fit what is there already: a name or key that is taken, a version that is no longer the newest."""
