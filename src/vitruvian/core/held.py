"""Actions that hold until they are changed: a medicine that is taken, a diet that is kept."""

from __future__ import annotations

import dataclasses

from vitruvian.core.action import Action


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held(Action):
    """Base of actions that hold from their time on until the next of the same type."""
