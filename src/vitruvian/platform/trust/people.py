"""Users, sessions and API tokens in the store. Nothing here knows HTTP; every function works in a given transaction."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from vitruvian.core.errors import ConflictError, FieldError, MissingError
from vitruvian.platform.store.schema_trust import sessions, tokens, users
from vitruvian.platform.trust.policy import PERMISSIONS, ROLES, Principal
from vitruvian.platform.trust.secret import digest_of, new_token

SETUP = "setup"  # the role of the one-time token with which the first user is made: it may do nothing else
LOGIN = "login"  # of a one-time token that begins a session, in a link
LINK_US = 24 * 3600 * 1_000_000  # for which such a link is good; assumed
NO_PASSWORD = "!"  # no hash: nobody logs in with a password
SESSION_US = 12 * 3600 * 1_000_000  # a shift; assumed


def has_users(connection: Connection) -> bool:
    """Whether the server was set up."""
    return connection.execute(select(func.count()).select_from(users)).scalar_one() > 0


def setup_token(connection: Connection, now_us: int) -> str | None:
    """A fresh one-time token while there is no user, and the end of all older ones; None afterwards."""
    old = update(tokens).where(tokens.c.role == SETUP, tokens.c.revoked_us.is_(None)).values(revoked_us=now_us)
    connection.execute(old)
    if has_users(connection):
        return None
    return _token(connection, "local", SETUP, SETUP, None, "server", now_us, None)[1]


def set_up(connection: Connection, token: str, name: str, password_hash: str, tenant: str, now_us: int) -> str:
    """The first user, an admin; the token is spent. MissingError when it is not the one."""
    t = tokens.c
    match = select(t.id).where(t.digest == digest_of(token), t.role == SETUP, t.revoked_us.is_(None))
    found = connection.execute(match).scalar()
    if found is None or has_users(connection):
        raise MissingError("this set-up token is not valid", where="setup", fix="use the one printed at the last start")
    connection.execute(update(tokens).where(t.id == found).values(revoked_us=now_us))
    return add_user(connection, tenant, name, "admin", password_hash, now_us)


def login_token(connection: Connection, tenant: str, name: str, role: str, now_us: int) -> str:
    """A one-time token that begins a session of this user, who is made, without a password, if not there yet.

    The user's older ones are worth nothing any more.
    """
    u = users.c
    match = select(u.id).where(u.name == name, u.tenant == tenant, u.disabled_us.is_(None))
    user = connection.execute(match).scalar()
    if user is None:
        user = add_user(connection, tenant, name, role, NO_PASSWORD, now_us)
    t = tokens.c
    older = (t.role == LOGIN, t.name == str(user), t.revoked_us.is_(None))
    connection.execute(update(tokens).where(*older).values(revoked_us=now_us))
    return _token(connection, tenant, str(user), LOGIN, None, "server", now_us, now_us + LINK_US)[1]


def spend_login(connection: Connection, token: str, now_us: int) -> tuple[str, Principal]:
    """(cookie's secret, who) of a one-time token, which is spent; MissingError when it is not good any more."""
    t, u = tokens.c, users.c
    match = (
        select(t.id, u.id.label("user"), u.tenant, u.name, u.role)
        .join_from(tokens, users, u.id == t.name)
        .where(t.digest == digest_of(token), t.role == LOGIN, t.revoked_us.is_(None), t.expires_us > now_us)
        .where(u.disabled_us.is_(None))
    )
    row = connection.execute(match).first()
    if row is None:
        raise MissingError("this link was used, or is too old", where="token", fix="start the server again for another")
    connection.execute(update(tokens).where(t.id == row.id).values(revoked_us=now_us))
    secret, csrf = open_session(connection, row.user, now_us)
    return secret, Principal(row.tenant, row.name, row.role, None, csrf)


def add_user(connection: Connection, tenant: str, name: str, role: str, password_hash: str, now_us: int) -> str:
    """The id of a new user; ConflictError when the name is taken."""
    checked_role(role)
    if not name.strip():
        raise FieldError("is empty", where="name", fix="give a name")
    if connection.execute(select(users.c.id).where(users.c.name == name)).scalar():
        raise ConflictError(f"there is already a user '{name}'", where="users", fix="choose another name")
    made = f"us-{secrets.token_hex(5)}"
    row = {"id": made, "tenant": tenant, "name": name, "role": role, "password": password_hash}
    connection.execute(insert(users).values(**row, created_us=now_us, disabled_us=None))
    return made


def disable_user(connection: Connection, tenant: str, user_id: str, now_us: int) -> None:
    """The user may no longer log in, and every session ends."""
    match = (users.c.id == user_id, users.c.tenant == tenant, users.c.disabled_us.is_(None))
    if connection.execute(update(users).where(*match).values(disabled_us=now_us)).rowcount != 1:
        raise MissingError(f"there is no active user '{user_id}'", where="users", fix="see the list of users")
    open_ = (sessions.c.user_id == user_id, sessions.c.revoked_us.is_(None))
    connection.execute(update(sessions).where(*open_).values(revoked_us=now_us))


def list_users(connection: Connection, tenant: str) -> list[dict[str, Any]]:
    """All users of a tenant, without their secrets."""
    c = users.c
    match = select(c.id, c.name, c.role, c.created_us, c.disabled_us).where(c.tenant == tenant).order_by(c.created_us)
    return [dict(row) for row in connection.execute(match).mappings()]


def find_user(connection: Connection, name: str) -> dict[str, Any] | None:
    """The active user of this name, with the hash of the password."""
    row = connection.execute(select(users).where(users.c.name == name, users.c.disabled_us.is_(None))).mappings()
    found = row.first()
    return None if found is None else dict(found)


def open_session(connection: Connection, user_id: str, now_us: int) -> tuple[str, str]:
    """(cookie's secret, csrf secret); only digests and the csrf secret are kept."""
    made, csrf = new_token(), secrets.token_urlsafe(24)
    times = {"created_us": now_us, "expires_us": now_us + SESSION_US, "revoked_us": None}
    connection.execute(insert(sessions).values(digest=digest_of(made), user_id=user_id, csrf=csrf, **times))
    return made, csrf


def close_session(connection: Connection, secret: str, now_us: int) -> None:
    """The cookie is worth nothing any more."""
    connection.execute(update(sessions).where(sessions.c.digest == digest_of(secret)).values(revoked_us=now_us))


def by_session(connection: Connection, secret: str, now_us: int) -> Principal | None:
    """Who holds this cookie."""
    s, u = sessions.c, users.c
    match = (
        select(u.tenant, u.name, u.role, s.csrf)
        .join_from(sessions, users)
        .where(s.digest == digest_of(secret), s.expires_us > now_us, s.revoked_us.is_(None), u.disabled_us.is_(None))
    )
    row = connection.execute(match).first()
    return None if row is None else Principal(row[0], row[1], row[2], None, row[3])


def add_token(
    connection: Connection,
    tenant: str,
    name: str,
    role: str,
    scopes: Sequence[str] | None,
    actor: str,
    now_us: int,
    expires_us: int | None = None,
) -> tuple[str, str]:
    """(id, secret); the secret is shown this once."""
    checked_role(role)
    if unknown := sorted(set(scopes or ()) - set(PERMISSIONS)):
        raise FieldError(
            f"there is no scope '{unknown[0]}'", where="scopes", fix=f"use some of {', '.join(PERMISSIONS)}"
        )
    return _token(connection, tenant, name, role, scopes, actor, now_us, expires_us)


def revoke_token(connection: Connection, tenant: str, token_id: str, now_us: int) -> None:
    """The token is worth nothing any more."""
    match = (tokens.c.id == token_id, tokens.c.tenant == tenant, tokens.c.revoked_us.is_(None))
    if connection.execute(update(tokens).where(*match).values(revoked_us=now_us)).rowcount != 1:
        raise MissingError(f"there is no active token '{token_id}'", where="tokens", fix="see the list of tokens")


def list_tokens(connection: Connection, tenant: str) -> list[dict[str, Any]]:
    """All tokens of a tenant, without their secrets."""
    c = tokens.c
    columns = (c.id, c.name, c.role, c.scopes, c.actor, c.created_us, c.expires_us, c.revoked_us)
    match = select(*columns).where(c.tenant == tenant, c.role.not_in((SETUP, LOGIN))).order_by(c.created_us)
    return [dict(row) for row in connection.execute(match).mappings()]


def by_token(connection: Connection, secret: str, now_us: int) -> Principal | None:
    """Who holds this token."""
    c = tokens.c
    match = select(c.tenant, c.name, c.role, c.scopes, c.expires_us).where(
        c.digest == digest_of(secret), c.revoked_us.is_(None), c.role.not_in((SETUP, LOGIN))
    )
    row = connection.execute(match).first()
    if row is None or (row.expires_us is not None and row.expires_us <= now_us):
        return None
    scopes = None if row.scopes is None else frozenset(row.scopes)
    return Principal(row.tenant, f"token {row.name}", row.role, scopes)


def checked_role(role: str) -> str:
    """The role; FieldError when there is none of this name."""
    if role not in ROLES:
        raise FieldError(f"there is no role '{role}'", where="role", fix=f"use one of {', '.join(ROLES)}")
    return role


def _token(
    connection: Connection,
    tenant: str,
    name: str,
    role: str,
    scopes: Sequence[str] | None,
    actor: str,
    now_us: int,
    expires_us: int | None,
) -> tuple[str, str]:
    made, secret = f"tk-{secrets.token_hex(5)}", new_token()
    row = {"id": made, "tenant": tenant, "name": name, "role": role, "digest": digest_of(secret), "actor": actor}
    times = {"created_us": now_us, "expires_us": expires_us, "revoked_us": None}
    connection.execute(insert(tokens).values(**row, scopes=None if scopes is None else sorted(scopes), **times))
    return made, secret
