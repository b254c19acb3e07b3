"""Severity: HIGH of advertising counts as a warning"""

from alembic import op

from belvedere.migrations.ground import read_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NOW = "info, warning or critical: LOW is info, MEDIUM and HIGH warning, CRITICAL critical; one without counts as warning."
BEFORE = (
    "info, warning or critical: LOW is info, MEDIUM warning, HIGH and CRITICAL critical;"
    " an alert without one counts as warning."
)


def upgrade() -> None:
    put_view("warning", NOW)


def downgrade() -> None:
    put_view("critical", BEFORE)


def put_view(word: str, said: str) -> None:
    statement = read_sql("0018_severity.sql").replace("{word}", word).replace("{said}", said)
    op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
