"""The first tables: subjects, twins, sources, observations, actions, kept-aside rows, beliefs, forecasts"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=200), nullable=False),
        sa.Column("key_id", sa.String(length=200), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("tenant", "pseudonym", name="uq_subjects_tenant_pseudonym"),
    )
    op.create_table(
        "twins",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("kind_version", sa.String(length=64), nullable=False),
        sa.Column("artefact", sa.String(length=200), nullable=False),
        sa.Column("case_document", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_twins_subject_id"),
        sa.PrimaryKeyConstraint("id", name="pk_twins"),
    )
    op.create_index("ix_twins_tenant_subject_id", "twins", ["tenant", "subject_id"])

    op.create_table(
        "beliefs",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("kind_version", sa.String(length=64), nullable=False),
        sa.Column("artefact", sa.String(length=200), nullable=False),
        sa.Column("method", sa.String(length=200), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_beliefs_twin_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_beliefs"),
        sa.UniqueConstraint("twin_id", "version", name="uq_beliefs_twin_id_version"),
    )
    op.create_table(
        "forecasts",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("belief_version", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_forecasts_twin_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_forecasts"),
        sa.UniqueConstraint("twin_id", "version", name="uq_forecasts_twin_id_version"),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_sources_twin_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_index("ix_sources_twin_id_seq", "sources", ["twin_id", "seq"])

    op.create_table(
        "actions",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("source_row", sa.String(length=200), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_actions_source_id"),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_actions_twin_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_actions"),
        sa.UniqueConstraint("tenant", "idempotency_key", name="uq_actions_tenant_idempotency_key"),
        sa.UniqueConstraint("twin_id", "action_id", "version", name="uq_actions_twin_id_action_id_version"),
    )
    op.create_index("ix_actions_twin_id_at_us", "actions", ["twin_id", "at_us"])
    op.create_index("ix_actions_twin_id_known_us", "actions", ["twin_id", "known_us"])

    op.create_table(
        "kept_aside",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_kept_aside_source_id"),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_kept_aside_twin_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_kept_aside"),
        sa.UniqueConstraint("tenant", "idempotency_key", name="uq_kept_aside_tenant_idempotency_key"),
    )
    op.create_index("ix_kept_aside_twin_id_seq", "kept_aside", ["twin_id", "seq"])

    op.create_table(
        "observations",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("valid_us", sa.BigInteger(), nullable=False),
        sa.Column("observable", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("sd", sa.Double(), nullable=True),
        sa.Column("limit_flag", sa.SmallInteger(), nullable=False),
        sa.Column("sensor", sa.String(length=200), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("reading_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("source_row", sa.String(length=200), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("known_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_observations_source_id"),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_observations_twin_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_observations"),
        sa.UniqueConstraint("tenant", "idempotency_key", name="uq_observations_tenant_idempotency_key"),
        sa.UniqueConstraint("twin_id", "reading_id", "version", name="uq_observations_twin_id_reading_id_version"),
    )
    op.create_index("ix_observations_twin_id_valid_us", "observations", ["twin_id", "valid_us"])
    op.create_index("ix_observations_twin_id_known_us", "observations", ["twin_id", "known_us"])
    op.execute("INSERT INTO counters (name, value) VALUES ('ingest', 0)")  # the last ingest sequence given out
