"""Every law can fail: each finds the kind that was broken for it, and says what is wrong with it."""

import dataclasses

import pytest

from broken import BROKEN, Broken, NoSource
from vitruvian.conformance import LAWS, QUICK, LawBroken, Trial

BY_NAME = {law.name: law for law in LAWS}


CASES = [
    pytest.param(case, id=f"{case.law}-{case.kind.__name__}", marks=[pytest.mark.slow] if case.slow else [])
    for case in BROKEN
]


@pytest.mark.parametrize("case", CASES)
def test_the_law_finds_the_defect(case: Broken) -> None:
    law = BY_NAME[case.law]
    trial = Trial(case.kind(), dataclasses.replace(QUICK, reference=1))
    assert law.applies(trial.kind)
    with pytest.raises(LawBroken, match=case.says):
        law.check(trial)


def test_every_law_is_shown_to_fail() -> None:
    assert {case.law for case in BROKEN} == set(BY_NAME)


def test_a_broken_law_names_the_kind_and_what_to_do() -> None:
    with pytest.raises(LawBroken) as found:
        BY_NAME["sources"].check(Trial(NoSource(), QUICK))
    assert found.value.message == "kind 'infusion': parameter 'CL' has no source. Fix: cite one, or say 'assumed'"
