"""Fits of a kind that were made from a tenant's own subjects, and which of them was in use from when on."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from vitruvian.platform.store.metadata import metadata

fits = Table(  # a fit that was made and compared; whether it was ever used stands in fit_uses
    "fits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("kind", String(200), nullable=False),
    Column("artefact", String(128), nullable=False),
    Column("against", String(128), nullable=False),  # the fit it was made from and compared with
    Column("origin", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why it was made: what had drifted
    Column("compared", JSON, nullable=False),  # on subjects that neither saw
    Column("blob", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index("ix_fits_tenant_kind", "tenant", "kind"),
)

fit_uses = Table(  # only added to: to go back is a new row that names an old fit
    "fit_uses",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("kind", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("fit_id", ForeignKey("fits.id")),  # none: as it came with the package
    Column("artefact", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
