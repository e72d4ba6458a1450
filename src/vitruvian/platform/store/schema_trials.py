"""Trials that are planned here: protocol and tables as they were sent, and what came of them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, String, Table, Text

from vitruvian.platform.store.metadata import metadata

trials = Table(
    "trials",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("protocol", JSON, nullable=False),
    Column("source", String(200), nullable=False),  # the protocol's file
    Column("history_name", String(200), nullable=False),
    Column("history", LargeBinary, nullable=False),  # CSV, UTF-8
    Column("data_name", String(200)),
    Column("data", LargeBinary),
    Column("plan", JSON(none_as_null=True)),
    Column("score", JSON(none_as_null=True)),
    Column("analysis", JSON(none_as_null=True)),
    Column("page", Text),  # the report, HTML
    Column("plan_job", String(64)),
    Column("analysis_job", String(64)),
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Index("ix_trials_tenant", "tenant"),
)
