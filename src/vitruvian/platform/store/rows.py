"""Facts as rows of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vitruvian.platform.store.facts import Deed, Observation, TwinRow

RAW = 500  # characters of a row's text that are kept


def reading_rows(twin: TwinRow, source_id: str, rows: Sequence[Observation]) -> list[dict[str, Any]]:
    """Readings as rows of `observations`, without what the chain adds."""
    return [
        {
            **_common(twin, source_id, row),
            "reading_id": row.reading_id,
            "valid_us": row.valid_us,
            "observable": row.observable,
            "value": float(row.value),
            "unit": row.unit,
            "sd": row.sd,
            "limit_flag": row.limit,
            "sensor": row.sensor,
            "device": row.device,
        }
        for row in rows
    ]


def deed_rows(twin: TwinRow, source_id: str, rows: Sequence[Deed]) -> list[dict[str, Any]]:
    """Actions as rows of `actions`, without what the chain adds."""
    return [
        {
            **_common(twin, source_id, row),
            "action_id": row.action_id,
            "type": row.type,
            "at_us": row.at_us,
            "body": dict(row.body),
        }
        for row in rows
    ]


def _common(twin: TwinRow, source_id: str, row: Observation | Deed) -> dict[str, Any]:
    return {
        "tenant": twin.tenant,
        "twin_id": twin.id,
        "known_us": row.known_us,
        "removed": row.removed,
        "idempotency_key": row.idempotency_key,
        "source_id": source_id,
        "source_row": row.row[:200],
        "raw": row.raw[:RAW],
    }
