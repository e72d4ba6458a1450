"""A window of what is stored, and its extent, without reading all of it."""

from levels import FILE, bolus, hour, level, us
from vitruvian.platform.store import Store
from vitruvian.platform.store.facts import Extent


def test_the_extent_counts_readings_once_and_knows_only_what_was_known(store: Store) -> None:
    assert store.extent("S1").readings == 0
    store.append_observations("S1", [level(h, 5.0 + h) for h in (1.0, 2.0, 9.0)], FILE, now=hour(20))
    store.append_observations("S1", [level(2.0, 6.5)], FILE, now=hour(21))  # a correction is no further reading
    assert store.extent("S1") == Extent(3, us(1), us(9), us(21))
    assert store.extent("S1", hour(5)) == Extent(2, us(1), us(2), us(2))


def test_a_window_of_the_case_sees_an_action_where_its_newest_version_puts_it(store: Store) -> None:
    store.append_actions("S1", [bolus(2.0, 100.0), bolus(30.0, 200.0)], FILE, now=hour(40))
    assert [a.at / 3600 for a in store.case("S1", since=hour(10)).timeline] == [30.0]
    moved = bolus(30.0, 200.0)
    earlier = type(moved)(action_id=moved.action_id, type="Bolus", at_us=us(5.0), body={"dose": 200.0})
    store.append_actions("S1", [earlier], FILE, now=hour(41))
    assert store.case("S1", since=hour(10)).timeline == ()
    assert [a.at / 3600 for a in store.case("S1", since=hour(1)).timeline] == [2.0, 5.0]
