"""Without a history: controls scored by stacks that have not seen them, treated patients by the mean of these stacks.

NOT PROCOVA proper: no external data, so nothing is saved at planning, and the score is part of the analysis. It is
labelled so everywhere. No patient's score used that patient's outcome.
"""

from __future__ import annotations

import numpy as np

from vitruvian.core.keys import generator, key
from vitruvian.kinds.prognosis.stack import FOLDS, fit_stack
from vitruvian.models.trialtable import Frame
from vitruvian.studies.procova.analysis import Analysis, analyse
from vitruvian.studies.procova.planning import history_of
from vitruvian.studies.procova.protocol import Protocol


def analyse_cross_fitted(protocol: Protocol, frame: Frame) -> Analysis:
    """The analysis of a trial that brings its own score."""
    arm = frame.factor(protocol.arm.column)
    control = np.flatnonzero(arm == protocol.arm.control)
    rest = np.flatnonzero(arm != protocol.arm.control)
    fold = generator(protocol.seed, "cross-fit").permutation(len(control)) % FOLDS
    whole = fit_stack(history_of(protocol, frame.take(control)), protocol.seed)
    score = np.zeros(len(frame))
    for k in range(FOLDS):
        history = history_of(protocol, frame.take(control[fold != k]))
        stack = fit_stack(history, key(protocol.seed, "cross-fit", k))
        score[control[fold == k]] = stack.score(frame.take(control[fold == k]))
        score[rest] += stack.score(frame.take(rest)) / FOLDS
    return analyse(protocol, frame, whole, score)
