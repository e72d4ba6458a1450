"""Twins: made once, found by id or by their subject's name, with their case."""

from datetime import UTC, datetime

import numpy as np
import pytest

from levels import CASE
from vitruvian.core.case import Case, Origin, Series
from vitruvian.core.errors import StoreError
from vitruvian.kinds.infusion import KIND, Person
from vitruvian.platform.store import Store


def test_a_twin_is_found_by_its_id_and_by_its_subjects_name(store: Store) -> None:
    twin = store.find_twin("S1")
    assert twin == store.find_twin(twin.id)
    assert (twin.subject, twin.kind, twin.kind_version, twin.tenant) == ("S1", "infusion", "1", "local")
    assert twin.origin == CASE.origin


def test_an_unknown_name_lists_the_known(store: Store) -> None:
    with pytest.raises(StoreError, match=r"there is no twin 'S2'.*use one of tw-\w+ \(S1\)"):
        store.find_twin("S2")


def test_an_empty_store_says_how_to_begin(tmp_path: object) -> None:
    with Store.open(str(tmp_path)) as store, pytest.raises(StoreError, match="vitruvian twin create"):
        store.find_twin("S1")


def test_a_subject_has_one_twin_of_a_kind(store: Store) -> None:
    with pytest.raises(StoreError, match="already a infusion twin of 'S1'"):
        store.create_twin("S1", KIND, CASE)
    store.create_twin("S2", KIND, CASE)
    assert [t.subject for t in store.list_twins()] == ["S1", "S2"]


def test_a_subject_needs_a_name(store: Store) -> None:
    with pytest.raises(StoreError, match="needs a name"):
        store.create_twin("  ", KIND, CASE)


def test_zone_and_series_come_back(store: Store) -> None:
    heart = Series(np.array([0.0, 60.0]), np.array([70.0, 72.5]), "/min")
    case = Case(Person(), series={"heart_rate": heart}, origin=Origin(datetime(2026, 3, 1, tzinfo=UTC), "Asia/Tokyo"))
    store.create_twin("S3", KIND, case)
    back = store.case("S3")
    assert back.origin.zone == "Asia/Tokyo"
    assert back.subject == case.subject
    assert back.series["heart_rate"].values.tolist() == [70.0, 72.5]
