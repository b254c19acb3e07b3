"""Delivery: messages for several things, and things that are told again"""

import sqlalchemy as sa
from alembic import op

from belvedere.migrations import delivery

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROUND = "Which telling of its kind it is, from 0; more than one where a thing is told again."


def upgrade() -> None:
    op.drop_constraint(delivery.OLD_UNIQUE, "deliveries", schema="core")
    op.drop_constraint("pk_delivery_members", "delivery_members", schema="core")
    for table in ("deliveries", "delivery_members"):
        op.add_column(table, sa.Column("round", sa.Integer(), server_default=sa.text("0"), nullable=False, comment=ROUND), schema="core")
        op.create_check_constraint(op.f(f"ck_{table}_round_not_negative"), table, "round >= 0", schema="core")
    op.create_unique_constraint(
        "uq_deliveries_told_once", "deliveries",
        ["client_id", "subject_type", "subject_id", "kind", "round", "channel", "destination"], schema="core",
    )  # fmt: skip
    op.create_primary_key(
        op.f("pk_delivery_members"), "delivery_members",
        ["client_id", "subject_type", "subject_id", "kind", "round", "channel", "destination"], schema="core",
    )  # fmt: skip
    op.create_index(
        "ix_deliveries_ends", "deliveries", ["client_id"], schema="core",
        postgresql_where=sa.text("state = 'ready' AND kind IN ('resolved', 'again')"),
    )  # fmt: skip
    op.create_index(
        "ix_deliveries_line", "deliveries",
        ["channel", sa.text("(CASE WHEN channel = 'email' THEN '' ELSE destination END)"), sa.text("(severity = 'critical' OR attempts > 0)"), "next_at"],
        schema="core", postgresql_where=sa.text("state = 'ready'"),
    )  # fmt: skip
    op.create_index(
        "ix_deliveries_told_with", "deliveries", ["client_id", sa.literal_column("(message ->> 'told_with')")],
        schema="core", postgresql_where=sa.text("message ->> 'told_with' IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    for statement in delivery.undo():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
