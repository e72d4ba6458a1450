"""Resources and messages as they came: every version of every FHIR resource, what is searched, merges, raw messages.

`fhir_versions`, `merges` and `messages` are only ever added to. `fhir_heads` and `fhir_terms` are an index of the
newest versions, made from the others.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from vitruvian.platform.store.metadata import Sequence64, metadata


def _seq() -> Column[int]:
    return Column("seq", Sequence64, primary_key=True, autoincrement=False)


fhir_versions = Table(
    "fhir_versions",
    metadata,
    _seq(),
    Column("tenant", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("body", Text, nullable=False),  # JSON as it is served, numbers as they were written
    Column("updated_us", BigInteger, nullable=False),
    Column("method", String(16), nullable=False),  # how it came: POST, PUT, DELETE
    Column("source", String(200), nullable=False),  # fhir, or the message it was made from
    Column("actor", String(200), nullable=False),
    Unique("tenant", "type", "id", "version"),
)

fhir_heads = Table(
    "fhir_heads",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Index("ix_fhir_heads_tenant_type_seq", "tenant", "type", "seq"),
)

fhir_terms = Table(  # values of search parameters, of the newest version
    "fhir_terms",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("parameter", String(64), nullable=False),
    Column("value", Text),  # code, folded text, reference, address, unit
    Column("extra", Text),  # system of a code or unit, text as written
    Column("low", Double),  # ends of a time in us, or a number
    Column("high", Double),
    Index("ix_fhir_terms_parameter_value", "tenant", "type", "parameter", "value"),
    Index("ix_fhir_terms_parameter_low", "tenant", "type", "parameter", "low"),
)

merges = Table(  # two patients are one; `undoes` is the seq of the merge that was wrong
    "merges",
    metadata,
    _seq(),
    Column("tenant", String(64), nullable=False),
    Column("patient", String(64), nullable=False),
    Column("into", String(64), nullable=False),
    Column("undoes", BigInteger),
    Column("said_us", BigInteger, nullable=False),
    Column("source", String(200), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Index("ix_merges_tenant_patient", "tenant", "patient"),
)

messages = Table(
    "messages",
    metadata,
    _seq(),
    Column("tenant", String(64), nullable=False),
    Column("protocol", String(16), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),  # of sender, id and content: the idempotency key
    Column("raw", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Unique("tenant", "protocol", "digest"),
)
