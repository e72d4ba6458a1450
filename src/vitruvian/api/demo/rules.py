"""The demonstration's alert rules: for every twin of a kind, set once."""

from __future__ import annotations

from typing import Any

import httpx

RULES: tuple[dict[str, Any], ...] = (
    {"name": "Low glucose ahead", "kind": "metabolic", "on": "forecast", "of": "glucose", "low": 70.0, "hours": 1.0,
     "probability": 0.2, "severity": "critical", "escalate_minutes": 15.0},
    {"name": "High glucose ahead", "kind": "metabolic", "on": "forecast", "of": "glucose", "high": 250.0, "hours": 2.0},
    {"name": "Low glucose", "kind": "metabolic", "on": "reading", "of": "glucose", "low": 70.0, "severity": "critical"},
    {"name": "High glucose", "kind": "metabolic", "on": "reading", "of": "glucose", "high": 250.0},
    {"name": "Crowded house ahead", "kind": "hospital", "on": "forecast", "of": "present", "high": 115.0, "hours": 12.0,
     "severity": "info"},
    {"name": "Boarding ahead", "kind": "hospital", "on": "forecast", "of": "boarding", "high": 4.0, "hours": 12.0},
)  # fmt: skip


async def set_up(client: httpx.AsyncClient) -> None:
    """Those that are not there yet."""
    held = {rule["name"] for rule in (await client.get("/v1/alert-rules")).raise_for_status().json()["items"]}
    for rule in RULES:
        if rule["name"] not in held:
            (await client.post("/v1/alert-rules", json=rule)).raise_for_status()
