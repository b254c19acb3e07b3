"""Sources: targets to watch and source health"""

import sqlalchemy as sa
from alembic import op

from belvedere.migrations import sources

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_snapshots", sa.Column("received_records", sa.Integer(), nullable=True, comment="Rows that came, the refused ones too; NULL until stored."), schema="watch")
    op.add_column("source_accounts", sa.Column("overruns", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="Planned readings that waited because the one before still ran."), schema="watch")
    run(sources.statements())


def downgrade() -> None:
    run(sources.undo())
    op.drop_column("source_accounts", "overruns", schema="watch")
    op.drop_column("api_snapshots", "received_records", schema="watch")


def run(statements) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
