"""Alert rules and channels, changed and tried: a rule takes other limits, a channel another target or a test."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vitruvian.api.alerts import Channel, NewChannel, NewRule, RuleBody, Ruler, channel_of, checked, rule_of
from vitruvian.api.answering import json_answer, matching
from vitruvian.api.problems import answers
from vitruvian.api.site import site_of
from vitruvian.core.errors import FieldError
from vitruvian.platform.alerts import delivery, rules

router = APIRouter(prefix="/v1", tags=["alerts"])


class Tried(BaseModel):
    """Whether a test was confirmed by the other side, and why not."""

    delivered: bool = Field(examples=[False])
    error: str | None = Field(examples=["ConnectError: connection refused"])


@router.put("/alert-rules/{rule_id}", **answers(RuleBody, 404, 412, 422), summary="Change a rule")
async def change_rule(request: Request, rule_id: str, body: NewRule, who: Ruler) -> Response:
    """Another name, other limits, another policy. If-Match with its tag refuses when it was changed meanwhile."""
    site = site_of(request)
    owner, kind, rule = checked(site, who, body)

    def write(connection: Connection) -> dict[str, Any]:
        held = rules.find(connection, who.tenant, rule_id)
        matching(request, f'"{rule_of(held)["tag"]}"')
        if (held["twin_id"], held["kind"]) != (owner, kind):
            of = held["twin_id"] or f"every twin of {held['kind']}"
            where = "kind" if owner is None else "twin"
            raise FieldError(f"the rule is for {of}", where=where, fix="make a new rule for another")
        return rules.change(connection, held, body.name, rule)

    return json_answer(rule_of(await site.write(write)))


@router.put("/alert-channels/{channel_id}", **answers(Channel, 404, 412, 422), summary="Change a channel")
async def change_channel(request: Request, channel_id: str, body: NewChannel, who: Ruler) -> Response:
    """Another target; what is owed there goes to the new one. If-Match with its tag refuses when it was changed."""
    site = site_of(request)

    def write(connection: Connection) -> dict[str, Any]:
        held = delivery.find_channel(connection, who.tenant, channel_id)
        matching(request, f'"{channel_of(held)["tag"]}"')
        if body.type != held["type"]:
            raise FieldError(
                f"the channel is a {held['type']}", where="type", fix="make a new channel for another type"
            )
        return delivery.change_channel(connection, held, body.target, body.escalation)

    return json_answer(channel_of(await site.write(write)))


@router.post("/alert-channels/{channel_id}/test", **answers(Tried, 404), summary="Try a channel")
async def try_channel(request: Request, channel_id: str, who: Ruler) -> Response:
    """A test is told there now, once. It says that it is a test."""
    site = site_of(request)
    with site.database.read() as connection:
        channel = delivery.find_channel(connection, who.tenant, channel_id)
    error = await asyncio.to_thread(delivery.attempt, channel, site.now_us)
    return json_answer({"delivered": error is None, "error": error})
