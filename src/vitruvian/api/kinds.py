"""Kinds: what can be twinned here, with the schemas of subjects and actions, panels, and the evidence."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from vitruvian.api.answering import read_answer
from vitruvian.api.gate import need
from vitruvian.api.problems import Problem, answers
from vitruvian.api.site import site_of
from vitruvian.core.errors import VitruvianError
from vitruvian.core.kind import AbstractKind
from vitruvian.platform import described, evidence, registry
from vitruvian.platform.follow import drifting
from vitruvian.platform.trust.policy import Principal

router = APIRouter(prefix="/v1/kinds", tags=["kinds"])


class KindLine(BaseModel):
    """A kind in a list."""

    name: str = Field(examples=["metabolic"])
    version: str = Field(default="", examples=["1"])
    question: str = Field(default="", examples=["Where is this person's glucose going in the next hours?"])
    capabilities: list[str] = Field(default_factory=list, examples=[["Causal", "Filterable"]])
    claims: int = Field(default=0, description="how many it makes", examples=[4])
    met: int = Field(default=0, description="of them, by what was measured last", examples=[3])
    not_met: int = Field(default=0, examples=[1])
    error: str = Field(default="", description="why it cannot be loaded, if so")


class KindList(BaseModel):
    """All kinds that are installed."""

    items: list[KindLine]
    next: str | None = None


class KindBody(BaseModel):
    """A kind: what it is for, JSON schemas of its subject and actions, what it sees and answers, panels, evidence."""

    name: str = Field(examples=["infusion"])
    version: str = Field(examples=["1"])
    context_of_use: dict[str, str]
    capabilities: list[str]
    subject: dict[str, Any] = Field(description="JSON schema")
    actions: list[dict[str, Any]] = Field(description="JSON schemas")
    observables: list[dict[str, Any]]
    quantities: list[dict[str, Any]]
    parameters: list[dict[str, Any]]
    envelope: dict[str, Any]
    panels: list[dict[str, Any]] = Field(description="what a client may show of such a twin, as data")


class Claim(BaseModel):
    """One claim of a kind and what was measured; `met` is null where it was not measured."""

    model_config = {"extra": "allow"}

    id: str = Field(examples=["infusion.closed_form"])
    statement: str
    metric: str
    target: str
    measured: Any = None
    met: bool | None = None
    stale: bool = Field(description="true: the sources have changed since")


class Evidence(BaseModel):
    """All claims of a kind, those that are not met too."""

    kind: str
    items: list[Claim]


class DriftOfInputs(BaseModel):
    """The newest week's readings of an observable against those before."""

    observable: str = Field(examples=["glucose"])
    readings: int
    subjects: int
    index: float = Field(description="population stability index")
    limit: float = Field(description="exceeded by chance once in a thousand looks")
    drifted: bool


class DriftOfOutcomes(BaseModel):
    """Readings against the forecasts just before them."""

    observable: str = Field(examples=["glucose"])
    readings: int
    outside90: float = Field(description="share outside the 90 % band")
    cusum: dict[str, Any] = Field(description="risk-adjusted CUSUM of that share")
    spoke: str | None = Field(description="since when it is clear that the share has changed")
    ranks_moved: str | None = Field(description="when the ranks last moved (ADWIN)")


class Drift(BaseModel):
    """Inputs and outcomes of all twins of a kind against those before; `proposal` is null while nothing has drifted."""

    kind: str
    proposal: str | None = Field(description="to fit the kind again, and why")
    inputs: list[DriftOfInputs]
    outcomes: list[DriftOfOutcomes]


def kind_of(name: str) -> AbstractKind:
    """The kind; 404 when there is none of this name."""
    if name not in registry.names():
        known = ", ".join(registry.names())
        raise Problem(404, f"there is no kind '{name}'", where="kinds", fix=f"use one of {known}")
    return registry.get(name)


@router.get("", **answers(KindList), summary="List kinds")
def list_kinds(request: Request, who: Annotated[Principal, need("kinds:read")]) -> Response:
    """All kinds that are installed, each with the question it answers."""
    lines = []
    for name in registry.names():
        try:
            k = registry.get(name)
            said = {"name": k.name, "version": k.version, "question": k.context_of_use.question}
            lines.append({**said, "capabilities": described.capabilities(k), **evidence.tally(name)})
        except VitruvianError as err:
            lines.append({"name": name, "error": err.message})
    return read_answer(request, {"items": [KindLine(**line).model_dump() for line in lines], "next": None})


@router.get("/{kind}", **answers(KindBody, 404), summary="One kind")
def one_kind(request: Request, kind: str, who: Annotated[Principal, need("kinds:read")]) -> Response:
    """Context of use, schemas of subject and actions, observables, quantities, parameters with sources, panels."""
    found = kind_of(kind)
    return read_answer(request, {**described.as_data(found), "panels": described.panels(found)})


@router.get(
    "/{kind}/evidence",
    **answers(Evidence, 404),
    summary="Evidence of a kind",
)
def one_evidence(request: Request, kind: str, who: Annotated[Principal, need("kinds:read")]) -> Response:
    """What the kind claims, what was measured, and what is not met. Made by `vitruvian validate KIND`."""
    kind_of(kind)
    cache = site_of(request).parts.setdefault("evidence", {})
    if kind not in cache:  # results change with the sources only
        cache[kind] = {"kind": kind, "items": evidence.results(kind)}
    return read_answer(request, cache[kind])


@router.get("/{kind}/drift", **answers(Drift, 404), summary="Drift of a kind")
def one_drift(request: Request, kind: str, who: Annotated[Principal, need("twins:read")]) -> Response:
    """Whether what comes in for the tenant's twins of this kind, or what comes of their forecasts, has changed."""
    kind_of(kind)
    with site_of(request).database.read() as connection:
        return read_answer(request, drifting.of_kind(connection, who.tenant, kind).to_json())
