"""The unit as a staffed ward: a model of the hospital kind in which nurses drop their rounds when a patient crashes.

    rounds       Poisson, so that one patient fills `care` of a nurse's time; one nurse each, resumed when interrupted
    procedures   the share `tied` of that care: what cannot be dropped (sterile work, a patient being turned)
    emergency    `team` nurses together, for a gamma time; taken from rounds, not from procedures or emergencies

Crashes come at the rate of each member's risks, as a Poisson process: a patient may crash twice, so the count of a
night varies somewhat more than it should (`Tonight.notes` says how much). Leaves out physicians, walking, recognition
of the crash, and that care prevents it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core.errors import FieldError
from vitruvian.engines.event.law import Law
from vitruvian.engines.event.model import (
    DAYS,
    Arrivals,
    Group,
    Model,
    Need,
    Pathway,
    PatientClass,
    Pool,
    Roster,
    Shift,
    Step,
)

CRASH, ROUND, TIED, NURSE = "emergency", "round", "procedure", "nurse"
# US Bureau of Labor Statistics, Occupational Employment and Wages, May 2023, 29-1141: mean 45.42 USD/h [from memory];
# Employer Costs for Employee Compensation, 2023: wages are about 70 % of what an hour costs [from memory]
NURSE_HOUR = 45.42 / 0.70  # USD


@dataclass(frozen=True)
class Demand:
    """What patients ask of nurses. care: share of a nurse's time a patient (near half in intensive care by the Nursing
    Activities Score, Miranda et al., Crit Care Med 2003;31:374); all other numbers are assumed."""

    care: float = 0.45
    round_minutes: float = 12.0
    round_cv: float = 0.6
    team: int = 2
    crash_minutes: float = 45.0
    crash_cv: float = 0.7
    target_minutes: float = 3.0
    tied: float = 0.3

    def __post_init__(self) -> None:
        for name in ("round_minutes", "crash_minutes", "target_minutes"):
            if not getattr(self, name) > 0.0:
                raise FieldError(f"{getattr(self, name):g} is not positive", where=f"Demand.{name}", fix="give minutes")
        if not (0.0 <= self.care <= 2.0 and self.team >= 1):
            raise FieldError(
                f"care {self.care:g}, team {self.team}", where="Demand", fix="care 0 to 2, team at least 1"
            )


@dataclass(frozen=True)
class Staffing:
    """A shift pattern: (from, to, nurses) with HH:MM; overlapping shifts add up. cost: of a nurse-hour, USD."""

    name: str
    shifts: tuple[tuple[str, str, int], ...]
    cost: float = NURSE_HOUR

    @property
    def most(self) -> int:
        """Nurses on all shifts together: no moment has more."""
        return sum(count for *_, count in self.shifts)

    def more(self, nurses: int, start: str, end: str) -> Staffing:
        """With so many more in these hours."""
        name = f"{self.name}, {nurses:+d} from {start} to {end}"
        return Staffing(name, (*self.shifts, (start, end, nurses)), self.cost)


def unit_model(beds: int, staffing: Staffing, demand: Demand, most: int) -> Model:
    """The model of this unit. most: nurses there could be, the same for all patterns that are compared."""
    urgent, calm = PatientClass(name=CRASH, priority=0.0, preempts=True), PatientClass(name=ROUND, priority=1.0)
    shifts = tuple(Shift(days=DAYS, start=a, end=b, count=n) for a, b, n in staffing.shifts if n > 0)
    nurses = Pool(
        name=NURSE, kind="staff", groups=(Group(name="all", count=most, roster="pattern"),), cost_hour=staffing.cost,
        off_shift="handover",
    )  # fmt: skip
    hold = Law(law="gamma", unit="min", mean=demand.crash_minutes, cv=demand.crash_cv)
    care = Law(law="gamma", unit="min", mean=demand.round_minutes, cv=demand.round_cv)
    come = Step(name=CRASH, place="unit", seize=(Need(pool=NURSE, amount=demand.team),), hold=hold, preemptible=False,
                target=demand.target_minutes)  # fmt: skip
    tend = Step(name=ROUND, place="unit", seize=(Need(pool=NURSE),), hold=care)
    stay = Step(name=TIED, place="unit", seize=(Need(pool=NURSE),), hold=care, preemptible=False)
    rate = beds * demand.care / (demand.round_minutes / 60.0)
    doors = (
        Arrivals(name=CRASH, pathway=CRASH, classes={CRASH: 1.0}, rates=(1.0,)),  # a member's own takes its place
        Arrivals(name=ROUND, pathway=ROUND, classes={ROUND: 1.0}, rates=(rate * (1.0 - demand.tied),)),
        Arrivals(name=TIED, pathway=TIED, classes={ROUND: 1.0}, rates=(rate * demand.tied,)),
    )
    return Model(
        name="unit", label=f"a unit of {beds} patients; synthetic: care and durations are assumed", pools=(nurses,),
        rosters=(Roster(name="pattern", shifts=shifts),), classes=(urgent, calm),
        pathways=tuple(Pathway(name=s.name, steps=(s,)) for s in (come, tend, stay)), arrivals=doors,
    )  # fmt: skip
