"""What the labels of insulins allow, as data: why a planned dose must not be recommended.

Sources: Humalog (insulin lispro) US prescribing information 2.2 and 1; Lantus (insulin glargine) US prescribing
information 1 and 2.2; titration steps: American Diabetes Association, Standards of Care 2024, section 9, figure 9.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.models.glucose_actions import Insulin, Meal, Person

BEFORE, AFTER = 15 * 60.0, 30 * 60.0  # s from dose to meal: "within 15 minutes before a meal or immediately after"
# "immediately after a meal" is taken as half an hour after its start at most: assumed
FIRST_BASAL = 0.2  # U/kg/day to start with in type 2, or 10 units: Lantus 2.2
RISE = 2.0  # units by which basal insulin is raised at once: ADA 2024, figure 9.4
DEEPEST_CUT = 0.2  # share by which it is lowered at most: 10 to 20 % for hypoglycaemia, ADA 2024, figure 9.4
PEN = 0.5  # units a pen can be set to: within it a dose is the same
RECENT = 3  # basal doses whose mean is the usual one: assumed
HAVING = ("type1", "type2")


def refusals(case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
    """A sentence for every dose in the plan that no label covers."""
    out: list[str] = []
    for dose in (a for a in plan if isinstance(a, Insulin)):
        if isinstance(case.subject, Person) and case.subject.diabetes not in HAVING:
            out.append("insulin is for people with diabetes (label, indications)")
        out += _rapid(case, dose) if dose.formulation == "fast" else _basal(case, plan, dose)
    return tuple(dict.fromkeys(out))


def _rapid(case: Case, dose: Insulin) -> list[str]:
    if any(-AFTER <= meal.at - dose.at <= BEFORE for meal in case.actions(Meal)):
        return []
    return [
        f"{dose.units:g} units of rapid insulin without a meal from 15 min after to 30 min before it (label, dosing)"
    ]


def _basal(case: Case, plan: Sequence[Action], dose: Insulin) -> list[str]:
    usual = usual_basal(case, plan, dose.at)
    if usual is None:
        weight = case.subject.weight if isinstance(case.subject, Person) else 0.0
        most = max(10.0, FIRST_BASAL * weight)
        over = dose.units > most
        return (
            [f"{dose.units:g} units of basal insulin to start with; the label says {most:.0f} at most"] if over else []
        )
    if dose.units > usual + RISE + PEN:
        return [f"{dose.units:g} units of basal insulin: more than {RISE:g} above the usual {usual:.3g} (ADA 2024)"]
    if dose.units < (1 - DEEPEST_CUT) * usual - PEN:
        return [f"{dose.units:g} units of basal insulin: more than 20 % below the usual {usual:.3g} (ADA 2024)"]
    return []


def usual_basal(case: Case, plan: Sequence[Action], before: float) -> float | None:
    """Mean of the last basal doses (units) before this time that are not of the plan; None if there is none."""
    doses = [
        d.units
        for d in case.actions(Insulin, t1=before)
        if isinstance(d, Insulin) and d.formulation == "basal" and d not in plan
    ]
    return float(np.mean(doses[-RECENT:])) if doses else None
