"""A protocol and synthetic tables of a trial, for tests of the command line, the server and the client."""

from typing import Any

import numpy as np
import yaml

from vitruvian.kinds.prognosis.generator import history

PROTOCOL: dict[str, Any] = {
    "title": "A synthetic trial",
    "patient": "id",
    "arm": {"column": "arm", "control": "placebo", "treated": "active"},
    "outcome": {"column": "score", "type": "continuous", "baseline": "severity"},
    "covariates": ["age", "severity", "marker", "weight", "sex", "site"],
    "design": {"effect": -4.0, "power": 0.9, "deflation": 0.9, "looks": [0.5, 1.0]},
    "seed": 7,
}


def columns(count: int, seed: int, *, trial: bool) -> dict[str, list[Any]]:
    """By name, a row a patient; in a trial the active arm is 4 lower."""
    told = history(count, seed)
    out: dict[str, list[Any]] = {"id": [f"p{k}" for k in range(count)]}
    for name, values in told.frame.columns.items():
        out[name] = ["" if v != v else str(v) for v in values.tolist()]
    y = told.y
    if trial:
        arm = np.random.default_rng(seed).permutation(np.arange(count) % 2)
        out["arm"] = ["active" if a else "placebo" for a in arm]
        y = y - 4.0 * arm
    return {**out, "score": [f"{v:.4f}" for v in y]}


def csv_of(columns: dict[str, list[Any]]) -> str:
    """The table as text."""
    rows = [",".join(columns), *(",".join(map(str, r)) for r in zip(*columns.values(), strict=True))]
    return "\n".join(rows) + "\n"


def protocol_text(**changed: Any) -> str:
    """The protocol as YAML."""
    return yaml.safe_dump({**PROTOCOL, **changed})
