"""A goal from JSON or YAML, every value checked where it was written, and the schema of such a file.

horizon: +4h
objective: {quantity: peak_glucose, sense: min}
constraints: [{quantity: lowest_glucose, low: 70 mg/dL, probability: 0.99}]
candidates: {walk: [{Exercise: {at: +30min, mets: 3.5, duration: 15}}]}
# or: space: {action: Exercise, ranges: {duration: [5, 45]}, fixed: {at: +30min, mets: 3.5}}
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from vitruvian.core.action import Action
from vitruvian.core.errors import FieldError, VitruvianError
from vitruvian.core.fields import FieldInfo, infos
from vitruvian.core.kind import AbstractKind
from vitruvian.core.units import MOLAR_MASS, convert, spoken
from vitruvian.verbs.goal import SENSES, Constraint, Goal, Objective, Space

_MEASURE = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_TIMES = ("at", "known_at")


@dataclasses.dataclass(frozen=True)
class Reading:
    """Reads one goal for a kind; see Goal.from_json."""

    kind: AbstractKind
    now: float
    clock: Callable[[str, str], float] | None
    place: Callable[[str], str]

    def goal(self, data: Any) -> Goal:
        """The whole goal."""
        given = self._mapping(data, "", ("objective", "constraints", "candidates", "space", "horizon"), ("objective",))
        horizon = self._time(given["horizon"], "horizon") if "horizon" in given else None
        objective = self._objective(given["objective"], horizon)
        listed = given.get("constraints", ())
        if not isinstance(listed, (list, tuple)):
            raise FieldError("must be a list", where=self.place("constraints"), fix="list the constraints")
        constraints = tuple(self._constraint(c, f"constraints[{i}]", horizon) for i, c in enumerate(listed))
        if ("candidates" in given) == ("space" in given):
            raise FieldError("needs either candidates or a space", where=self.place(""), fix="give one of the two")
        if "space" in given:
            return Goal(objective, constraints, self._space(given["space"]))
        named = given["candidates"]
        if not isinstance(named, Mapping) or not named:
            raise FieldError("must map names to actions", where=self.place("candidates"), fix="write name: [action]")
        options = {str(n): self._actions(v, f"candidates.{n}") for n, v in named.items()}
        return Goal(objective, constraints, options)

    def _objective(self, data: Any, horizon: float | None) -> Objective:
        path = "objective"
        given = self._mapping(data, path, ("quantity", "window", "sense", "target"), ("quantity", "sense"))
        name = self._quantity(given["quantity"], f"{path}.quantity")
        target = self._limit(given["target"], name, f"{path}.target") if "target" in given else None
        window = self._window(given.get("window"), f"{path}.window", horizon)
        return self._told(path, lambda: Objective(name, window, str(given["sense"]), target))

    def _constraint(self, data: Any, path: str, horizon: float | None) -> Constraint:
        given = self._mapping(data, path, ("quantity", "window", "low", "high", "probability"), ("quantity",))
        name = self._quantity(given["quantity"], f"{path}.quantity")
        low = self._limit(given["low"], name, f"{path}.low") if "low" in given else -math.inf
        high = self._limit(given["high"], name, f"{path}.high") if "high" in given else math.inf
        window = self._window(given.get("window"), f"{path}.window", horizon)
        least = self._measure(given.get("probability", 0.95), "1", "", f"{path}.probability")
        return self._told(path, lambda: Constraint(name, window, low, high, least))

    def _space(self, data: Any) -> Space:
        path, allowed = "space", ("action", "ranges", "fixed", "count", "rounds")
        given = self._mapping(data, path, allowed, ("action", "ranges"))
        cls = self._told(path, lambda: self.kind.action_type(str(given["action"])))
        if not isinstance(given["ranges"], Mapping):
            raise FieldError("must map fields to ranges", where=self.place(f"{path}.ranges"), fix="field: [low, high]")
        ranges = {
            str(n): tuple(self._field(cls, str(n), v, f"{path}.ranges.{n}") for v in values)
            for n, values in given["ranges"].items()
        }
        fixed = {n: self._field(cls, n, v, f"{path}.fixed.{n}") for n, v in dict(given.get("fixed", {})).items()}
        more = {n: int(given[n]) for n in ("count", "rounds") if n in given}
        return self._told(path, lambda: Space(cls, ranges, fixed, **more))

    def _actions(self, data: Any, path: str) -> tuple[Action, ...]:
        if not isinstance(data, (list, tuple)):
            raise FieldError("must be a list of actions", where=self.place(path), fix="write [{Name: {at: ...}}]")
        return tuple(self._action(a, f"{path}[{i}]") for i, a in enumerate(data))

    def _action(self, data: Any, path: str) -> Action:
        """{"type": Name, "at": ..., ...} as in JSON, or {Name: {"at": ..., ...}} as in a plan."""
        if not isinstance(data, Mapping) or not data:
            raise FieldError("is no action", where=self.place(path), fix="write {Name: {at: ..., field: value}}")
        name, body = (data["type"], data) if "type" in data else next(iter(data.items()))
        if not isinstance(body, Mapping) or ("type" not in data and len(data) != 1):
            raise FieldError("is no action", where=self.place(path), fix="write {Name: {at: ..., field: value}}")
        cls = self._told(path, lambda: self.kind.action_type(str(name)))
        fields = {str(n): self._field(cls, str(n), v, f"{path}.{n}") for n, v in body.items() if n != "type"}
        return self._told(path, lambda: cls.from_json(fields))

    def _field(self, cls: type[Action], name: str, value: Any, path: str) -> Any:
        """A field's value in its own unit."""
        if name in _TIMES:
            return self._time(value, path)
        info = infos(cls).get(name)
        if info is None:
            known = ", ".join(("at", *infos(cls)))
            raise FieldError(f"{cls.__name__} has no field '{name}'", where=self.place(path), fix=f"use {known}")
        if info.choices or value is None or isinstance(value, (bool, int)):
            return value
        return self._measure(value, info.unit, "", path)

    def _quantity(self, name: Any, path: str) -> str:
        names = [q.name for q in self.kind.quantities]
        if name not in names:
            fix = f"use {', '.join(names)}" if names else "ask another kind: this one has none"
            raise FieldError(f"'{name}' is no quantity of '{self.kind.name}'", where=self.place(path), fix=fix)
        return str(name)

    def _limit(self, value: Any, quantity: str, path: str) -> float:
        q = self.kind.quantity(quantity)
        return self._measure(value, q.unit, q.of if q.of in (*MOLAR_MASS, "insulin", "hba1c") else "", path)

    def _measure(self, value: Any, unit: str, analyte: str, path: str) -> float:
        """A number in `unit`, from a number or "5.5 mmol/L"."""
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        parts = _MEASURE.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            raise FieldError(f"must be a number in {unit} (got {value!r})", where=self.place(path), fix="give a number")
        given = spoken(parts[2]) if parts[2] else unit
        if unit == "1" and given == "%":
            return float(parts[1]) / 100.0
        return self._told(path, lambda: float(convert(float(parts[1]), given, unit, analyte)))

    def _time(self, value: Any, path: str) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return self.now + float(value)
        if not isinstance(value, str) or self.clock is None:
            fix = "give seconds from the belief's time" + ("" if self.clock is None else ", or text such as +30min")
            raise FieldError(f"{value!r} is no time", where=self.place(path), fix=fix)
        return self.clock(value, self.place(path))

    def _window(self, value: Any, path: str, horizon: float | None) -> tuple[float, float]:
        if value is None:
            if horizon is None:
                raise FieldError("has no window", where=self.place(path), fix="give window: [start, end], or a horizon")
            return self.now, horizon
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise FieldError("must be [start, end]", where=self.place(path), fix="e.g. [+0min, +3h]")
        return self._time(value[0], f"{path}[0]"), self._time(value[1], f"{path}[1]")

    def _mapping(self, data: Any, path: str, allowed: tuple[str, ...], needed: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(data, Mapping):
            raise FieldError("must be a mapping", where=self.place(path), fix=f"give {', '.join(needed)}")
        if extra := [str(n) for n in data if n not in allowed]:
            where = self.place(f"{path}.{extra[0]}".lstrip("."))
            raise FieldError(f"there is no '{extra[0]}' here", where=where, fix=f"use {', '.join(allowed)}")
        if missing := [n for n in needed if n not in data]:
            raise FieldError(f"lacks {', '.join(missing)}", where=self.place(path), fix=f"give {', '.join(missing)}")
        return data

    def _told(self, path: str, make: Callable[[], Any]) -> Any:
        """What `make` makes; its error told with the place in the file."""
        try:
            return make()
        except VitruvianError as err:
            what = f"{err.where} {err.what}" if err.where else err.what
            raise FieldError(what, where=self.place(path), fix=err.fix) from err


def goal_schema(kind: AbstractKind) -> dict[str, Any]:
    """JSON schema (2020-12) of a goal for this kind."""
    quantity = {"enum": [q.name for q in kind.quantities]}
    measure: dict[str, Any] = {
        "type": ["number", "string"],
        "description": "number in the quantity's unit, or '5 mmol/L'",
    }
    time: dict[str, Any] = {
        "type": ["number", "string"],
        "description": "s from the belief's time, or '+3h', or a local time",
    }
    window = {"type": "array", "items": time, "minItems": 2, "maxItems": 2}
    actions = [_action_schema(cls, time) for cls in kind.actions]
    objective = {"quantity": quantity, "window": window, "sense": {"enum": list(SENSES)}, "target": measure}
    probability = {"type": ["number", "string"], "description": "at least this, default 0.95"}
    constraint = {"quantity": quantity, "window": window, "low": measure, "high": measure, "probability": probability}
    space = {
        "action": {"enum": [cls.__name__ for cls in kind.actions]},
        "ranges": {"type": "object", "additionalProperties": {"type": "array", "minItems": 1}},
        "fixed": {"type": "object"},
        "count": {"type": "integer"},
        "rounds": {"type": "integer"},
    }
    plan = {"type": "array", "items": {"anyOf": actions}}
    return {
        "title": f"Goal for {kind.name}",
        **_object(
            {
                "horizon": time,
                "objective": _object(objective, "quantity", "sense"),
                "constraints": {"type": "array", "items": _object(constraint, "quantity")},
                "candidates": {"type": "object", "additionalProperties": plan, "minProperties": 1},
                "space": _object(space, "action", "ranges"),
            },
            "objective",
        ),
        "oneOf": [{"required": ["candidates"]}, {"required": ["space"]}],
    }


def _action_schema(cls: type[Action], time: dict[str, Any]) -> dict[str, Any]:
    fields = {n: _field_schema(i) for n, i in infos(cls).items()} | dict.fromkeys(_TIMES, time)
    return _object({cls.__name__: _object(fields, "at")}, cls.__name__)


def _field_schema(info: FieldInfo) -> dict[str, Any]:
    if info.choices:
        return {"enum": list(info.choices), "description": info.meaning}
    return {"type": ["number", "string", "boolean", "null"], "description": info.meaning, "x-unit": info.unit}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
