"""Medicines of type 2 diabetes over months: labelled doses, what each does to the day's glucose and weight, and to whom
it must not be given.

    size(dose) = dose / (dose + half) * (full + half) / full         1 at the full dose, 0 at none

An action of a medicine holds from its time on until the next of the same medicine; a dose of 0 stops it. Sizes at the
full dose are set so that a cohort at HbA1c 8 % meets the trials' mean change (evidence met.drugs); they are means of
cohorts, and what they are in one person is told by the parameter `response` and that person's own data.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from vitruvian.core.action import Action
from vitruvian.core.fields import field_
from vitruvian.core.held import Held

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
MG, MG_WEEK, UNITS = "mg/d", "mg/wk", "[iU]/d"


@dataclasses.dataclass(frozen=True)
class Doing:
    """What a medicine does at its full dose; nothing where 0.

    production: share of the liver's glucose production taken away. absorption: of the glucose eaten. secretion,
    sensitivity: log factors of the beta cells' answer and of insulin's action. appetite: wanted change of intake,
    kcal/day. urine: glucose lost at 150 mg/dL and an eGFR of 90, g/day. liver_fat: share taken away. insulin: uU/mL.
    """

    full: float
    half: float
    source: str
    production: float = 0.0
    absorption: float = 0.0
    secretion: float = 0.0
    sensitivity: float = 0.0
    appetite: float = 0.0
    urine: float = 0.0
    liver_fat: float = 0.0
    insulin: float = 0.0


@dataclasses.dataclass(frozen=True)
class InADay:
    """What a medicine does at its full dose to a day's course of glucose, beside what `Doing` says of its mean level.

    slowed: share of the stomach's emptying taken away when it is new; lasting: share of that which stays after months.
    threshold: mg/dL above which kidneys let glucose go; cleared: of what is above, per minute, at an eGFR of 90.
    """

    source: str
    slowed: float = 0.0
    lasting: float = 1.0
    threshold: float = 0.0
    cleared: float = 0.0


@dataclasses.dataclass(frozen=True)
class Forbidden:
    """To whom the label forbids it: an eGFR below, and conditions named as fields of the subject."""

    egfr: float = 0.0
    when: tuple[str, ...] = ()
    source: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metformin(Held):
    """Metformin from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|6809": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG, 0, 2550, typical=2000, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Empagliflozin(Held):
    """An SGLT2 inhibitor from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|1545653": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG, 0, 25, typical=25, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sitagliptin(Held):
    """A DPP-4 inhibitor from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|593411": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG, 0, 100, typical=100, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Semaglutide(Held):
    """A GLP-1 receptor agonist under the skin, weekly from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|1991302": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG_WEEK, 0, 2, typical=1, meaning="weekly dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tirzepatide(Held):
    """A GIP and GLP-1 receptor agonist, weekly from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|2601723": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG_WEEK, 0, 15, typical=15, meaning="weekly dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Glimepiride(Held):
    """A sulfonylurea from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|25789": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG, 0, 8, typical=4, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Acarbose(Held):
    """An inhibitor of starch digestion from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|16681": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG, 0, 300, typical=300, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pioglitazone(Held):
    """A thiazolidinedione from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|33738": {}}
    amount: ClassVar = "dose"
    dose: float = field_(MG, 0, 45, typical=45, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BasalInsulin(Held):
    """Long-acting insulin, daily from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|274783": {}}
    amount: ClassVar = "dose"
    dose: float = field_(UNITS, 0, 120, typical=40, meaning="daily dose")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrandialInsulin(Held):
    """Rapid-acting insulin, a third of it before each meal from now on; 0 stops it."""

    codes: ClassVar = {f"{RXNORM}|{code}": {} for code in ("86009", "51428", "400008")}
    amount: ClassVar = "dose"
    dose: float = field_(UNITS, 0, 120, typical=30, meaning="daily dose, all meals")


