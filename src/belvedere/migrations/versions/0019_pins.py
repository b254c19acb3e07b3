"""Pins: a month stays while an open alert points to a record of it"""

from alembic import op

from belvedere.migrations.ground import function_of, read_sql
from belvedere.migrations.policies import policy

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ALERTS = "watch.watchtower_alerts"
FUNCTION = "watch.keep_current_records(regclass)"


def upgrade() -> None:
    # The guard runs as a role that looks past the policies of people, so it gets one of its own.
    op.execute(policy(ALERTS, "authz", "SELECT", "authz_r", "true"))
    op.execute(f"GRANT SELECT ON {ALERTS} TO authz_r")
    replace(read_sql("0019_pins.sql"))


def downgrade() -> None:
    replace(function_of("0010_retention.sql", "keep_current_records"))
    op.execute(f"REVOKE SELECT ON {ALERTS} FROM authz_r")
    op.execute(f"DROP POLICY authz_select ON {ALERTS}")


def replace(statement: str) -> None:
    op.execute(f"ALTER FUNCTION {FUNCTION} OWNER TO owner_r")
    made = statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    op.get_bind().exec_driver_sql(made.replace("%", "%%"))
    op.execute("GRANT CREATE ON SCHEMA watch TO authz_r")
    op.execute(f"ALTER FUNCTION {FUNCTION} OWNER TO authz_r")
    op.execute("REVOKE CREATE ON SCHEMA watch FROM authz_r")
