"""Where the alarm policy of a rule stands with each twin: written with the alert it raises, in one transaction"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("twin_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["rules.id"], name="fk_watches_rule_id_rules"),
        sa.ForeignKeyConstraint(["twin_id"], ["twins.id"], name="fk_watches_twin_id_twins"),
        sa.PrimaryKeyConstraint("rule_id", "twin_id", name="pk_watches"),
    )