TRIALS = "size set to the mean of"  # what follows names the trials whose mean the size was set to
DOING: Mapping[type[Action], Doing] = {
    Metformin: Doing(
        2000,
        700,
        f"{TRIALS} Hirst, Diabetes Care 35:446 (2012); half dose Garber, Am J Med 103:491 (1997)",
        production=0.27,
        appetite=-150,
    ),
    Empagliflozin: Doing(
        25,
        3,
        f"{TRIALS} EMPA-REG MONO, Lancet Diabetes Endocrinol 1:208 (2013); urine Heise, 2013",
        urine=70,
    ),
    Sitagliptin: Doing(100, 15, f"{TRIALS} Aschner, Diabetes Care 29:2632 (2006)", secretion=0.20),
    Semaglutide: Doing(
        1, 0.4, f"{TRIALS} SUSTAIN 1, Lancet Diabetes Endocrinol 5:251 (2017)", secretion=0.22, appetite=-640
    ),
    Tirzepatide: Doing(15, 5, f"{TRIALS} SURPASS-2, N Engl J Med 385:503 (2021)", secretion=0.05, appetite=-1250),
    Glimepiride: Doing(4, 0.8, f"{TRIALS} Hirst, Diabetologia 56:973 (2013)", secretion=0.56, appetite=220),
    Acarbose: Doing(300, 100, f"{TRIALS} van de Laar, Diabetes Care 28:154 (2005)", absorption=0.30),
    Pioglitazone: Doing(
        45,
        20,
        f"{TRIALS} Aronoff, Diabetes Care 23:1605 (2000); liver fat Belfort, N Engl J Med 355:2297 (2006)",
        sensitivity=0.38,
        appetite=350,
        liver_fat=0.45,
    ),
    BasalInsulin: Doing(
        40, 80, f"{TRIALS} treat-to-target, Riddle, Diabetes Care 26:3080 (2003)", insulin=6.8, appetite=230
    ),
    PrandialInsulin: Doing(
        40, 80, f"{TRIALS} 4-T, prandial arm, Holman, N Engl J Med 357:1716 (2007)", insulin=7.6, appetite=520
    ),
}
IN_A_DAY: Mapping[type[Action], InADay] = {
    Semaglutide: InADay(
        "emptying: Jalleh, J Clin Endocrinol Metab 105:e470 (2020); new -30 %", slowed=0.30, lasting=0.2
    ),
    Tirzepatide: InADay(
        "emptying: Urva, Diabetes Obes Metab 22:1886 (2020); fades as with GLP-1", slowed=0.30, lasting=0.2
    ),
    Empagliflozin: InADay(
        "threshold 180 to 40 mg/dL: DeFronzo, Diabetes Care 36:3169 (2013); slope so that 150 mg/dL loses 70 g a day",
        threshold=40.0,
        cleared=0.0033,
    ),
}
FADING = 28.0  # days in which the stomach gets used to a GLP-1 receptor agonist: weeks, Nauck, Diabetes 60:1561 (2011)
FORBIDDEN: Mapping[type[Action], Forbidden] = {
    Metformin: Forbidden(30, (), "US label, contraindications"),
    Empagliflozin: Forbidden(30, ("pregnant",), "US label 1 and 8.1: not for glucose below an eGFR of 30"),
    Sitagliptin: Forbidden(0, (), "US label"),
    Semaglutide: Forbidden(0, ("pregnant", "thyroid_cancer"), "US label, boxed warning, 8.1"),
    Tirzepatide: Forbidden(0, ("pregnant", "thyroid_cancer"), "US label, boxed warning, 8.1"),
    Glimepiride: Forbidden(0, ("hypoglycaemia",), "US label 5.1: severe hypoglycaemia"),
    Acarbose: Forbidden(25, (), "US label: not with serum creatinine above 2 mg/dL, taken as an eGFR of 25"),
    Pioglitazone: Forbidden(0, ("heart_failure",), "US label, boxed warning"),
    BasalInsulin: Forbidden(0, ("hypoglycaemia",), "US label 4: during hypoglycaemia"),
    PrandialInsulin: Forbidden(0, ("hypoglycaemia",), "US label 4: during hypoglycaemia"),
}
MEDICINES: tuple[type[Action], ...] = tuple(DOING)


