"""What the revision of the schema `support` adds beside its tables: policies, grants, triggers."""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import TenantTable, tenant_policies

TENANTS: tuple[TenantTable, ...] = (
    TenantTable("support.support_curated_replies", person_verbs="SELECT, INSERT, UPDATE"),
)


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    yield read_sql("0007_support.sql")
    for table in TENANTS:
        yield from tenant_policies(table)
