"""Trials are planned and analysed on the server: protocol, history, data, and what came of them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "trials",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("protocol", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("history_name", sa.String(length=200), nullable=False),
        sa.Column("history", sa.LargeBinary(), nullable=False),
        sa.Column("data_name", sa.String(length=200), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("plan", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("score", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("analysis", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("plan_job", sa.String(length=64), nullable=True),
        sa.Column("analysis_job", sa.String(length=64), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trials"),
    )
    op.create_index("ix_trials_tenant", "trials", ["tenant"])
