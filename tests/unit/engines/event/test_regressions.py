"""What users of other engines ran into, each a small day whose times are known by hand.

simmer issues 34, 114, 115, 125, 187, 246; Ciw pull requests 85 and 202; SimPy issue 1; Simod issue 41.
"""

from typing import Any

import numpy as np
import pytest

from vitruvian.core.errors import KindError
from vitruvian.core.keys import member_seeds
from vitruvian.core.quantity import Request
from vitruvian.engines.event import layout as at
from vitruvian.engines.event import model as m
from vitruvian.engines.event.checks import check_model
from vitruvian.engines.event.drive import forcing
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.readings import Change, Counts, outputs
from vitruvian.engines.event.simulate import Simulation
from vitruvian.engines.event.tables import Tables

CLASSES = (m.PatientClass(name="urgent", priority=0.0, preempts=True), m.PatientClass(name="routine", priority=1.0))


def minutes(mean: float) -> Law:
    return Law(law="fixed", mean=mean)


def at_times(name: str, class_: str, *times: str) -> m.Arrivals:
    """Patients of a class at these times of Monday."""
    booked = m.Appointments(days=("mon",), times=times)
    return m.Arrivals(name=name, pathway="way", classes={class_: 1.0}, appointments=booked)


def day(*arrivals: m.Arrivals, steps: tuple[m.Step, ...], pools: tuple[m.Pool, ...], **more: Any) -> m.Model:
    model = m.Model(
        name="day", label="synthetic, for a test", classes=CLASSES, pools=pools, arrivals=arrivals,
        pathways=(m.Pathway(name="way", steps=steps),), **more,
    )  # fmt: skip
    check_model(model)
    return model


def told(model: m.Model, *what: int, hours: float = 24.0) -> list[tuple[float, int, int]]:
    """(minute, what, source) of these events, by the compiled kernel."""
    rows = Simulation(Tables(model)).trace(forcing(model, 0.0, hours * 3600.0), 1)
    shift = at.LAYER_BITS + at.INDEX_BITS
    return [(t / 60.0, kind, who >> shift) for t, kind, who, _, _ in rows if kind in what]


def desk(capacity: int = 1, hold: float = 60.0, **more: Any) -> tuple[m.Step, m.Pool]:
    pool = more.pop("pool", {})
    step = m.Step(name="desk", seize=(m.Need(pool="nurse"),), hold=minutes(hold), **more)
    return step, m.Pool(name="nurse", capacity=None if "groups" in pool else capacity, **pool)


@pytest.mark.parametrize(("policy", "ends"), [("resume", 630.0), ("restart", 650.0), ("resample", 650.0)])
def test_simmer_34_ciw_85_202_resume_restart_or_resample_is_said(policy: str, ends: float) -> None:
    """Routine starts at 09:00 for 60 min, urgent comes at 09:20 for 30: 40 min are left, or 60 again."""
    step, pool = desk(interrupted=policy, holds={"urgent": minutes(30.0)})
    model = day(at_times("a", "routine", "09:00"), at_times("b", "urgent", "09:20"), steps=(step,), pools=(pool,))
    assert told(model, at.INTERRUPTS, at.ENDS) == [(560.0, at.INTERRUPTS, 0), (590.0, at.ENDS, 1), (ends, at.ENDS, 0)]


def test_ciw_202_the_interrupted_may_go_elsewhere() -> None:
    step, pool = desk(interrupted="reroute", reroute="later")
    later = m.Step(name="later", hold=minutes(5.0), route=m.Route())
    step = m.Step(**{**step.__dict__, "route": m.Route()})
    model = day(at_times("a", "routine", "09:00"), at_times("b", "urgent", "09:20"), steps=(step, later), pools=(pool,))
    assert told(model, at.LEAVES) == [(565.0, at.LEAVES, 0), (620.0, at.LEAVES, 1)]


def test_simmer_114_nobody_is_interrupted_where_a_server_is_free() -> None:
    step, pool = desk(capacity=2)
    model = day(at_times("a", "routine", "09:00"), at_times("b", "urgent", "09:20"), steps=(step,), pools=(pool,))
    assert told(model, at.INTERRUPTS) == []


