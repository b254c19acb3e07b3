"""What revision 0002 adds for the whole database: schemas, plans of monthly parts, logs in parts."""

import re
from collections.abc import Iterator
from importlib import resources

from belvedere.migrations.policies import TenantTable, policy, protect, reference_policies
from belvedere.migrations.spine import ALL_ROLES

SCHEMAS = ("ads", "agents", "knowledge", "inventory", "support", "outreach", "reports")
TENANTS: tuple[TenantTable, ...] = ()
PRIVATE = (
    "core.plan_partitions(regclass, text, name, integer, integer, text)",
    "core.protect_part(name, name)",
)


def read_sql(name: str) -> str:
    return (resources.files("belvedere.migrations") / "sql" / name).read_text()


def schemas() -> Iterator[str]:
    for schema in SCHEMAS:
        yield f"CREATE SCHEMA {schema}"
        yield f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(ALL_ROLES)}"


def statements() -> Iterator[str]:
    yield read_sql("0002_ground.sql")
    yield from plan_policies()
    yield from log_policies()
    yield "SELECT core.plan_partitions('core.observability_logs', 'time', 'created_at', 4, 2)"
    yield "SELECT core.plan_partitions('watch.api_records', 'uuid7', 'id')"
    yield "SELECT core.plan_partitions('watch.api_record_metrics', 'uuid7', 'record_id')"


def plan_policies() -> Iterator[str]:
    yield from reference_policies("core.partition_plans", staff_verbs="")
    for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        yield policy("core.partition_plans", "owner", verb, "owner_r", "true")
    yield policy("core.partition_plans", "govern", "UPDATE", "authenticated", "(SELECT app.governs())")
    yield policy("core.partition_plans", "service", "UPDATE", "service_role", "true")
    yield (
        "GRANT UPDATE (months_ahead, retention_months, updated_at) ON core.partition_plans"
        " TO authenticated, service_role"
    )
    yield (
        "CREATE TRIGGER update_partition_plans_updated_at BEFORE UPDATE ON core.partition_plans FOR EACH ROW"
        " EXECUTE FUNCTION core.update_updated_at_column()"
    )
    for function in PRIVATE:
        yield f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"


def log_policies() -> Iterator[str]:
    """The policies that the logs had before they were parted."""
    table = "core.observability_logs"
    yield from protect(table)
    yield policy(table, "person", "SELECT", "authenticated",
                 "level IN ('INFO', 'WARN') AND (SELECT app.is_staff())"
                 " AND client_id = ANY ((SELECT app.my_clients())::int[])")  # fmt: skip
    yield policy(table, "writer", "INSERT", "log_writer", "true")
    for verb in ("SELECT", "DELETE"):
        yield policy(table, "service", verb, "service_role", "true")
    yield policy(table, "inspector", "SELECT", "inspector_r", "true")
    yield f"GRANT SELECT ON {table} TO authenticated, service_role, inspector_r"
    yield f"GRANT DELETE ON {table} TO service_role"
    yield f"GRANT INSERT ON {table} TO log_writer"


MADE = (
    "core.plan_partitions(regclass, text, name, integer, integer, text)",
    "core.create_hypertable(regclass, name)",
    "core.month_bound(text, timestamptz)",
    "core.protect_part(name, name)",
    "core.minor_digits(text)",
)


def undo() -> Iterator[str]:
    """Back to the schema of the first revision; its own function for parts knows the two tables that had them."""
    yield function_of("0001_functions.sql", "ensure_partitions")
    for function in MADE:
        yield f"DROP FUNCTION {function}"
    yield "DROP TABLE core.partition_plans"
    for schema in SCHEMAS:
        yield f"DROP SCHEMA {schema}"


def function_of(file: str, name: str) -> str:
    """The text of one function of a file, as one that replaces what stands."""
    found = re.search(
        rf"CREATE (?:OR REPLACE )?FUNCTION ((?:core|watch)\.{name}\(.*?\n\$\$;)", read_sql(file), re.DOTALL
    )
    if found is None:
        raise LookupError(f"{file} has no function {name}")
    return f"CREATE OR REPLACE FUNCTION {found.group(1)}"
