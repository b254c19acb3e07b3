"""What the revision of the schema `support` adds beside its tables: policies, grants, triggers, parts and views."""

from collections.abc import Iterator

from belvedere.migrations.policies import TenantTable

TENANTS: tuple[TenantTable, ...] = ()


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    yield from ()
