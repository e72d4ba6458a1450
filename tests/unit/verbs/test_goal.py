"""A goal is read with its units checked; what is wrong is told with its place; the schema accepts what is accepted."""

import math
from typing import Any

import jsonschema
import pytest

from vitruvian.core.errors import FieldError
from vitruvian.kinds.infusion import KIND, Bolus, Infuse
from vitruvian.verbs.goal import Constraint, Goal, Objective, Space
from vitruvian.verbs.goal_json import goal_schema

HOUR = 3600.0


def clock(text: str, where: str) -> float:
    assert text.startswith("+")
    assert text.endswith("h"), where
    return 100.0 + float(text[1:-1]) * HOUR


def written() -> dict[str, Any]:
    return {
        "horizon": "+12h",
        "objective": {"quantity": "mean_level", "sense": "target", "target": "15 ug/mL"},
        "constraints": [{"quantity": "peak_level", "high": "0.02 g/L", "probability": "90 %", "window": [0, "+6h"]}],
        "candidates": {
            "low": [{"Bolus": {"at": "+1h", "dose": "0.1 g"}}],
            "high": [
                {"type": "Bolus", "at": 600, "dose": 300},
                {"Infuse": {"at": 0, "rate": 30, "duration": "90 min"}},
            ],
        },
    }


def test_a_goal_is_read_with_its_units_converted() -> None:
    goal = Goal.from_json(written(), KIND, 100.0, clock=clock)
    window = (100.0, 100.0 + 12 * HOUR)
    assert goal.objective == Objective("mean_level", window, "target", pytest.approx(15.0))  # type: ignore[arg-type]
    [constraint] = goal.constraints
    assert (constraint.window, constraint.probability) == ((100.0, 100.0 + 6 * HOUR), 0.9)
    assert (constraint.low, constraint.high) == (-math.inf, pytest.approx(20.0))
    assert isinstance(goal.options, dict)
    assert goal.options["low"] == (Bolus(at=100.0 + HOUR, dose=100.0),)
    assert goal.options["high"] == (Bolus(at=700.0, dose=300.0), Infuse(at=100.0, rate=30.0, duration=1.5))


def test_a_space_is_read() -> None:
    space = {"action": "Bolus", "ranges": {"dose": ["50 mg", 400], "at": [0, "+2h"]}, "count": 8}
    data = {"objective": {"quantity": "peak_level", "sense": "max", "window": [0, "+6h"]}, "space": space}
    jsonschema.validate(data, goal_schema(KIND))
    told = Goal.from_json(data, KIND, 100.0, clock=clock).options
    assert told == Space(Bolus, {"dose": (50.0, 400.0), "at": (100.0, 100.0 + 2 * HOUR)}, {}, 8)


WRONG = [
    (("objective", "quantity"), "peak", "goal.objective.quantity: 'peak' is no quantity of 'infusion'"),
    (("objective", "target"), "15 mmHg", r"goal.objective.target: cannot convert 'mm\[Hg\]' to 'mg/L'"),
    (("objective", "target"), "much", r"goal.objective.target: must be a number in mg/L \(got 'much'\)"),
    (("objective", "sense"), "up", "goal.objective: objective.sense no sense 'up'"),
    (("constraints", 0, "high"), None, r"goal.constraints\[0\].high: must be a number"),
    (("constraints", 0, "probability"), 1.5, r"goal.constraints\[0\]: constraint.probability .* not in \(0, 1\]"),
    (("constraints", 0, "window"), ["+6h", 0], r"goal.constraints\[0\]: constraint.window window .* is empty"),
    (("constraints", 0, "most"), 3, r"goal.constraints\[0\].most: there is no 'most' here"),
    (("candidates", "low", 0), {"Pill": {}}, r"goal.candidates.low\[0\]: kind 'infusion' there is no action 'Pill'"),
    (("candidates", "low", 0, "Bolus", "dose"), 900, r"goal.candidates.low\[0\]: Bolus.dose must be between 0 and 600"),
    (("candidates", "low", 0, "Bolus", "size"), 9, r"goal.candidates.low\[0\].size: Bolus has no field 'size'"),
    (("candidates", "low"), {}, "goal.candidates.low: must be a list of actions"),
    (("candidates",), None, "goal.candidates: must map names to actions"),
    (("space",), {"action": "Bolus", "ranges": {"dose": [0, 100]}}, "goal: needs either candidates or a space"),
    (("horizon",), "tomorrow", "goal.horizon: 'tomorrow' is no time"),
]


