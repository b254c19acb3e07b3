"""Indexes for lists that are read client by client"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEWEST = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
OPEN = sa.text("state = 'open'")
NOT_REPLAYED = sa.text("replayed_at IS NULL")
UNSENT = sa.text("state <> 'sent'")
FILTERED_BY = ["severity", "is_acknowledged", "source_id"]


def upgrade() -> None:
    for name, table in REPLACED:
        op.drop_index(name, table, schema="watch")
    op.create_index("ix_api_snapshots_client_id_created_at", "api_snapshots", ["client_id", *NEWEST], schema="watch")
    op.create_index("ix_api_snapshots_client_id_source_id_created_at", "api_snapshots", ["client_id", "source_id", *NEWEST], schema="watch")
    op.create_index("ix_api_snapshots_client_id_account_id_created_at", "api_snapshots", ["client_id", "account_id", *NEWEST], schema="watch")
    op.create_index("ix_record_rejects_client_id_created_at", "record_rejects", ["client_id", *NEWEST], schema="watch")
    op.create_index("ix_record_rejects_open", "record_rejects", ["client_id", *NEWEST], schema="watch", postgresql_where=NOT_REPLAYED)
    op.create_index("ix_watchtower_alerts_client_id_created_at", "watchtower_alerts", ["client_id", *NEWEST], schema="watch", postgresql_include=["state", *FILTERED_BY])
    op.create_index("ix_watchtower_alerts_client_id_rule_id_created_at", "watchtower_alerts", ["client_id", "rule_id", *NEWEST], schema="watch")
    op.create_index("ix_watchtower_alerts_open", "watchtower_alerts", ["client_id", *NEWEST], schema="watch", postgresql_include=FILTERED_BY, postgresql_where=OPEN)
    op.create_index("ix_deliveries_unsent", "deliveries", ["client_id", *NEWEST], schema="core", postgresql_where=UNSENT)


REPLACED = (
    ("ix_api_snapshots_client_id_created_at", "api_snapshots"),
    ("ix_record_rejects_open", "record_rejects"),
    ("ix_watchtower_alerts_client_id_created_at", "watchtower_alerts"),
)
ADDED = (
    ("ix_api_snapshots_client_id_source_id_created_at", "api_snapshots"),
    ("ix_api_snapshots_client_id_account_id_created_at", "api_snapshots"),
    ("ix_record_rejects_client_id_created_at", "record_rejects"),
    ("ix_watchtower_alerts_client_id_rule_id_created_at", "watchtower_alerts"),
    ("ix_watchtower_alerts_open", "watchtower_alerts"),
)


def downgrade() -> None:
    op.drop_index("ix_deliveries_unsent", "deliveries", schema="core")
    for name, table in (*ADDED, *REPLACED):
        op.drop_index(name, table, schema="watch")
    op.create_index("ix_watchtower_alerts_client_id_created_at", "watchtower_alerts", ["client_id", *NEWEST], schema="watch")
    op.create_index("ix_record_rejects_open", "record_rejects", ["client_id", "created_at"], schema="watch", postgresql_where=NOT_REPLAYED)
    op.create_index("ix_api_snapshots_client_id_created_at", "api_snapshots", ["client_id", NEWEST[0]], schema="watch")