def test_simmer_115_the_interrupted_keeps_its_place_where_the_queue_is_full() -> None:
    """One may wait; the interrupted was let in before, so it is never turned away."""
    step, pool = desk(queue=m.Queue(limit=1))
    model = day(
        at_times("a", "routine", "09:00", "09:05"), at_times("b", "urgent", "09:20"), at_times("c", "routine", "09:30"),
        steps=(step,), pools=(pool,),
    )  # fmt: skip
    # at 09:20 the urgent one finds the only waiting place taken: a limit is a limit for who comes
    assert told(model, at.TURNED_AWAY) == [(560.0, at.TURNED_AWAY, 1), (570.0, at.TURNED_AWAY, 2)]
    step, pool = desk(queue=m.Queue(limit=1))
    model = day(
        at_times("a", "routine", "09:00"), at_times("b", "urgent", "09:20"), at_times("c", "routine", "09:30"),
        steps=(step,), pools=(pool,),
    )  # fmt: skip
    assert told(model, at.TURNED_AWAY, at.ENDS) == [
        (570.0, at.TURNED_AWAY, 2), (620.0, at.ENDS, 1), (660.0, at.ENDS, 0),
    ]  # fmt: skip


def test_simmer_125_nobody_interrupts_themselves() -> None:
    """An urgent patient who holds one of two nurses and wants another takes that of the routine one, not their own."""
    on = m.Route(to={"more": 1.0}, classes={"routine": {}})
    first = m.Step(
        name="desk", seize=(m.Need(pool="nurse"),), hold=minutes(10.0), holds={"routine": minutes(60.0)},
        keep=("nurse",), route=on,
    )  # fmt: skip
    second = m.Step(name="more", seize=(m.Need(pool="nurse"),), hold=minutes(10.0))
    arrivals = (at_times("a", "urgent", "09:00"), at_times("b", "routine", "08:45"))
    model = day(*arrivals, steps=(first, second), pools=(m.Pool(name="nurse", capacity=2),), cycles="detect")
    rows = told(model, at.INTERRUPTS, at.LEAVES)
    # 25 of the routine one's 60 min are over at 09:10; both nurses are free again at 09:20
    assert rows == [(550.0, at.INTERRUPTS, 1), (560.0, at.LEAVES, 0), (595.0, at.LEAVES, 1)]


def test_simmer_187_time_never_goes_back() -> None:
    """Interrupted at the very moment of its end: nothing is left, and nothing is negative."""
    step, pool = desk()
    model = day(at_times("a", "routine", "09:00"), at_times("b", "urgent", "10:00"), steps=(step,), pools=(pool,))
    rows = told(model, at.ENDS, at.INTERRUPTS)
    assert rows == [(600.0, at.ENDS, 0), (660.0, at.ENDS, 1)]
    times = [t for t, _, _ in told(model, *range(15))]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("policy", "stops", "ends"),
    [("finish", [], [(630.0, 0), (640.0, 1)]),
     ("suspend", [(600.0, 1)], [(630.0, 0), (820.0, 1)]),
     ("handover", [(600.0, 1)], [(630.0, 0), (825.0, 1)])],
)  # fmt: skip
def test_simmer_246_who_stops_when_capacity_drops_and_who_resumes(
    policy: str, stops: list[Any], ends: list[Any]
) -> None:
    """Two nurses to 10:00, then one. Patients from 09:30 and 09:40, an hour each: the last to begin stops."""
    roster = m.Roster(
        name="r", shifts=(m.Shift(start="00:00", end="10:00", count=2), m.Shift(start="13:00", end="24:00", count=2),
                          m.Shift(start="10:00", end="13:00", count=1)),
    )  # fmt: skip
    pool = {"groups": (m.Group(name="g", count=2, roster="r"),), "off_shift": policy, "handover": 5.0}
    step, nurses = desk(pool=pool)
    other = at_times("c", "routine", "10:01")
    model = day(
        at_times("a", "routine", "09:30"), at_times("b", "routine", "09:40"), other, steps=(step,), pools=(nurses,),
        rosters=(roster,),
    )  # fmt: skip
    assert [(t, s) for t, _, s in told(model, at.INTERRUPTS)] == stops
    seen = [(t, s) for t, _, s in told(model, at.ENDS) if s != 2]
    if policy != "finish":  # at 10:30 the one interrupted goes before who came at 10:01; 20 (or 25) min to go
        ends = [(630.0, 0), (670.0 if policy == "suspend" else 675.0, 1)]
    assert seen == ends


