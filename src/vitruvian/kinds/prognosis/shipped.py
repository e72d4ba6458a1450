"""The score that comes with the package: fitted on a synthetic history at a fixed seed, checked against its hash."""

from __future__ import annotations

import json
from importlib.resources import files

from vitruvian.core.errors import KindError
from vitruvian.kinds.prognosis.generator import history
from vitruvian.kinds.prognosis.stack import Stack, fit_stack

PATIENTS, SEED, TREES = 400, 20260301, 20
FILE = "weights.json"  # what fit_shipped() gave: {"digest": ..., "stack": ...}


def fit_shipped() -> Stack:
    """The stack of the shipped file, fitted again."""
    return fit_stack(history(PATIENTS, SEED), SEED, trees=TREES)


def shipped_stack() -> Stack:
    """From the file beside this one; KindError if it is not what was fitted."""
    stored = json.loads((files("vitruvian.kinds.prognosis") / FILE).read_text(encoding="utf-8"))
    stack = Stack.from_json(stored["stack"])
    if stack.digest != stored["digest"]:
        raise KindError("is not what was fitted", where=f"prognosis/{FILE}", fix="reinstall the package")
    return stack