@dataclasses.dataclass(frozen=True)
class Stopping:
    """What is to be watched after less of a medicine, and for whom it has a use beside glucose (fields of the subject,
    or an eGFR below `egfr`): then it is not one to stop for glucose's sake."""

    watch: str
    source: str = "ADA, Standards of Care 2024, sections 9 and 10"
    stays_for: tuple[str, ...] = ()
    egfr: float = 0.0


USUAL = "fasting glucose for four weeks, HbA1c at three months"
WATCH: Mapping[type[Action], Stopping] = {
    Metformin: Stopping(USUAL),
    Empagliflozin: Stopping(
        f"{USUAL}; weight, blood pressure, swelling; kidney function", stays_for=("heart_failure",), egfr=60.0
    ),
    Sitagliptin: Stopping(f"{USUAL}; glucose after meals"),
    Semaglutide: Stopping(f"{USUAL}; weight every week: it comes back"),
    Tirzepatide: Stopping(f"{USUAL}; weight every week: it comes back"),
    Glimepiride: Stopping(f"{USUAL}; hypoglycaemia becomes rarer"),
    Acarbose: Stopping(f"{USUAL}; glucose after meals"),
    Pioglitazone: Stopping(f"{USUAL}; liver values"),
    BasalInsulin: Stopping(
        "glucose before breakfast every day for two weeks, ketones where ill; HbA1c at three months"
    ),
    PrandialInsulin: Stopping("glucose two hours after meals for two weeks, ketones where ill; HbA1c at three months"),
}


def size(medicine: type[Action], dose: Any) -> Any:
    """Share of the full dose's effect, 0 at none."""
    d = DOING[medicine]
    return dose / (dose + d.half) * (d.full + d.half) / d.full


SHARES = ("production", "absorption", "liver_fat")  # taken away: their logarithms add up
ADDED = ("secretion", "sensitivity", "appetite", "urine", "insulin")
OF_A_DAY = ("slowed", "fresh", "mealtime")  # what only a day's course of glucose knows


def together(doses: Mapping[type[Action], float]) -> dict[str, float]:
    """What these doses do together, by the names of `Doing`: of shares, the logarithm of what is left of them.

    slowed: logarithm of what is left of the stomach's emptying after months; fresh: of what is lost beside it when a
    medicine is new. mealtime: the part of `insulin` that is given before meals, units a day of it.
    """
    sizes = [(DOING[m], float(size(m, dose))) for m, dose in doses.items()]
    left = {n: sum(s * math.log1p(-getattr(d, n)) for d, s in sizes) for n in SHARES}
    slow = [(IN_A_DAY[m], float(size(m, dose))) for m, dose in doses.items() if m in IN_A_DAY]
    lasting = sum(s * math.log1p(-d.slowed * d.lasting) for d, s in slow)
    new = sum(s * math.log1p(-d.slowed) for d, s in slow)
    own = {"slowed": lasting, "fresh": new - lasting, "mealtime": float(doses.get(PrandialInsulin, 0.0))}
    return left | {n: sum(s * getattr(d, n) for d, s in sizes) for n in ADDED} | own


def refused(medicine: type[Action], subject: Any) -> str:
    """Why the label forbids it to this subject; "" if it does not."""
    rule, name = FORBIDDEN[medicine], medicine.__name__.lower()
    if rule.egfr and subject.egfr is not None and subject.egfr < rule.egfr:
        return f"{name}: not with an eGFR below {rule.egfr:g} ({rule.source})"
    for condition in rule.when:
        if getattr(subject, condition) == "yes":
            return f"{name}: not with {condition.replace('_', ' ')} ({rule.source})"
    return ""
