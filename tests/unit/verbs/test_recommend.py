"""recommend: the best dose of a linear drug is known in closed form, constraints bind where they should."""

import dataclasses
import json
from collections.abc import Sequence

import numpy as np
import pytest

from drifting import HOUR, followed
from vitruvian.core.action import Action
from vitruvian.core.case import Case
from vitruvian.core.errors import CapabilityError, FieldError, KindError
from vitruvian.core.quantity import Request
from vitruvian.core.question import Choice, Limit, Question
from vitruvian.core.twin import Twin
from vitruvian.kinds.infusion import Bolus, Infusion
from vitruvian.verbs.calibrate import calibrate
from vitruvian.verbs.compare import AS_PLANNED, compare
from vitruvian.verbs.decide import decide
from vitruvian.verbs.goal import Constraint, Objective, Space
from vitruvian.verbs.recommend import recommend

NOW = 24 * HOUR
WINDOW = (NOW, NOW + 12 * HOUR)
DOSES = {f"{d:.0f} mg": [Bolus(at=NOW + 60.0, dose=d)] for d in (50.0, 100.0, 200.0, 300.0, 400.0)}


@pytest.fixture(scope="module")
def twin() -> Twin:
    return calibrate(followed(Infusion()), known_at=NOW, members=100)


def test_the_dose_nearest_to_the_target_comes_first_and_chances_add_up(twin: Twin) -> None:
    told = compare(twin, DOSES, Request.of({"mean_level": [WINDOW]}))
    mean = {n: float(f["mean_level"].mean()[0]) for n, f in told.options.items()}
    target = mean["200 mg"] + 0.1
    answer = recommend(twin, DOSES, Objective("mean_level", WINDOW, "target", target))
    assert answer.options[0].name == "200 mg"
    assert {o.name: o.expected for o in answer.options} == pytest.approx(mean)  # the answers of compare
    assert sum(o.best for o in answer.options) == pytest.approx(1.0)
    assert answer.best is answer.options[0]
    assert answer[AS_PLANNED].better == (0.0, 0.0, 0.0)
    assert "Learned from" in answer.notes[0]


def test_gains_are_paired(twin: Twin) -> None:
    answer = recommend(twin, DOSES, Objective("mean_level", WINDOW, "max"))
    best = answer.options[0]
    assert best.name == "400 mg"
    assert best.best == 1.0  # every member agrees, though the bands overlap
    planned = answer[AS_PLANNED].objective
    assert best.objective.quantile(0.05)[0] < planned.quantile(0.95)[0] + 9.0
    spread = best.better[2] - best.better[1]
    alone = best.objective.quantile(0.95)[0] - best.objective.quantile(0.05)[0]
    assert spread < alone


def test_a_constraint_rules_out_with_its_reason(twin: Twin) -> None:
    told = compare(twin, DOSES, Request.of({"peak_level": [WINDOW]}))
    limit = float(told.options["300 mg"]["peak_level"].quantile(0.5)[0])  # half the members go over with 300 mg
    answer = recommend(
        twin, DOSES, Objective("mean_level", WINDOW, "max"), [Constraint("peak_level", WINDOW, high=limit)]
    )
    assert [o.name for o in answer.options if not o.feasible] == ["300 mg", "400 mg"]
    assert answer.options[0].name == "200 mg"
    assert answer["400 mg"].best == 0.0
    [reason] = answer["300 mg"].reasons
    assert reason.startswith(f"P(peak_level <= {limit:g} mg/L) = 0.5")
    assert answer["300 mg"].constraints[0].probability == pytest.approx(0.5, abs=0.02)


def test_when_nothing_is_allowed_it_says_so_and_puts_the_nearest_first(twin: Twin) -> None:
    never = Constraint("peak_level", WINDOW, high=0.01)
    answer = recommend(twin, DOSES, Objective("mean_level", WINDOW, "max"), [never])
    assert answer.best is None
    assert any("No option meets every constraint" in n for n in answer.notes)


def test_few_members_cannot_decide_a_close_call(twin: Twin) -> None:
    told = compare(twin, {}, Request.of({"peak_level": [WINDOW]}))
    limit = float(told.options[AS_PLANNED]["peak_level"].quantile(0.96)[0])
    close = Constraint("peak_level", WINDOW, high=limit)
    answer = recommend(twin, {}, Objective("mean_level", WINDOW, "max"), [close])
    [judgement] = answer[AS_PLANNED].constraints
    assert not judgement.sure
    assert judgement.low < 0.95 < judgement.high
    assert "100 members cannot decide" in answer.notes[-1]


