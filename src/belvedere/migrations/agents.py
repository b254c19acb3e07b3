"""What the revision of the schema `agents` adds beside its tables: policies, grants, triggers, parts and views."""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import TenantTable, tenant_policies

TENANTS: tuple[TenantTable, ...] = (
    TenantTable("agents.agent_run", person_verbs="", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("agents.agent_approval", worker_verbs="SELECT, INSERT, UPDATE"),
)

STAMPED = ("agents.agent_run", "agents.agent_approval")


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    for table in TENANTS:
        yield from open_tenant(table)
    yield read_sql("0003_agents.sql")
    for name in STAMPED:
        yield (
            f"CREATE TRIGGER update_{name.split('.')[1]}_updated_at BEFORE UPDATE ON {name} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )


def open_tenant(table: TenantTable) -> Iterator[str]:
    """The policies of one table; a role without verbs gets no grant."""
    return (statement for statement in tenant_policies(table) if not statement.startswith("GRANT  ON"))


def undo() -> Iterator[str]:
    """Back to the schema as it was before the revision."""
    for table in reversed(TENANTS):
        yield f"DROP TABLE {table.name} CASCADE"
    yield "DROP FUNCTION agents.seal_approval(), agents.hash_approval(text, text, jsonb, jsonb, text, timestamptz)"
