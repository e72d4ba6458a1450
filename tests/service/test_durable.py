"""What is acknowledged stays: the platform's claims at a size for every change (`make evidence`: 250 kills)."""

import pytest

from needs import require
from vitruvian.platform import evidence
from vitruvian.platform.claims.evidence import disk, kill, load


def nothing(share: float) -> None:
    """No progress is shown."""


@pytest.mark.kill
def test_the_server_is_killed_under_three_protocols() -> None:
    require("mosquitto")
    found = kill.server("", None, None, True, nothing, kills=3)
    assert found["met"], found


@pytest.mark.kill
def test_postgresql_is_killed_under_a_server_that_goes_on() -> None:
    require("postgres")
    found = kill.database("", None, None, True, nothing, kills=3)
    assert found["met"], found


@pytest.mark.kill
def test_a_full_disk_is_refused_and_survived() -> None:
    found = disk.full("", None, None, True, nothing)
    assert found["met"], found


@pytest.mark.kill
def test_a_torn_log_keeps_what_was_checkpointed() -> None:
    found = disk.torn("", None, None, True, nothing)
    assert found["met"], found


def test_every_claim_of_the_platform_names_a_function() -> None:
    for claim in evidence.claims(evidence.PLATFORM):
        assert callable(claim.function(evidence.package_of(evidence.PLATFORM)))


def test_bad_input_of_every_kind_is_refused_and_memory_is_bounded() -> None:
    found = load.bad("", None, None, True, nothing)
    assert found["met"], found
