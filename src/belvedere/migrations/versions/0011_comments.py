"""Comments on the tables of the first revisions"""

from alembic import op

from belvedere.migrations.ground import read_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(read_sql("0011_comments.sql").replace("%", "%%"))


def downgrade() -> None:
    """Comments change nothing that a program sees, so the older schema keeps them."""
