"""What the revision of the schema `inventory` adds beside its tables: policies, grants, triggers."""

from collections.abc import Iterator

from belvedere.migrations.policies import TenantTable, tenant_policies

TABLES = ("suppliers", "inventory_snapshots", "reorder_points", "supplier_lead_times")
TENANTS: tuple[TenantTable, ...] = tuple(TenantTable(f"inventory.{name}") for name in TABLES)


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    for name in TABLES:
        yield (
            f"CREATE TRIGGER update_{name}_updated_at BEFORE UPDATE ON inventory.{name} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    for table in TENANTS:
        yield from tenant_policies(table)
