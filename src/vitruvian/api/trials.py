"""Trials with a prognostic score: protocol and history in, a plan as a job; data in, an analysis as a job; the report.

Patients' rows never leave the server again: answers hold counts, estimates and hashes of data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from vitruvian.api.alone import alone
from vitruvian.api.answering import IdempotencyKey, json_answer, once, page_answer, read_answer
from vitruvian.api.gate import need
from vitruvian.api.jobs import job_of
from vitruvian.api.people import spelled
from vitruvian.api.problems import answers, documented, nothing
from vitruvian.api.site import site_of
from vitruvian.api.trialforms import Designed, NewData, NewDesign, NewProtocol, NewTrial, Trial, TrialList
from vitruvian.core.errors import ConflictError, MissingError
from vitruvian.platform.trials import reading, rows
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/trials", tags=["trials"])
Reader = Annotated[Principal, need("trials:read")]
Planner = Annotated[Principal, need("trials:write")]
BOTH = "score and covariates"
LISTED = 200


@router.post("", **answers(Trial, 409, 413, 422, status=202), summary="Plan a trial")
async def plan(request: Request, body: NewTrial, who: Planner, key: IdempotencyKey = "") -> Response:
    """Both are checked at once: columns that are not there, patients twice, columns that know the future are refused
    with their place. Then the score is learned and the trial sized, as a job."""
    site = site_of(request)
    text = reading.plain(body.history.text, body.history.name)

    def checked() -> dict[str, Any]:
        sent = _protocol(body)
        reading.checked_history(sent["protocol"], sent["source"], text, body.history.name)
        return {**sent, "history_name": body.history.name, "history": text.encode()}

    sent = await site.answer(checked)

    def write(connection: Connection) -> tuple[int, Any]:
        return 202, _whole(connection, rows.add(connection, who.tenant, sent, who.actor, site.now_us))

    return await once(request, who, key, write)


@router.get("", **answers(TrialList, 422), summary="Trials")
def list_trials(request: Request, who: Reader) -> Response:
    """All of the tenant."""
    with site_of(request).database.read() as connection:
        found = rows.of_tenant(connection, who.tenant, LISTED)
    return page_answer(request, [_glance(row) for row in found], None)


@router.get("/{trial_id}", **answers(Trial, 404), summary="One trial")
def one(request: Request, trial_id: str, who: Reader) -> Response:
    """With its plan and its analysis, once they are there."""
    with site_of(request).database.read() as connection:
        return read_answer(request, _whole(connection, rows.find(connection, who.tenant, trial_id)))


@router.put("/{trial_id}/protocol", **answers(Trial, 404, 409, 413, 422, status=202), summary="Plan a trial anew")
async def plan_anew(request: Request, trial_id: str, body: NewProtocol, who: Planner) -> Response:
    """Another protocol for the same history. The plan, and an analysis if there was one, are made anew."""
    site = site_of(request)
    with site.database.read() as connection:
        row = rows.find(connection, who.tenant, trial_id, whole=True)

    def checked() -> dict[str, Any]:
        sent = _protocol(body)
        reading.checked_history(sent["protocol"], sent["source"], row["history"].decode(), row["history_name"])
        return sent

    sent = await site.answer(checked)

    def write(connection: Connection) -> Any:
        held = rows.find(connection, who.tenant, trial_id)
        rows.plan_again(connection, held, sent, who.actor, site.now_us)
        return _whole(connection, rows.find(connection, who.tenant, trial_id))

    return json_answer(await site.write(write), 202)


@router.post("/{trial_id}/designs", **answers(Designed, 404, 409, 422), summary="Size another design")
async def design(request: Request, trial_id: str, body: NewDesign, who: Reader) -> Response:
    """Patients and power of another design with the same score, at once; nothing is stored."""
    site = site_of(request)
    with site.database.read() as connection:
        row = rows.find(connection, who.tenant, trial_id)
    if row["plan"] is None:
        raise ConflictError("the trial is not planned yet", where=f"trial {trial_id}", fix="wait for its job")
    return json_answer(await site.answer(lambda: _designed(row, body)))


@router.post("/{trial_id}/data", **answers(Trial, 404, 409, 413, 422, status=202), summary="Analyse a trial")
async def analyse(request: Request, trial_id: str, body: NewData, who: Planner, key: IdempotencyKey = "") -> Response:
    """The trial's data, checked at once; estimates and guard-rails follow as a job. New data take the place of old."""
    site = site_of(request)
    text = reading.plain(body.data.text, body.data.name)
    with site.database.read() as connection:
        row = rows.find(connection, who.tenant, trial_id, whole=True)
    if row["plan"] is None:
        raise ConflictError("the trial is not planned yet", where=f"trial {trial_id}", fix="wait for its job")
    await site.answer(lambda: reading.checked_data(row["protocol"], row["score"], text, body.data.name))

    def write(connection: Connection) -> tuple[int, Any]:
        held = rows.find(connection, who.tenant, trial_id)
        rows.analyse(connection, held, body.data.name, text.encode(), who.actor, site.now_us)
        return 202, _whole(connection, rows.find(connection, who.tenant, trial_id))

    return await once(request, who, key, write)