def test_simpy_1_each_of_several_machines_fails_and_utilisation_is_there() -> None:
    """Four machines, two repairers: those in use are interrupted, each on its own; time adds up."""
    fails = m.Breakdown(every=Law(mean=300.0), repair=Law(mean=60.0), by="crew")
    pools = (m.Pool(name="nurse", capacity=4, breakdown=fails), m.Pool(name="crew", capacity=2))
    step = m.Step(name="desk", seize=(m.Need(pool="nurse"),), hold=Law(mean=60.0))
    arrivals = m.Arrivals(name="a", pathway="way", classes={"routine": 1.0}, rates=(2.5,))
    model = day(arrivals, steps=(step,), pools=pools)
    counts = Counts(Tables(model))
    items = {n: Change(counts.pool("nurse", f"{n}_time"), time=True) for n in ("busy", "down", "open")}
    items["failures"] = Change(counts.pool("nurse", "failures"))
    items["interrupts"] = Change(counts.pool("nurse", "interrupts"))
    window = np.array([[0.0, 1000.0]]) * 3600.0
    drive = forcing(model, 0.0, window[0, 1])
    request = Request(dict.fromkeys(items, window))
    out, _ = outputs(Simulation(counts.tables), items, drive, request, member_seeds(1, 40), None, None)
    assert (out["open"] == 4.0).all()
    assert abs(out["busy"].mean() - 2.5) < 0.05  # resumed: all work is done, load 2.5
    assert 0 < out["interrupts"].mean() < out["failures"].mean()
    # down: repair time 1 h each, and waiting for one of two repairers
    assert out["down"].mean() > out["failures"].mean() * 1.0 / 1000.0


def test_simod_41_every_group_has_its_own_calendar() -> None:
    rosters = (
        m.Roster(name="early", shifts=(m.Shift(start="07:00", end="12:00"),)),
        m.Roster(name="late", shifts=(m.Shift(days=("mon",), start="14:00", end="18:00"),)),
    )
    groups = (m.Group(name="x", count=1, roster="early"), m.Group(name="y", count=1, roster="late"))
    step, pool = desk(hold=30.0, pool={"groups": groups})
    model = day(at_times("a", "routine", "06:00", "11:45", "13:00"), steps=(step,), pools=(pool,), rosters=rosters)
    assert [t for t, _, _ in told(model, at.STARTS)] == [420.0, 705.0, 840.0]


def test_a_deadlock_is_found_when_it_happens_and_explained() -> None:
    first = m.Step(name="ward stay", seize=(m.Need(pool="ward"),), hold=minutes(60.0), keep=("ward",))
    second = m.Step(name="icu stay", seize=(m.Need(pool="icu"),), free=("ward",), hold=minutes(60.0), keep=("icu",))
    third = m.Step(name="back", seize=(m.Need(pool="ward"),), free=("icu",), hold=minutes(60.0))
    pools = (m.Pool(name="ward", capacity=1), m.Pool(name="icu", capacity=1))
    steps, arrivals = (first, second, third), at_times("a", "routine", "09:00", "10:10")
    model = day(arrivals, steps=steps, pools=pools, cycles="detect")
    assert [t for t, _, _ in told(model, at.STICKS)] == [670.0, 670.0]
    with pytest.raises(
        KindError, match=r"deadlock at 11\.17 h: .*holds ward/ward 1 and waits for icu before 'icu stay'"
    ):
        Simulation(Tables(model)).run(forcing(model, 0.0, 86400.0), member_seeds(1, 1), np.zeros(0), ())
    with pytest.raises(KindError, match="may wait for each other"):
        day(arrivals, steps=steps, pools=pools)


def test_a_batch_goes_when_full_or_when_the_first_has_waited() -> None:
    step, pool = desk(hold=10.0, batch=m.Batch(size=3, most_wait=30.0))
    model = day(at_times("a", "routine", "09:00", "09:01", "09:02", "09:30"), steps=(step,), pools=(pool,))
    assert [t for t, _, _ in told(model, at.STARTS)] == [542.0, 600.0]
    assert [t for t, _, _ in told(model, at.LEAVES)] == [552.0, 552.0, 552.0, 610.0]


def test_a_stock_runs_out_is_ordered_and_comes() -> None:
    kits = m.Supply(name="kits", capacity=4.0, stock=True, reorder_at=1.0, lead=minutes(90.0))
    step, pool = desk(capacity=4, hold=10.0, use={"kits": 2.0})
    model = day(at_times("a", "routine", "09:00", "09:20", "09:40"), steps=(step,), pools=(pool,), supplies=(kits,))
    assert [t for t, _, _ in told(model, at.DELIVERED)] == [650.0]
    assert [t for t, _, _ in told(model, at.STARTS)] == [540.0, 560.0, 650.0]


def test_a_bed_is_cleaned_by_somebody_before_the_next() -> None:
    pools = (
        m.Pool(name="bed", capacity=1, turnaround=m.Turnaround(hold=minutes(20.0), by="cleaner")),
        m.Pool(name="cleaner", capacity=1),
    )
    step = m.Step(name="stay", seize=(m.Need(pool="bed"),), hold=minutes(60.0))
    model = day(at_times("a", "routine", "09:00", "09:10"), steps=(step,), pools=pools)
    assert [t for t, w, s in told(model, at.STARTS) if s == 0] == [540.0, 620.0]
