"""The inbox: what its views filter by stands in the index of open alerts"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_watchtower_alerts_open", "watchtower_alerts"
RESTING = "ix_watchtower_alerts_resting"
NEWEST = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
BEFORE = ["severity", "is_acknowledged", "source_id"]


def upgrade() -> None:
    replace([*BEFORE, "rule_id", "snoozed_until"])
    op.create_index(
        RESTING,
        TABLE,
        ["client_id", *NEWEST],
        schema="watch",
        postgresql_where=sa.text("state = 'open' AND snoozed_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(RESTING, TABLE, schema="watch")
    replace(BEFORE)


def replace(beside: list[str]) -> None:
    op.drop_index(NAME, TABLE, schema="watch")
    op.create_index(
        NAME,
        TABLE,
        ["client_id", *NEWEST],
        schema="watch",
        postgresql_include=beside,
        postgresql_where=sa.text("state = 'open'"),
    )
