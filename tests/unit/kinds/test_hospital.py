"""The hospital kind: shipped models, a start from who is there, what actions do to schedules, and bad input."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from vitruvian.core.action import Action
from vitruvian.core.errors import KindError, RecordError
from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.core.record import Record
from vitruvian.engines.event import layout as at
from vitruvian.engines.event import model as m
from vitruvian.engines.event.census import Present, census_state
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Counts, Level, outputs
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables
from vitruvian.kinds.hospital import KIND, PATIENT, Hospital, shipped
from vitruvian.kinds.hospital.shipped import NAMES

HOUR = 3600.0


def action(name: str, **fields: Any) -> Action:
    """An action of the shipped department."""
    make: Any = KIND.action_type(name)
    return make(**fields)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_is_labelled_synthetic_and_runs_a_day(name: str) -> None:
    model = shipped(name)
    assert model.label.startswith("synthetic")
    kind = Hospital(model)
    theta = {p.name: np.ones(3) for p in kind.parameters}
    drive = kind.compile(kind.example().case, Record.empty(), 0.0, 24 * HOUR, 0.0)
    day = np.array([[0.0, 24 * HOUR]])
    request = Request({"present": np.array([12 * HOUR]), **{q.name: day for q in kind.quantities}})
    out, _ = kind.run(theta, drive, request, member_seeds(1, 3))
    assert all(np.isfinite(v).all() for v in out.values())
    assert (out["present"] > 0).all()
    assert (out["cost"] > 0).all()


def ward(law: Law, beds: int = 200) -> m.Model:
    step = m.Step(name="stay", place="ward", seize=(m.Need(pool="bed"),), hold=law)
    return m.Model(
        name="ward", label="synthetic, for a test", pools=(m.Pool(name="bed", capacity=beds),),
        pathways=(m.Pathway(name="way", steps=(step,)),),
        arrivals=(m.Arrivals(name="door", pathway="way", rates=(1e-9,)),),
    )  # fmt: skip


@pytest.mark.parametrize(
    "law",
    [Law(law="lognormal", unit="h", mean=40.0, cv=1.0), Law(law="gamma", unit="h", mean=30.0, cv=0.5),
     Law(law="weibull", unit="h", mean=30.0, shape=0.7), Law(unit="h", mean=30.0)],
    ids=lambda law: law.law,
)  # fmt: skip
def test_what_is_left_of_a_stay_depends_on_how_long_it_has_lasted(law: Law) -> None:
    """Sixty patients in for 1 to 60 h: who is still there after 12 h has mean sum S(e + 12) / S(e)."""
    tables, members = Tables(ward(law)), 2000
    at = 100.0 * HOUR
    there = [Present(f"p{k}", "stay", at - k * HOUR) for k in range(1, 61)]
    drive = forcing(tables.model, at, at + 12 * HOUR)
    reading = {"present": Level(Counts(tables).place("ward", "present"))}
    asked = Request({"present": np.array([at + 12 * HOUR])})
    gap = {}
    elapsed = np.arange(1, 61) * HOUR
    alive = 1.0 - law.chance(elapsed)
    exact = float(((1.0 - law.chance(elapsed + 12 * HOUR)) / alive).sum())
    for known in (True, False):
        seeds = member_seeds(4, members)
        state = census_state(Simulation(tables), drive, there, seeds, elapsed=known)
        out, _ = outputs(Simulation(tables), reading, drive, asked, seeds, state, None)
        seen = out["present"][:, 0]
        gap[known] = (seen.mean() - exact) / (seen.std(ddof=1) / members**0.5)
    assert abs(gap[True]) < 4
    assert law.law == "exponential" or abs(gap[False]) > 10  # without memory it does not matter, else it does


def test_a_twin_starts_from_who_is_where() -> None:
    """Rows of patients: the newest known of each decides; who has left is not there."""
    names = [s.name for s in KIND.model.steps]
    stay, look = names.index("ward stay") + 1, names.index("first look") + 1
    at = 30 * HOUR
    when = np.array([2.0, 20.0, 25.0, 29.5, 29.8]) * HOUR
    classes = np.array(["orange", "green", "green", "yellow", "red"])
    values, ids = np.array([stay, stay, 0.0, -look, -look]), np.array(["a", "b", "b", "c", "d"])
    record = Record.of(PATIENT, when, values, sensor=classes, id=ids)
    theta, seeds = {p.name: np.ones(5) for p in KIND.parameters}, member_seeds(1, 5)
    state = KIND.state_from(KIND.example().case, record, at, theta, seeds)
    drive = KIND.compile(KIND.example().case, record, at, at + HOUR, at)
    asked = Request({"present": np.array([at]), "busy_ward_bed": np.array([at]), "waiting": np.array([at])})
    out, _ = KIND.run(theta, drive, asked, seeds, state)
    assert (out["present"][:, 0] == 3).all()
    assert (out["busy_ward_bed"][:, 0] == 1).all()
    assert (out["waiting"][:, 0] == 0).all()  # there are cubicles: both are seen at once


def test_a_census_that_cannot_be_is_an_error_that_names_the_patient() -> None:
    tables = Tables(ward(Law(unit="h", mean=30.0), beds=2))
    drive, seeds = forcing(tables.model, 0.0, HOUR), member_seeds(1, 2)
    simulation = Simulation(tables)
    with pytest.raises(RecordError, match="patient z: there is no step 'spa'"):
        census_state(simulation, drive, [Present("z", "spa", -1.0)], seeds)
    with pytest.raises(RecordError, match="patient z: comes after the census"):
        census_state(simulation, drive, [Present("z", "stay", 5.0)], seeds)
    with pytest.raises(RecordError, match="patient c at 'stay': no unit of bed/bed is left"):
        census_state(simulation, drive, [Present(n, "stay", -1.0) for n in "abc"], seeds)


def test_actions_change_rosters_and_nothing_before() -> None:
    case = KIND.example().case
    add = action("ChangeStaff", at=9 * HOUR, pool="doctor", staff=2, duration=4.0)
    plain = KIND.compile(case, Record.empty(), 0.0, 24 * HOUR, 0.0).schedules["open:doctor/all"]
    more = KIND.compile(case.plus(add), Record.empty(), 0.0, 24 * HOUR, 24 * HOUR).schedules["open:doctor/all"]
    hours = np.arange(24.0) * HOUR
    np.testing.assert_array_equal(more.at(hours) - plain.at(hours), 2.0 * ((hours >= 9 * HOUR) & (hours < 13 * HOUR)))
    early = action("StartEarlier", at=HOUR, pool="discharge team", hours=2.0)
    key = "open:discharge team/discharge team"
    moved = KIND.compile(case.plus(early), Record.empty(), 0.0, 24 * HOUR, 24 * HOUR).schedules[key]
    assert moved.at(np.array([6.9, 7.1, 16.9, 17.1]) * HOUR).tolist() == [0.0, 3.0, 3.0, 0.0]


def test_what_is_not_known_yet_is_not_planned() -> None:
    case = KIND.example().case.plus(action("Surge", at=9 * HOUR, factor=2.0, duration=4.0))
    early = KIND.compile(case, Record.empty(), 0.0, 24 * HOUR, 8 * HOUR).schedules["factor:walk-ins"]
    assert early.at(np.array([10 * HOUR])).tolist() == [1.0]


def test_an_unknown_model_or_step_number_is_said() -> None:
    with pytest.raises(KindError, match="no shipped model 'moon'"):
        shipped("moon")
    record = Record.of(PATIENT, np.array([0.0]), np.array([99.0]), id=np.array(["x"]))
    theta = {p.name: np.ones(1) for p in KIND.parameters}
    with pytest.raises(KindError, match="patient x: there is no step number 99"):
        KIND.state_from(KIND.example().case, record, HOUR, theta, member_seeds(1, 1))


def test_another_appointment_template_holds_while_its_mode_is_on() -> None:
    """Evening MRI replaces the day's slots of that day: as many patients, the last of them hours later."""
    kind = Hospital(shipped("radiology"))
    rule: Any = kind.action_type("Rule")
    case = kind.example().case
    booked = [k for k, a in enumerate(kind.model.arrivals) if "booked MRI" in a.name]
    came = {}
    for name, plan in (("usual", case), ("evening", case.plus(rule(at=0.0, mode="evening MRI", duration=24.0)))):
        rows = kind.simulation.trace(kind.compile(plan, Record.empty(), 0.0, 24 * HOUR, 0.0), 3)
        came[name] = [t / HOUR for t, what, _, source, _ in rows if what == at.ARRIVES and source in booked]
        sources = {source for _, what, _, source, _ in rows if what in (at.ARRIVES, at.ABSENT) and source in booked}
        assert sources == {booked[name == "evening"]}
    assert abs(len(came["usual"]) - len(came["evening"])) <= 8
    assert max(came["usual"]) < 17.0 < 19.0 < max(came["evening"])


