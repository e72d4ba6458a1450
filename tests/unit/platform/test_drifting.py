"""Drift over all twins of a kind: quiet when nothing changed, and said with its reason when inputs or outcomes did."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, insert

from levels import CASE, FILE, level
from vitruvian.kinds.infusion import KIND
from vitruvian.platform.follow import drifting
from vitruvian.platform.store import Store
from vitruvian.platform.store.database import Joined
from vitruvian.platform.store.schema_live import scores

DAY = 24.0
rng = np.random.default_rng(5)


def people(c: Connection, moved: float) -> str:
    """Twenty subjects with a level of their own, two readings a day for three weeks; the last week's moved."""
    store = Store(Joined(c))
    made = ""
    for i in range(20):
        made = store.create_twin(f"S{i}", KIND, CASE).id
        own = rng.normal(10.0, 1.0)
        hours = np.arange(0.5, 21.0, 0.5) * DAY
        values = own + rng.normal(0.0, 2.0, len(hours)) + moved * (hours > 14.0 * DAY)
        rows = [level(h, v) for h, v in zip(hours.tolist(), np.maximum(values, 0.0).tolist(), strict=True)]
        store.append_observations(made, rows, FILE)
    return made


def outcomes(c: Connection, twin: str, ranks: np.ndarray) -> None:
    same = {"twin_id": twin, "observable": "concentration", "value": 1.0, "median": 1.0, "created_us": 0}
    rows = [{**same, "forecast_version": k, "reading_seq": i, "valid_us": i * 10**6, "ahead_s": 60.0 * k, "rank": r}
            for i, r in enumerate(ranks.tolist()) for k in (1, 2)]  # fmt: skip
    c.execute(insert(scores), rows)


def test_nothing_is_proposed_when_nothing_changed(c: Connection) -> None:
    twin = people(c, 0.0)
    outcomes(c, twin, rng.uniform(size=1500))
    found = drifting.of_kind(c, "local", "infusion")
    assert found.proposal is None
    assert (found.inputs[0].subjects, found.outcomes[0].readings) == (20, 1500), "a reading counts once, not a lead"
    assert found.inputs[0].found.recent < found.inputs[0].readings


def test_a_new_fit_is_proposed_with_its_reason(c: Connection) -> None:
    twin = people(c, 3.0)
    outcomes(c, twin, np.r_[rng.uniform(size=600), rng.uniform(size=600) ** 3])
    found = drifting.of_kind(c, "local", "infusion")
    assert found.proposal is not None
    assert found.proposal.startswith("fit infusion again: concentration:")
    assert "more readings than one in ten" in found.proposal
    said = found.to_json()
    assert said["outcomes"][0]["cusum"]["spoke_at"] > 600
    assert said["outcomes"][0]["ranks_moved"] > "1970-01-01T00:10"
    json.dumps(said, allow_nan=False)


def test_another_tenants_twins_do_not_count(c: Connection) -> None:
    people(c, 3.0)
    assert drifting.of_kind(c, "elsewhere", "infusion").inputs == ()


def test_an_empty_store_says_so(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from vitruvian.cli.drift import drift

    monkeypatch.setenv("VITRUVIAN_HOME", str(tmp_path))
    run: Callable[..., Any] = CliRunner().invoke
    assert "nothing to look at yet" in run(drift, ["infusion"]).output
