"""Haemodynamics that cannot be are told from those that can: each fault with what to do, and none of drawn persons."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core.case import Case
from vitruvian.core.record import Record
from vitruvian.kinds.circulation import KIND, Patient
from vitruvian.kinds.circulation.actions import CONDITIONS
from vitruvian.models.circulation.doubt import doubts
from vitruvian.verbs.simulate import simulate

DAY = 86400.0
VISIT = {"sbp": 118.0, "dbp": 72.0, "heart_rate": 74.0, "lv_edv": 130.0, "lv_ef": 56.0, "rv_edv": 160.0, "rv_ef": 45.0,
         "cardiac_output": 5.3, "mpap": 34.0, "pasp": 55.0, "pawp": 9.0, "rap": 6.0}  # fmt: skip


def visit(**other: float) -> Record:
    """One visit's numbers, some of them otherwise."""
    return Record.join([Record.of(n, np.array([DAY]), np.array([v])) for n, v in {**VISIT, **other}.items()])


def why(record: Record) -> dict[str, str]:
    found = doubts(record)
    return {str(n): str(w) for n, w in zip(record.observable, found.why, strict=True) if w}


FAULTS = {  # numbers, who is doubted, what is said
    "swapped": ({"sbp": 70.0, "dbp": 95.0}, {"sbp", "dbp"}, "they may be swapped"),
    "equal": ({"sbp": 90.0, "dbp": 90.0}, {"sbp", "dbp"}, "not below systolic 90"),
    "above 100 %": ({"lv_ef": 112.0}, {"lv_ef"}, "outside 4 to 90"),
    "nothing ejected": ({"rv_ef": 0.0}, {"rv_ef"}, "outside 3 to 90"),
    "ESV above EDV": ({"lv_ef": -12.0}, {"lv_ef"}, "cannot be"),
    "a fraction": ({"lv_ef": 0.56}, {"lv_ef"}, "looks like a fraction (56 %)"),
    "kPa": ({"mpap": 4.53}, {"mpap"}, "looks like kPa (33.98 mmHg)"),
    "kPa of the cuff": ({"sbp": 15.7, "dbp": 9.6}, {"sbp", "dbp"}, "looks like kPa"),
    "litres": ({"lv_edv": 0.13}, {"lv_edv"}, "looks like L (130 mL)"),
    "mL/min": ({"cardiac_output": 5300.0}, {"cardiac_output"}, "looks like mL/min (5.3 L/min)"),
    "wedge above mean": ({"pawp": 48.0}, {"pawp", "mpap"}, "check the zero and the wedge"),
    "mean above systolic": ({"mpap": 95.0}, {"mpap", "pasp"}, "lies above the systolic"),
    "output": ({"cardiac_output": 19.0}, {"cardiac_output"}, "measure the output again"),
}


def test_a_visit_that_can_be_is_believed() -> None:
    assert why(visit()) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_doubted_with_what_to_do(name: str) -> None:
    numbers, who, said = FAULTS[name]
    found = why(visit(**numbers))
    assert set(found) == who
    assert all(said in w for w in found.values())


def test_a_ventricle_against_the_output_doubts_all_that_take_part() -> None:
    record = visit(cardiac_output=18.0)
    alone = record.where(~np.isin(record.observable.astype(str), ["rv_edv", "rv_ef"]))
    assert set(why(alone)) == {"cardiac_output", "lv_edv", "lv_ef"}


def test_one_ventricle_against_two_witnesses_is_doubted_alone() -> None:
    found = why(visit(rv_edv=560.0, rv_ef=70.0))
    assert set(found) == {"rv_edv", "rv_ef"}


def test_another_visits_numbers_do_not_doubt_these() -> None:
    later = Record.of("cardiac_output", np.array([40 * DAY]), np.array([19.0]))
    early = visit().where(visit().observable != "cardiac_output")
    assert doubts(Record.join([early, later])).believed.all()


def test_persons_drawn_from_every_set_are_believed() -> None:
    example, doubted, count = KIND.example(), 0, 0
    for condition in CONDITIONS:
        case = Case(Patient(condition=condition))
        for seed in range(4):
            record = simulate(KIND, case, example.observed, 0.0, seed=seed).record
            doubted += int((~doubts(record).believed).sum())
            count += len(record)
    assert doubted <= count / 1000, (doubted, count)


def test_what_is_doubted_is_not_learned_from() -> None:
    record = visit(pawp=48.0)
    assert set(record.observable) - set(KIND.believed(record).observable) == {"pawp", "mpap"}
    forcing = KIND.compile(Case(Patient()), record, 0.0, DAY, DAY)
    trusted = KIND.trusted(record, forcing)
    wide = np.isfinite(trusted.sd) & (trusted.sd > 1e3)
    assert set(record.observable[wide]) == {"pawp", "mpap"}
