"""Retention: months that have passed their time"""

from alembic import op

from belvedere.migrations import retention

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_all(retention.statements())


def run_all(statements) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    run_all(retention.undo())