@router.get(
    "/{trial_id}/report",
    response_class=Response,
    responses={**documented(404), 200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
    summary="The section of the analysis plan",
)
def report(request: Request, trial_id: str, who: Reader) -> Response:
    """One page to read and print: formulas, assumptions, tables, figures, seed and hashes; results once analysed."""
    with site_of(request).database.read() as connection:
        row = rows.find(connection, who.tenant, trial_id, whole=True)
    if row["page"] is None:
        raise MissingError("there is no report yet", where=f"trial {trial_id}", fix="wait for its job")
    return alone(row["page"].encode())


@router.get("/{trial_id}/score", **answers(dict[str, Any], 404), summary="The score of a trial")
def score(request: Request, trial_id: str, who: Reader) -> Response:
    """The fitted score as a file: what `vitruvian trial analyse --score` takes."""
    with site_of(request).database.read() as connection:
        row = rows.find(connection, who.tenant, trial_id, whole=True)
    if row["score"] is None:
        raise MissingError("there is no score yet", where=f"trial {trial_id}", fix="wait for its job")
    return read_answer(request, row["score"])


@router.delete("/{trial_id}", **nothing(404), summary="Take a trial back")
async def take_back(request: Request, trial_id: str, who: Planner) -> Response:
    """Its patients' rows leave the store."""
    site = site_of(request)

    def write(connection: Connection) -> None:
        rows.find(connection, who.tenant, trial_id)
        rows.end(connection, trial_id, site.now_us)

    await site.write(write)
    return Response(status_code=204)


def _protocol(body: NewProtocol) -> dict[str, Any]:
    text = reading.plain(body.protocol, body.protocol_name)
    made = reading.protocol_from(text, body.protocol_name)
    return {"title": made.title, "protocol": made.to_json(), "source": body.protocol_name}


def _designed(row: Mapping[str, Any], body: NewDesign) -> dict[str, Any]:
    from vitruvian.studies.procova.design import Told, sized
    from vitruvian.studies.procova.protocol import check_design, protocol_of

    given = body.model_dump(exclude_none=True)
    told = Told(**row["plan"]["told"])
    if (rho := given.pop("correlation", None)) is not None:
        told = dataclasses.replace(told, correlation={**told.correlation, BOTH: rho})
    protocol = protocol_of(row["protocol"], row["source"])
    protocol = dataclasses.replace(protocol, design=dataclasses.replace(protocol.design, **given))
    check_design(protocol, "design")
    return sized(protocol, told).to_json()


def _glance(row: Mapping[str, Any]) -> dict[str, Any]:
    said = spelled({k: row[k] for k in ("created_us", "changed_us")})
    outcome, plan = row["protocol"]["outcome"], row["plan"]
    k = "covariates" if plan and "covariates" in plan["sizes"] else "unadjusted"
    return {
        "id": row["id"], "title": row["title"], "outcome": outcome["column"], "type": outcome["type"],
        "patients": plan and plan["history"]["patients"], "size": plan and plan["sizes"][BOTH],
        "covariates": plan and plan["sizes"][k], "analysed": row["analysis"] is not None, "actor": row["actor"],
        **said,
    }  # fmt: skip


def _whole(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    job = rows.job(connection, row)
    held = {k: row[k] for k in ("protocol", "history_name", "data_name", "plan", "analysis")}
    return {**_glance(row), **held, "protocol_name": row["source"], "job": job and job_of(job)}
