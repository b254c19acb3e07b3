"""Digests: what closed since the one before, without a look at every alert"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_watchtower_alerts_resolved_at", "watchtower_alerts", ["client_id", "resolved_at"],
        schema="watch", postgresql_where=sa.text("state = 'resolved'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_watchtower_alerts_resolved_at", table_name="watchtower_alerts", schema="watch")
