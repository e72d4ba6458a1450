"""The newest belief and the forecast before a reading are found by index: a twin that is followed has thousands"""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = ("beliefs", "forecasts")


def upgrade() -> None:
    for table in TABLES:
        op.create_index(f"ix_{table}_twin_id_known_us", table, ["twin_id", "known_us"])
