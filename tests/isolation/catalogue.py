"""What stands in the database, and which rules each object must keep."""

from dataclasses import dataclass

import psycopg
from tests.isolation.objects import check_functions, check_objects, check_sequences, check_unique_keys

SCHEMAS = [
    "app", "core", "watch", "ads", "agents", "knowledge", "inventory", "support", "outreach", "reports",
]  # fmt: skip

REFERENCE = {"watch.api_sources", "watch.metric_definitions", "core.installation", "core.partition_plans"}
"""Readable by everybody signed in; no row belongs to a client."""

PEOPLE = {"core.users", "core.user_clients", "core.user_sessions", "core.api_tokens", "core.login_throttle"}
OTHER = {
    "core.clients": "tenant by its own id",
    "core.audit_log": "append-only; owners and admins read",
    "core.observability_logs": "INFO and WARN for staff",
    "core.idempotency_keys": "own keys",
    "core.rate_budgets": "service role",
    "core.alembic_version": "revision number, no rows of anybody",
}
LOADED = {
    "watch.api_record_metrics", "watch.api_records", "ads.metric_observations", "ads.campaign_metrics",
    "ads.ads_daily_metrics",
}  # fmt: skip
"""Bulk tables that the loader may INSERT into, past row policies, because PostgreSQL refuses COPY under them."""


@dataclass(frozen=True)
class Table:
    name: str
    kind: str
    rls: bool
    forced: bool
    parent: str | None
    options: str
    policed: bool
    readers: list[str]


TABLES = """
SELECT n.nspname || '.' || c.relname, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity,
    (SELECT pn.nspname || '.' || p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
     JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid),
    coalesce(c.reloptions::text, ''),
    EXISTS (SELECT 1 FROM pg_policy y WHERE y.polrelid = c.oid),
    ARRAY(SELECT r.rolname::text FROM pg_roles r
          WHERE r.rolname IN ('authenticated', 'anon', 'authn_r', 'worker_scoped')
            AND (has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                 OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1
"""


def read_tables(admin: psycopg.Connection) -> list[Table]:
    return [Table(*row) for row in admin.execute(TABLES, [SCHEMAS]).fetchall()]


def find_faults(admin: psycopg.Connection, tenants: set[str]) -> list[str]:
    """Everything that breaks the rules of isolation; empty when the house is in order."""
    faults = []
    partitioned = {row[0] for row in admin.execute("SELECT table_name FROM core.partition_plans").fetchall()}
    for table in read_tables(admin):
        if table.kind in ("v", "m"):
            faults += check_view(table)
            continue
        listed = table.name in tenants | REFERENCE | PEOPLE | set(OTHER) | {"core.creds_meta"}
        if not listed and table.parent not in partitioned:
            faults.append(f"{table.name} is not listed in the isolation matrix")
        if table.name == "core.alembic_version":
            continue
        if not table.rls or not table.forced:
            faults.append(
                f"{table.name} has row level security {'on but not forced' if table.rls else 'off'}"
            )
        if table.parent in partitioned:
            faults += [f"{table.name} can be read past its parent by {role}" for role in table.readers]
        elif not table.policed:
            faults.append(f"{table.name} has no policy")
    return (
        faults
        + check_roles(admin)
        + check_foreign_keys(admin, tenants)
        + check_objects(admin, SCHEMAS)
        + check_functions(admin, SCHEMAS)
        + check_sequences(admin, SCHEMAS)
        + check_unique_keys(admin, SCHEMAS, tenants)
    )


def check_view(view: Table) -> list[str]:
    if view.kind == "m":
        return [f"{view.name} is materialised and ignores policies"] if view.readers else []
    invoker = "security_invoker=true" in view.options
    return [] if invoker else [f"{view.name} reads with the rights of its owner"]


def check_roles(admin: psycopg.Connection) -> list[str]:
    rows = admin.execute(
        "SELECT rolname FROM pg_roles WHERE (rolbypassrls OR rolsuper) AND rolname IN ('owner_r', 'authz_r', 'vault_r',"
        " 'auditor_r', 'authenticated', 'anon', 'authn_r', 'worker_scoped', 'service_role', 'log_writer', 'inspector_r')"
    ).fetchall()
    faults = [f"role {row[0]} passes row level security" for row in rows]
    loader = admin.execute(
        "SELECT table_schema || '.' || table_name || ' ' || privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'loader' ORDER BY 1"
    ).fetchall()
    if not {row[0] for row in loader} <= {f"{table} INSERT" for table in LOADED}:
        faults.append(f"the loader may do more than insert bulk rows: {loader}")
    return faults


def check_foreign_keys(admin: psycopg.Connection, tenants: set[str]) -> list[str]:
    """A foreign key between tenant tables carries the client on both sides, else it leads across."""
    rows = admin.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, conname,"
        " (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)),"
        " (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = confrelid AND attnum = ANY (confkey))"
        " FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
    ).fetchall()
    faults = []
    for child, parent, name, own, theirs in rows:
        carries = "client_id" in theirs and any(column.endswith("client_id") for column in own)
        if qualified(child) in tenants and qualified(parent) in tenants | {"core.creds_meta"} and not carries:
            faults.append(f"{name} of {child} does not carry the client")
    return faults


def qualified(name: str) -> str:
    """Names come without their schema where the search path of the caller finds them."""
    return name if "." in name else f"watch.{name}"
