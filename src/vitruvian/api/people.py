"""Users, API tokens and the audit log: for admins."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from vitruvian.api.answering import After, Newest, json_answer, page_answer
from vitruvian.api.gate import need
from vitruvian.api.problems import answers, nothing
from vitruvian.api.site import site_of
from vitruvian.platform.instant import micros, text
from vitruvian.platform.trust import audit, people
from vitruvian.platform.trust.policy import Principal
from vitruvian.platform.trust.secret import hash_password

router = APIRouter(prefix="/v1", tags=["people"])
Admin = Annotated[Principal, need("users:admin")]
TEXT = r"^[^\x00]*$"


class NewUser(BaseModel):
    """A user to be made."""

    name: str = Field(min_length=1, max_length=200, pattern=TEXT, examples=["grace"])
    password: str = Field(max_length=256, examples=["correct horse battery staple"])
    role: str = Field(description="viewer, clinician, engineer or admin", examples=["clinician"])


class User(BaseModel):
    """A user."""

    id: str = Field(examples=["us-0123456789"])
    name: str = Field(examples=["grace"])
    role: str = Field(examples=["clinician"])
    created: str = Field(examples=["2026-03-01T08:00:00Z"])
    disabled: str | None = None


class UserList(BaseModel):
    """All users of the tenant."""

    items: list[User]
    next: str | None = None


class NewToken(BaseModel):
    """An API token to be made."""

    name: str = Field(min_length=1, max_length=200, pattern=TEXT, examples=["glucose gateway"])
    role: str = Field(examples=["clinician"])
    scopes: list[str] | None = Field(
        default=None, max_length=50, description="null: all that the role may", examples=[["records:write"]]
    )
    expires: AwareDatetime | None = Field(default=None, examples=["2027-03-01T00:00:00Z"])


class Token(BaseModel):
    """An API token; `token` itself is told once, when it is made."""

    id: str = Field(examples=["tk-0123456789"])
    name: str = Field(examples=["glucose gateway"])
    role: str = Field(examples=["clinician"])
    scopes: list[str] | None = None
    actor: str = Field(examples=["ada"])
    created: str = Field(examples=["2026-03-01T08:00:00Z"])
    expires: str | None = None
    revoked: str | None = None


class MadeToken(BaseModel):
    """The new token."""

    id: str = Field(examples=["tk-0123456789"])
    token: str = Field(description="shown this once", examples=["vt_..."])


class TokenList(BaseModel):
    """All tokens of the tenant."""

    items: list[Token]
    next: str | None = None


class AuditEntry(BaseModel):
    """One access."""

    n: int = Field(examples=[1])
    at: str = Field(examples=["2026-03-01T08:00:00Z"])
    actor: str = Field(examples=["ada"])
    permission: str = Field(examples=["twins:read"])
    method: str = Field(examples=["GET"])
    path: str = Field(examples=["/v1/twins"])
    status: int = Field(examples=[200])
    request_id: str = Field(examples=["4f2a9c1be07d4c55"])
    address: str = Field(examples=["127.0.0.1"])


class AuditPage(BaseModel):
    """Accesses, oldest first."""

    items: list[AuditEntry]
    next: str | None = None


class Made(BaseModel):
    """What was made."""

    id: str = Field(examples=["us-0123456789"])


def spelled(row: dict[str, Any]) -> dict[str, Any]:
    """Times as text: created_us -> created."""
    out = {}
    for name, value in row.items():
        if name.endswith("_us"):
            out[name.removesuffix("_us")] = None if value is None else text(value)
        else:
            out[name] = value
    return out


@router.get("/users", **answers(UserList), summary="Users")
def list_users(request: Request, who: Admin) -> Response:
    """All users of the tenant."""
    with site_of(request).database.read() as connection:
        rows = people.list_users(connection, who.tenant)
    return page_answer(request, [spelled(row) for row in rows], None)


@router.post(
    "/users",
    **answers(Made, 409, 422, status=201),
    summary="Make a user",
)
async def add_user(request: Request, body: NewUser, who: Admin) -> Response:
    """A user with a role. Passwords have at least 12 characters."""
    site = site_of(request)
    people.checked_role(body.role)
    hashed = await asyncio.to_thread(hash_password, body.password)
    made = await site.write(lambda c: people.add_user(c, who.tenant, body.name, body.role, hashed, site.now_us))
    return json_answer({"id": made}, 201)


@router.delete("/users/{user_id}", **nothing(404), summary="Disable a user")
async def disable_user(request: Request, user_id: str, who: Admin) -> Response:
    """No more logins; open sessions end. What the user did stays in the audit log."""
    site = site_of(request)
    await site.write(lambda c: people.disable_user(c, who.tenant, user_id, site.now_us))
    site.gate.forget()
    return Response(status_code=204)


@router.get("/tokens", **answers(TokenList), summary="Tokens")
def list_tokens(request: Request, who: Admin) -> Response:
    """All API tokens of the tenant, never their secrets."""
    with site_of(request).database.read() as connection:
        rows = people.list_tokens(connection, who.tenant)
    return page_answer(request, [spelled(row) for row in rows], None)


@router.post(
    "/tokens",
    **answers(MadeToken, 422, status=201),
    summary="Make a token",
)
async def add_token(request: Request, body: NewToken, who: Admin) -> Response:
    """A token for a program: a role, narrowed by scopes. It is shown this once."""
    site = site_of(request)
    expires = _us(body.expires)
    made, secret = await site.write(
        lambda c: people.add_token(c, who.tenant, body.name, body.role, body.scopes, who.actor, site.now_us, expires)
    )
    return json_answer({"id": made, "token": secret}, 201)


@router.delete("/tokens/{token_id}", **nothing(404), summary="Revoke a token")
async def revoke_token(request: Request, token_id: str, who: Admin) -> Response:
    """The token is worth nothing from now on."""
    site = site_of(request)
    await site.write(lambda c: people.revoke_token(c, who.tenant, token_id, site.now_us))
    site.gate.forget()
    return Response(status_code=204)


@router.get("/audit", **answers(AuditPage, 422), summary="Audit")
def read_audit(
    request: Request,
    who: Annotated[Principal, need("audit:read")],
    newest: Newest = False,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Who did what, oldest first. Append-only: the database refuses to change a row."""
    with site_of(request).database.read() as connection:
        rows = audit.read(connection, who.tenant, after, limit, newest=newest)
    items = [{k: v for k, v in spelled(row).items() if k != "tenant"} for row in rows]
    return page_answer(request, items, rows[-1]["n"] if len(rows) == limit else None)


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)
