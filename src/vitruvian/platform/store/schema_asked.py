"""What people keep on the server: what-ifs under a name, and where twins are. A change takes the row's place."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table

from vitruvian.platform.store.metadata import metadata

what_ifs = Table(
    "what_ifs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("twin_id", ForeignKey("twins.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("plan", JSON, nullable=False),  # hours, options, goal: as they are sent to be compared and ranked
    Column("actor", String(200), nullable=False),  # who made it
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("changed_by", String(200), nullable=False),
    Column("ended_us", BigInteger),
    Index("ix_what_ifs_tenant_twin_id", "tenant", "twin_id"),
)

places = Table(  # where a twin is now; where it was before stands in the audit log
    "places",
    metadata,
    Column("twin_id", ForeignKey("twins.id"), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("place", String(200), nullable=False),
    Column("bed", String(60), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Index("ix_places_tenant_place", "tenant", "place"),
)
