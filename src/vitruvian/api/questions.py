"""Comparisons, recommendations and explanations: what if, what is best, why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import json_answer
from vitruvian.api.forecasts import Asker, Forecast, Hours, Names, Seed, Then
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.core.action import Action
from vitruvian.platform import plans
from vitruvian.platform.live import LiveTwin

router = APIRouter(prefix="/v1/twins/{twin_id}", tags=["answers"])
Planned = Annotated[
    list[dict[str, Any]],
    Field(
        max_length=100,
        description='actions as {Name: {at, field: value}}; at: local time, with offset, or "+30min" from the belief',
        examples=[[{"Bolus": {"at": "+30min", "dose": "100 mg"}}]],
    ),
]
OPTIONS = {"dose": [{"Bolus": {"at": "+30min", "dose": "100 mg"}}], "half": [{"Bolus": {"at": "+30min", "dose": 50}}]}
GOAL = {
    "horizon": "+4h",
    "objective": {"quantity": "mean_level", "sense": "target", "target": 12},
    "constraints": [{"quantity": "peak_level", "high": "20 mg/L", "probability": 0.9}],
    "candidates": {"dose": [{"Bolus": {"at": "+30min", "dose": 100}}]},
}


class AskComparison(BaseModel):
    """Options to be compared under the same draws; "as planned" is always among them."""

    options: dict[str, Planned] = Field(max_length=20, examples=[OPTIONS])
    hours: Hours = 3.0
    of: Names = []
    as_of: Then = None
    against: str = Field(default="as planned", max_length=200)
    seed: Seed = 0


class Comparison(BaseModel):
    """A forecast an option, and how each differs from the reference, member by member."""

    against: str = Field(examples=["as planned"])
    options: dict[str, Forecast]
    differences: dict[str, dict[str, Any]]
    basis: dict[str, Any]
    warnings: list[str]


class AskRecommendation(BaseModel):
    """A goal: an objective, constraints with the probability they must have, candidates or a space to search."""

    goal: dict[str, Any] = Field(examples=[GOAL])
    as_of: Then = None
    seed: Seed = 0


class Recommendation(BaseModel):
    """Options in order, each with the chance that it is the best and why it may not be done."""

    model_config = {"extra": "allow"}

    objective: dict[str, Any]
    best: str | None = Field(description="null: no option meets every constraint", examples=["dose"])
    options: list[dict[str, Any]]
    basis: dict[str, Any]
    notes: list[str]


class AskExplanation(BaseModel):
    """A quantity over the next hours, and over what its causes are shared out."""

    quantity: str = Field(max_length=200, examples=["mean_level"])
    hours: Hours = 3.0
    over: list[Annotated[str, Field(max_length=50)]] = Field(
        default=[], max_length=5, description="parameters, actions, data (default: all)"
    )
    as_of: Then = None
    seed: Seed = 0


class Explanation(BaseModel):
    """Shapley shares with standard error per cause, and where the spread comes from."""

    model_config = {"extra": "allow"}

    quantity: str = Field(examples=["mean_level"])
    answer: float | None
    breakdowns: dict[str, Any]
    spread: dict[str, Any]
    basis: dict[str, Any]
    notes: list[str]


@router.post(
    "/comparisons",
    **answers(Comparison, 404, 409, 422),
    summary="What if",
)
async def compare(request: Request, twin_id: str, body: AskComparison, who: Asker) -> Response:
    """What would be different under each option. A kind whose actions are no interventions refuses, with the reason."""
    live = site_of(request).live(who, twin_id)

    def work() -> dict[str, Any]:
        options = {name: planned(live, given, f"options.{name}", body.as_of) for name, given in body.options.items()}
        how = {"hours": body.hours, "of": body.of, "as_of": body.as_of, "against": body.against, "seed": body.seed}
        answer = live.compare(options, **how)
        return {**answer.to_json(), "warnings": list(answer.warnings)}

    return json_answer(await site_of(request).answer(work))


@router.post(
    "/recommendations",
    **answers(Recommendation, 404, 409, 422),
    summary="What is best",
)
async def recommend(request: Request, twin_id: str, body: AskRecommendation, who: Asker) -> Response:
    """Options ranked under a goal, with the probability of every constraint."""
    live = site_of(request).live(who, twin_id)
    how = {"as_of": body.as_of, "seed": body.seed}
    return json_answer(await site_of(request).answer(lambda: live.recommend(body.goal, **how).to_json()))


@router.post(
    "/explanations",
    **answers(Explanation, 404, 409, 422),
    summary="Why",
)
async def explain(request: Request, twin_id: str, body: AskExplanation, who: Asker) -> Response:
    """Why the quantity is what is forecast: shares of parameters, actions and data."""
    live = site_of(request).live(who, twin_id)
    how = {"over": body.over, "as_of": body.as_of, "seed": body.seed}
    return json_answer(await site_of(request).answer(lambda: live.explain(body.quantity, body.hours, **how).to_json()))


class AskDecision(BaseModel):
    """A ready question of the kind with its fields; `at` is local time, with offset, or "+30min"."""

    question: str = Field(max_length=200, description="see the kind's `questions`", examples=["Walk"])
    fields: dict[str, str | float | bool | None] = Field(
        default_factory=dict, max_length=50, examples=[{"at": "+30min", "carbohydrate": "60 g"}]
    )
    as_of: Then = None
    seed: Seed = 0


@router.post(
    "/decisions",
    **answers(Recommendation, 404, 409, 422),
    summary="A ready question",
)
async def decide(request: Request, twin_id: str, body: AskDecision, who: Asker) -> Response:
    """The options that the kind itself proposes for a question often asked, ranked under its own limits."""
    live = site_of(request).live(who, twin_id)
    given = {name: value for name, value in body.fields.items() if value is not None}
    how = {"as_of": body.as_of, "seed": body.seed}
    return json_answer(await site_of(request).answer(lambda: live.decide(body.question, given, **how).to_json()))


class AskLoops(BaseModel):
    """A time of the twin's course, and options whose beat then is shown beside that as planned."""

    options: dict[str, Planned] = Field(default_factory=dict, max_length=5, examples=[{}])
    at: str | None = Field(
        default=None, max_length=60, description='local time, with offset, or "+90d" from the belief', examples=["+90d"]
    )
    as_of: Then = None
    seed: Seed = 0


