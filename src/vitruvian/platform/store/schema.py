"""The tables, in types that SQLite and PostgreSQL both have. Times are UTC microseconds; nothing is ever overwritten.

Every fact carries `seq`, its place in the one order of ingestion: cursors run on it, never on a reading's own time, so
that back-filled rows are not lost. `known_us` is when the fact became known, `received_us` when it reached this store.
The migrations make these tables; a test holds the two equal.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from vitruvian.platform.store.metadata import Sequence64, metadata


def _seq() -> Column[int]:
    return Column("seq", Sequence64, primary_key=True, autoincrement=False)


def _owner() -> list[Column[str]]:
    return [
        Column("tenant", String(64), nullable=False),
        Column("twin_id", String(64), ForeignKey("twins.id"), nullable=False),
    ]


def _chain(what: str) -> list[Column[object]]:
    """A version chain: `version` counts arrivals, `supersedes` is the seq of the version this one replaces."""
    return [
        Column(f"{what}_id", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("supersedes", BigInteger),
        Column("removed", Boolean, nullable=False),
        Column("idempotency_key", String(200), nullable=False),
        Column("source_id", ForeignKey("sources.id"), nullable=False),
        Column("source_row", String(200), nullable=False),
        Column("raw", Text, nullable=False),
        Column("known_us", BigInteger, nullable=False),
        Column("received_us", BigInteger, nullable=False),
    ]


counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("pseudonym", String(200), nullable=False),
    Column("key_id", String(200)),  # names the key that seals this subject's fields; none in an open store
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("tenant", "pseudonym"),
)

twins = Table(
    "twins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("subject_id", ForeignKey("subjects.id"), nullable=False),
    Column("kind", String(200), nullable=False),
    Column("kind_version", String(64), nullable=False),
    Column("artefact", String(200), nullable=False),
    Column("case_document", JSON, nullable=False),  # origin, zone, subject, series
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_twins_tenant_subject_id", "tenant", "subject_id"),
)

sources = Table(  # one file, message or hand that brought facts
    "sources",
    metadata,
    Column("id", String(64), primary_key=True),
    *_owner(),
    Column("seq", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("format", String(64), nullable=False),
    Column("digest", String(128), nullable=False),
    Column("report", JSON),  # what was found in it; none until it was read to its end
    Column("actor", String(200), nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Index("ix_sources_twin_id_seq", "twin_id", "seq"),
)

observations = Table(
    "observations",
    metadata,
    _seq(),
    *_owner(),
    Column("valid_us", BigInteger, nullable=False),
    Column("observable", String(200), nullable=False),
    Column("value", Double, nullable=False),  # a removal repeats the value it takes back
    Column("unit", String(64), nullable=False),
    Column("sd", Double),
    Column("limit_flag", SmallInteger, nullable=False),
    Column("sensor", String(200), nullable=False),
    Column("device", String(200), nullable=False),
    *_chain("reading"),
    UniqueConstraint("tenant", "idempotency_key"),
    UniqueConstraint("twin_id", "reading_id", "version"),
    Index("ix_observations_twin_id_valid_us", "twin_id", "valid_us"),
    Index("ix_observations_twin_id_known_us", "twin_id", "known_us"),
)

actions = Table(
    "actions",
    metadata,
    _seq(),
    *_owner(),
    Column("at_us", BigInteger, nullable=False),
    Column("type", String(200), nullable=False),
    Column("body", JSON, nullable=False),  # the fields of the kind's action; its times are the columns
    *_chain("action"),
    UniqueConstraint("tenant", "idempotency_key"),
    UniqueConstraint("twin_id", "action_id", "version"),
    Index("ix_actions_twin_id_at_us", "twin_id", "at_us"),
    Index("ix_actions_twin_id_known_us", "twin_id", "known_us"),
)

kept_aside = Table(  # rows that could not be used, with the reason and what would cure it
    "kept_aside",
    metadata,
    _seq(),
    *_owner(),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("column", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("idempotency_key", String(200), nullable=False),
    Column("received_us", BigInteger, nullable=False),
    UniqueConstraint("tenant", "idempotency_key"),
    Index("ix_kept_aside_twin_id_seq", "twin_id", "seq"),
)

beliefs = Table(
    "beliefs",
    metadata,
    _seq(),
    *_owner(),
    Column("version", Integer, nullable=False),
    Column("known_us", BigInteger, nullable=False),  # nothing known later went into it
    Column("at_us", BigInteger, nullable=False),
    Column("kind", String(200), nullable=False),
    Column("kind_version", String(64), nullable=False),
    Column("artefact", String(200), nullable=False),
    Column("method", String(200), nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("digest", String(128), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("twin_id", "version"),
    Index("ix_beliefs_twin_id_known_us", "twin_id", "known_us"),
)

forecasts = Table(
    "forecasts",
    metadata,
    _seq(),
    *_owner(),
    Column("version", Integer, nullable=False),
    Column("known_us", BigInteger, nullable=False),
    Column("belief_version", Integer, nullable=False),
    Column("request", JSON, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("digest", String(128), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("twin_id", "version"),
    Index("ix_forecasts_twin_id_known_us", "twin_id", "known_us"),
)
