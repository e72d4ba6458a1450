"""The whole OpenAPI document by schemathesis: sequences in which answers feed the next request, from fixed seeds."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitruvian.platform.claims.server import Server

ENDLESS = ("/v1/stream", "/v1/twins/{twin_id}/waveforms/stream")  # answers that never end
OWN = ("/v1/tokens/{token_id}", "/v1/sessions/current")  # would take our own token away: a request by itself tests them
SEEDS, STEPS = (1, 2, 3), 8
TOGETHER = 5  # sequences between which hypothesis remembers what it generated
Progress = Callable[[float], None]


def sequences(
    claim: str, data: Path | None, test: Path | None, quick: bool, progress: Progress, examples: int | None = None
) -> Mapping[str, Any]:
    """Faults of all answers: statuses of 500 and above, statuses, media types and bodies that are not documented."""
    if find_spec("schemathesis") is None:
        return {"measured": "not measured: schemathesis is not installed (vitruvian[fuzz])", "met": None, "n": 0}
    seeds = SEEDS[:1] if quick else SEEDS
    count = examples or (15 if quick else 250)
    faults, answers = Counter[str](), Counter[int]()
    for done, seed in enumerate(seeds):
        with tempfile.TemporaryDirectory() as place:
            served = Server(place)
            served.start()
            try:
                _sequences(served, seed, count, faults, answers)
            finally:
                served.stop()
        progress((done + 1) / len(seeds))
    broken = sum(n for status, n in answers.items() if status >= 500 and status != 503)
    measured = {"5xx": broken, "not as documented": sum(faults.values())}
    told = f"{answers.total()} answers of {len(seeds)} seeds, {answers[200] + answers[201]} of them with what was asked"
    detail = [f"{n} x {what}" for what, n in faults.most_common(10)]
    return {
        "measured": measured,
        "met": not any(measured.values()),
        "n": answers.total(),
        "baseline": told,
        "detail": detail,
    }


def _sequences(served: Server, seed: int, examples: int, faults: Counter[str], answers: Counter[int]) -> None:
    import hypothesis
    import schemathesis
    from hypothesis.errors import Flaky, FlakyStrategyDefinition
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as openapi

    chosen: list[Any] = [
        checks.not_a_server_error,
        openapi.status_code_conformance,
        openapi.content_type_conformance,
        openapi.response_schema_conformance,
    ]
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    for path in ENDLESS:
        schema = schema.exclude(path=path)
    for path in OWN:
        schema = schema.exclude(path=path, method="DELETE")
    headers = {"Authorization": f"Bearer {served.token}"}

    class Machine(schema.as_state_machine()):
        """Requests that follow each other."""

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            if case.path == "/v1/jobs" and case.method == "POST" and isinstance(case.body, dict):
                case.body = {**case.body, "arguments": {"kind": "none"}}  # no job that runs for minutes
            return {"headers": headers, "base_url": served.url}

        def validate_response(self, response: Any, case: Any, *more: Any, **options: Any) -> None:
            answers[response.status_code] += 1
            for check in chosen:
                try:
                    case.validate_response(response, checks=[check], transport_kwargs={"headers": headers})
                except (Exception, BaseExceptionGroup) as err:  # noqa: BLE001 counted, not raised
                    told = str(err).strip().splitlines()
                    faults[f"{case.method} {case.path} {response.status_code}: {' '.join(told)[:200]}"] += 1

    settings = hypothesis.settings(
        max_examples=TOGETHER,
        stateful_step_count=STEPS,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
        deadline=None,
        database=None,
        derandomize=False,
    )
    for part in range(-(-examples // TOGETHER)):
        # What a server answers depends on what it was told before: hypothesis sees that and ends the part.
        with suppress(Flaky, FlakyStrategyDefinition):
            hypothesis.seed(1000 * seed + part)(Machine).run(settings=settings)
