"""On PostgreSQL readings lie in 16 partitions by twin, so that indexes stay small and vacuum works on parts

Not by month: a version chain, a key of a twin and its readings by time must each lie in one partition, or the database
could not hold them unique. SQLite has no partitions and is left as it is.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

PARTS = 16
NAMES = ("ix_observations_twin_id_valid_us", "ix_observations_twin_id_known_us")


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE observations RENAME TO observations_whole")
    for name in NAMES:
        op.execute(f"DROP INDEX {name}")
    op.execute("CREATE TABLE observations (LIKE observations_whole INCLUDING DEFAULTS) PARTITION BY HASH (twin_id)")
    for part in range(PARTS):
        op.execute(
            f"CREATE TABLE observations_{part:02d} PARTITION OF observations "
            f"FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {part})"
        )
    op.execute("INSERT INTO observations SELECT * FROM observations_whole")
    op.execute("DROP TABLE observations_whole")
    for constraint in (
        "pk_observations PRIMARY KEY (seq, twin_id)",
        "uq_observations_tenant_idempotency_key UNIQUE (tenant, idempotency_key, twin_id)",
        "uq_observations_twin_id_reading_id_version UNIQUE (twin_id, reading_id, version)",
        "fk_observations_twin_id FOREIGN KEY (twin_id) REFERENCES twins (id)",
        "fk_observations_source_id FOREIGN KEY (source_id) REFERENCES sources (id)",
    ):
        op.execute(f"ALTER TABLE observations ADD CONSTRAINT {constraint}")
    for name in NAMES:
        op.execute(f"CREATE INDEX {name} ON observations (twin_id, {name.rpartition('twin_id_')[2]})")