def test_each_patient_of_the_census_is_followed_until_they_leave() -> None:
    """Stays of 10 h that have lasted 1, 4 and 9.5 h; a patient who comes later takes nobody's place in the answer."""
    model = ward(Law(law="fixed", unit="h", mean=10.0))
    kind = Hospital(dataclasses.replace(model, arrivals=(m.Arrivals(name="door", pathway="way", rates=(5.0,)),)))
    since = {"a": -4.0, "b": -9.5, "c": -1.0}
    record = Record.join(
        [
            Record.of(PATIENT, np.array([h * HOUR]), np.array([1.0]), id=np.array([who], dtype=object))
            for who, h in since.items()
        ]
    )
    case, seeds = kind.example().case, member_seeds(1, 4)
    assert kind.patients(record, 0.0) == ("b", "a", "c")
    state = kind.state_from(case, record, 0.0, {}, seeds)
    hours = np.array([0.25, 1.0, 5.9, 6.1, 8.9, 9.1])
    ends = {"b": 0.5, "a": 6.0, "c": 9.0}
    expected = np.array([[float(h < end) for end in ends.values()] for h in hours])
    whole, _ = kind.run(
        {}, kind.compile(case, record, 0.0, 10 * HOUR, 0.0), Request({PATIENT: hours * HOUR}), seeds, state
    )
    assert whole[PATIENT].tolist() == np.broadcast_to(expected, (4, 6, 3)).tolist()
    drive = kind.compile(case, record, 0.0, 6 * HOUR, 0.0)
    first, later = kind.run({}, drive, Request({PATIENT: hours[:3] * HOUR}), seeds, state)
    drive = kind.compile(case, record, 6 * HOUR, 10 * HOUR, 0.0)
    rest, _ = kind.run({}, drive, Request({PATIENT: hours[3:] * HOUR}), seeds, later)
    assert np.concatenate([first[PATIENT], rest[PATIENT]], axis=1).tolist() == whole[PATIENT].tolist()
