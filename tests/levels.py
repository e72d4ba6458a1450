"""Facts of a made-up infusion patient for the tests of the store: times in hours after 08:00 of a March day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from vitruvian.core.case import Case, Origin
from vitruvian.kinds.infusion import Bolus, Person
from vitruvian.platform.store import Deed, Observation, Source

ORIGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
FILE = Source("levels.csv", "plain")
CASE = Case(Person(weight=80.0), (Bolus(at=0.0, dose=300.0),), origin=Origin(ORIGIN))


def hour(hours: float) -> datetime:
    """So many hours after the origin."""
    return ORIGIN + timedelta(hours=hours)


def us(hours: float) -> int:
    """The same as the store counts."""
    return (hour(hours) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def level(hours: float, value: float, **more: Any) -> Observation:
    """A plasma level at so many hours."""
    facts = {"reading_id": f"level@{hours:g}", "observable": "concentration", "unit": "mg/L", **more}
    return Observation(valid_us=us(hours), value=value, **facts)


def bolus(hours: float, dose: float, **more: Any) -> Deed:
    """A dose at so many hours."""
    facts = {"action_id": f"bolus@{hours:g}", "type": "Bolus", "body": {"dose": dose}, **more}
    return Deed(at_us=us(hours), **facts)