@pytest.mark.parametrize(("path", "value", "told"), WRONG, ids=[".".join(map(str, p)) for p, _, _ in WRONG])
def test_what_is_wrong_is_told_with_its_place(path: tuple[Any, ...], value: Any, told: str) -> None:
    data: Any = written()
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    reads = None if path == ("horizon",) else clock
    with pytest.raises(FieldError, match=told) as err:
        Goal.from_json(data, KIND, 0.0, clock=reads)
    assert "Fix:" in err.value.message


def test_places_can_be_those_of_a_file() -> None:
    data = written()
    data["objective"]["target"] = "much"
    with pytest.raises(FieldError, match=r"^goal.yaml, line 3: must be a number"):
        Goal.from_json(
            data, KIND, 0.0, clock=clock, place=lambda p: "goal.yaml, line 3" if p == "objective.target" else p
        )


def test_the_schema_accepts_what_is_read_and_refuses_what_is_not() -> None:
    schema = goal_schema(KIND)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(written() | {"candidates": {"low": [{"Bolus": {"at": "+1h", "dose": "0.1 g"}}]}}, schema)
    for path in (("objective", "quantity"), ("constraints", 0, "most"), ("candidates", "low")):
        data: Any = written()
        at = data
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = "peak"
        assert list(jsonschema.Draft202012Validator(schema).iter_errors(data))


def test_a_space_spreads_evenly_and_narrows_around_the_best() -> None:
    space = Space(Bolus, {"dose": (100.0, 300.0)}, {"at": 0.0}, count=5)
    doses = [a.dose for a in space.spread() if isinstance(a, Bolus)]
    assert doses == [100.0, 150.0, 200.0, 250.0, 300.0]
    near = [a.dose for a in space.around(Bolus(at=0.0, dose=200.0), 1) if isinstance(a, Bolus)]
    assert (min(near), max(near)) == (176.0, 224.0)  # to 2 mg, a hundredth of the range
    edge = [a.dose for a in space.around(Bolus(at=0.0, dose=300.0), 1) if isinstance(a, Bolus)]
    assert (min(edge), max(edge)) == (250.0, 300.0)
    two = Space(Infuse, {"rate": (10.0, 50.0), "duration": (1.0, 9.0)}, {"at": 0.0}, count=16)
    spread = [(a.rate, a.duration) for a in two.spread() if isinstance(a, Infuse)]
    cells = {(int((r - 10) / 10.001), int((d - 1) / 2.001)) for r, d in spread}
    assert len(cells) == 16  # a Sobol sequence puts one of 16 points in each cell of 4 x 4


def test_spaces_and_goals_that_make_no_sense_say_so() -> None:
    with pytest.raises(FieldError, match="leaves 0 to 600 mg"):
        Space(Bolus, {"dose": (0.0, 900.0)})
    with pytest.raises(FieldError, match="no field 'size'"):
        Space(Bolus, {"size": (0.0, 9.0)})
    with pytest.raises(FieldError, match="nothing may vary"):
        Space(Bolus, {})
    with pytest.raises(FieldError, match="needs a limit"):
        Constraint("peak_level", (0.0, 1.0))
    with pytest.raises(FieldError, match="a target goes with"):
        Objective("peak_level", (0.0, 1.0), "min", 3.0)
