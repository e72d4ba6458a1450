"""Every installed kind, from a table of its own readings to a report, through the same commands."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from vitruvian.core.case import Origin
from vitruvian.core.fields import infos
from vitruvian.core.kind import AbstractKind, Causal, Example, Fittable
from vitruvian.core.record import Record
from vitruvian.platform import registry
from vitruvian.verbs.simulate import simulate_example

ORIGIN = Origin(datetime(2024, 5, 1, tzinfo=UTC))


def write_readings(path: Path, kind: AbstractKind, record: Record) -> None:
    columns = (record.valid_time.tolist(), record.observable.tolist(), record.value.tolist(), record.sensor.tolist())
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("time", "observable", "value", "unit", "sensor"))
        for at, name, value, sensor in zip(*columns, strict=True):
            table.writerow((ORIGIN.moment(at).isoformat(), name, repr(value), kind.unit_of(name), sensor))


def write_actions(path: Path, kind: AbstractKind, example: Example) -> None:
    fields = sorted({name for action in kind.actions for name in infos(action)})
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("time", "action", *fields))
        for action in example.case.timeline:
            values = (getattr(action, name, None) for name in fields)
            told = ("" if value is None else value for value in values)
            table.writerow((ORIGIN.moment(action.at).isoformat(), type(action).__name__, *told))


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.names())
def test_a_kind_goes_all_the_way(
    name: str, run: Callable[..., Result], ask: Callable[..., Any], tmp_path: Path
) -> None:
    kind = registry.get(name)
    example, told = simulate_example(kind, seed=5)
    write_readings(tmp_path / "readings.csv", kind, told.record)
    files = ["readings.csv"]
    if example.case.timeline:
        write_actions(tmp_path / "actions.csv", kind, example)
        files.append("actions.csv")
    fields = {k: v for k, v in example.case.subject.to_json().items() if k != "type" and v is not None}
    who = [part for k, v in fields.items() for part in ("--set", f"{k}={v}")]
    made = ask("twin", "create", "--kind", name, "--subject", "S", "--zone", "UTC", *who, *files)
    assert sum(taken["new"] for taken in made["imported"]) == len(told.record) + len(example.case.timeline)
    assert not any(taken["close"] or taken["duplicates"] for taken in made["imported"])
    learned = ask("calibrate", "S")
    assert learned["basis"]["rows"] == (0 if isinstance(kind, Fittable) else len(told.record))
    answer = ask("forecast", "S", "--hours", "2")
    for item in answer["items"].values():
        assert item["q05"] <= item["q50"] <= item["q95"]
        assert None not in item["q50"], "every number is finite"
    if isinstance(kind, Causal):
        body = example.effects[0].action.to_json()
        given = {k: v for k, v in body.items() if k not in ("type", "known_at") and v is not None}
        plan = f"- {body['type']}: {json.dumps({**given, 'at': '+10min'})}\n"
        (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
        changed = ask("compare", "S", "--option", "x=plan.yaml", "--hours", "2")["differences"]["x"]
        assert any(abs(v) > 0 for item in changed.values() for v in item["q50"])
    else:
        (tmp_path / "plan.yaml").write_text("[]\n", encoding="utf-8")
        assert "not Causal" in run("compare", "S", "--option", "x=plan.yaml", code=1).stderr
    run("report", "S", "--out", "s.html", "--hours", "2")
    assert (tmp_path / "s.html").read_text("utf-8").rstrip().endswith("</html>")
