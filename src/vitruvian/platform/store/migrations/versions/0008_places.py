"""Where twins are: a ward, a bed, a room; a page shows those of one place together"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("bed", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_places_twin_id"),
        sa.PrimaryKeyConstraint("twin_id", name="pk_places"),
    )
    op.create_index("ix_places_tenant_place", "places", ["tenant", "place"])
