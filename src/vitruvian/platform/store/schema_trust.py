"""Who may do what, and who did what: tables of users, sessions, tokens, the audit log and kept replies.

Secrets are stored as digests only. The audit log is append-only: the database itself refuses a change (migration 0002).
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from vitruvian.platform.store.metadata import Sequence64, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(64), nullable=False),
    Column("password", String(200), nullable=False),  # argon2id, with its own salt and costs
    Column("created_us", BigInteger, nullable=False),
    Column("disabled_us", BigInteger),
    Unique("name"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(64), nullable=False),
    Column("scopes", JSON),  # none: all that the role may
    Column("digest", String(64), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("revoked_us", BigInteger),
    Unique("digest"),
    Index("ix_tokens_tenant", "tenant"),
)

audit = Table(
    "audit",
    metadata,
    Column("n", Sequence64, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("permission", String(64), nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Index("ix_audit_tenant_n", "tenant", "n"),
)

replies = Table(  # answers to requests with an idempotency key: the same key gets the same answer
    "replies",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),  # of method, path and body
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