class Loops(BaseModel):
    """One beat an option: courses with bands, some members' courses, and numbers with 90 % intervals."""

    model_config = {"extra": "allow"}

    at: str = Field(examples=["2026-06-01T08:00:00+02:00"])
    traces: list[dict[str, Any]] = Field(description="name, unit and meaning of every course over the beat")
    loops: list[dict[str, Any]] = Field(description="which courses make a loop")
    told: list[dict[str, Any]] = Field(description="name, unit, meaning and usual range of every number")
    options: dict[str, dict[str, Any]]
    basis: dict[str, Any]
    warnings: list[str]
    source: str


@router.post(
    "/loops",
    **answers(Loops, 404, 409, 422),
    summary="The beat: pressure-volume loops",
)
async def loops(request: Request, twin_id: str, body: AskLoops, who: Asker) -> Response:
    """The beat behind the twin at a time, and under each option. A kind that shows no beat refuses, with the reason."""
    live = site_of(request).live(who, twin_id)
    return json_answer(await site_of(request).answer(lambda: live.loops(**_beside(live, body)).to_json()))


def _beside(live: LiveTwin, body: AskLoops) -> dict[str, Any]:
    """What is asked, options as actions."""
    options = {name: planned(live, given, f"options.{name}", body.as_of) for name, given in body.options.items()}
    return {"options": options, "at": body.at, "as_of": body.as_of, "seed": body.seed}


class AskPicture(AskLoops):
    """As for the beat; and whether the spread over members is wanted at each vertex, which takes a second more."""

    spread: bool = Field(default=False, description="standard deviation over members at each vertex too")


class Picture(BaseModel):
    """Surfaces of an organ with a value at each vertex, under each option, and how well they are known."""

    model_config = {"extra": "allow"}

    at: str = Field(examples=["2026-06-01T08:00:00+02:00"])
    unit: str
    meaning: str = Field(description="what the values are")
    span: list[float] = Field(description="lowest and highest value")
    surfaces: list[dict[str, Any]] = Field(
        description="name; points, flat, in 0.1 mm: x to the patient's left, y to the back, z to the head; triangles,"
        " flat; values and scar by option; spread by option where it was asked for"
    )
    regions: dict[str, list[Any]] = Field(description="mean value of each named region, by option, of the member drawn")
    known: dict[str, dict[str, dict[str, float]]] = Field(
        description="of each region over all members, by option: 5 %, median, 95 %; empty where the kind tells none"
    )
    differences: dict[str, dict[str, dict[str, float]]] = Field(
        description="option less as planned, member by member: 5 %, median, 95 %"
    )
    members: int = Field(description="members behind `known`")
    painted: int = Field(description="members behind `spread`; 1: it was not asked for")
    basis: dict[str, Any]
    warnings: list[str]
    source: str


@router.post("/picture", **answers(Picture, 404, 409, 422), summary="The organ, coloured: an activation map")
async def picture(request: Request, twin_id: str, body: AskPicture, who: Asker) -> Response:
    """The twin's organ at a time, and under each option. A kind that paints none refuses, with the reason."""
    live = site_of(request).live(who, twin_id)
    how = {**_beside(live, body), "spread": body.spread}
    return json_answer(await site_of(request).answer(lambda: live.picture(**how).to_json()))


def planned(live: LiveTwin, given: Sequence[Mapping[str, Any]], where: str, as_of: str | None) -> Sequence[Action]:
    """The actions of an option; an error names the option, and what may stand there."""
    if not given:
        return ()
    then = live.know.then(as_of)
    base = live.know.base() if then is None else live.row.origin.seconds(then)
    named = [_named(item) for item in given]
    return plans.parse(json.dumps(named, ensure_ascii=False), where, live.kind, plans.Clock(live.row.origin, base))


def _named(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """{type: Meal, at: ...} as {Meal: {at: ...}}: the form of the actions' JSON schemas is understood too."""
    if "type" not in item:
        return item
    return {str(item["type"]): {k: v for k, v in item.items() if k != "type" and v is not None}}
