"""The embedded store: SQLite in write-ahead mode; the same tables stand on PostgreSQL."""

from vitruvian.platform.aside import Aside
from vitruvian.platform.store import schema_asked, schema_fhir, schema_fits, schema_live, schema_trials, schema_trust
from vitruvian.platform.store.facts import Deed, Observation, Receipts, Source, TwinRow
from vitruvian.platform.store.store import Store

__all__ = [
    "Aside",
    "Deed",
    "Observation",
    "Receipts",
    "Source",
    "Store",
    "TwinRow",
    "schema_asked",
    "schema_fhir",
    "schema_fits",
    "schema_live",
    "schema_trials",
    "schema_trust",
]