def test_a_space_is_searched_down_to_the_closed_form_optimum(twin: Twin) -> None:
    """Levels are linear in the dose: E mean = m0 + s d, so the dose that brings E to the target is known."""
    request = Request.of({"mean_level": [WINDOW]})
    told = compare(twin, {"100": DOSES["100 mg"]}, request).options
    base, more = (told[n]["mean_level"].values[:, 0] for n in (AS_PLANNED, "100"))
    per_mg = (more - base) / 100.0
    target = float(base.mean() + 237.0 * per_mg.mean())
    doses = np.linspace(0, 600, 6001)
    miss = np.abs(base[:, None] + per_mg[:, None] * doses - target).mean(axis=0)
    space = Space(Bolus, {"dose": (0.0, 600.0)}, {"at": NOW + 60.0}, count=9)
    answer = recommend(twin, space, Objective("mean_level", WINDOW, "target", target))
    [best] = answer.options[0].actions
    assert isinstance(best, Bolus)
    assert best.dose == pytest.approx(doses[miss.argmin()], abs=6.0)  # 75 mg, refined to 9.4 mg
    assert float(np.abs(answer.options[0].objective.values - target).mean()) <= miss.min() * 1.15
    assert len(answer.options) <= 1 + 9 + 2 * 5
    assert answer.options[0].name.startswith("Bolus dose ")


def test_one_answer_whatever_is_run_together(twin: Twin) -> None:
    objective = Objective("mean_level", WINDOW, "max")
    all_, alone = recommend(twin, DOSES, objective), recommend(twin, {"300 mg": DOSES["300 mg"]}, objective)
    np.testing.assert_allclose(all_["300 mg"].objective.values, alone["300 mg"].objective.values, rtol=1e-12)


def test_what_rests_on_nothing_learned_and_what_leaves_the_envelope_is_said(twin: Twin) -> None:
    prior = dataclasses.replace(twin.believed(), rows=0)
    options = {"much": [Bolus(at=NOW, dose=590.0)]}
    answer = recommend(twin.having(prior), options, Objective("mean_level", WINDOW, "max"))
    assert answer.notes[0].startswith("Nothing in this answer was learned")
    assert any(w.startswith("much: Bolus.dose = 590 mg is outside") for w in answer.warnings)


def test_the_answer_is_plain_json_and_a_picture(twin: Twin) -> None:
    answer = recommend(
        twin, DOSES, Objective("mean_level", WINDOW, "max"), [Constraint("peak_level", WINDOW, high=30.0)]
    )
    data = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    assert data["options"][0]["name"] == data["best"]
    assert data["basis"]["sentence"] == answer.notes[0]
    labels = [t.get_text() for t in answer.plot().get_yticklabels()]
    assert labels == [o.name for o in answer.options]


def test_what_cannot_be_recommended_is_refused(twin: Twin) -> None:
    aim = Objective("mean_level", WINDOW, "max")
    with pytest.raises(KindError, match="there is no quantity 'weight'"):
        recommend(twin, DOSES, Objective("weight", WINDOW, "max"))
    with pytest.raises(FieldError, match="in the past"):
        recommend(twin, {"late": [Bolus(at=HOUR, dose=9.0)]}, aim)
    with pytest.raises(FieldError, match="means no further action"):
        recommend(twin, {AS_PLANNED: DOSES["50 mg"]}, aim)


def test_a_kind_that_only_predicts_recommends_nothing() -> None:
    from vitruvian.kinds.risk import KIND

    twin = Twin(KIND, KIND.example().case)
    with pytest.raises(CapabilityError, match="not Causal"):
        recommend(twin, {}, Objective("risk", (0.0, HOUR), "min"))


def test_candidates_replace_what_is_planned_and_what_is_refused_is_never_the_best(twin: Twin) -> None:
    """`planned` is what doing as planned means; a refused option is run and shown with its reason, but not allowed."""

    class Careful(Infusion):
        def refusals(self, case: Case, plan: Sequence[Action]) -> tuple[str, ...]:
            return tuple("more than 300 mg (label)" for a in plan if isinstance(a, Bolus) and a.dose > 300.0)

    careful = dataclasses.replace(twin, kind=Careful())
    answer = recommend(careful, DOSES, Objective("mean_level", WINDOW, "max"), planned=DOSES["100 mg"])
    assert answer.best is not None
    assert answer.best.name == "300 mg"
    assert answer["400 mg"].reasons == ("more than 300 mg (label)",)
    assert answer["400 mg"].best == 0.0
    assert answer["400 mg"].expected > answer["300 mg"].expected
    assert answer[AS_PLANNED].expected == pytest.approx(answer["100 mg"].expected)
    assert answer["50 mg"].better[2] < 0.0  # against 100 mg, not against nothing


def test_a_ready_question_is_answered_by_recommend(twin: Twin) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Dose(Question):
        """Which dose?"""

        def choice(self, case: Case, now: float) -> Choice:
            options = {n: (dataclasses.replace(a, at=self.at),) for n, (a,) in DOSES.items()}
            return Choice((), options, 12 * HOUR, "mean_level", "max", (Limit("peak_level", high=1e9),), ("a book",))

    class Asked(Infusion):
        questions = (Dose,)

    asking = dataclasses.replace(twin, kind=Asked())
    answer = decide(asking, Dose(at=NOW + 60.0))
    assert answer.options[0].name == "400 mg"
    assert answer.objective == Objective("mean_level", WINDOW, "max")
    assert "The options come from: a book" in answer.notes
    with pytest.raises(CapabilityError, match="no question of 'infusion'"):
        decide(twin, Dose(at=NOW))
