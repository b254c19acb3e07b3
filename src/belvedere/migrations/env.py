"""Alembic's door: every domain's tables, lock and statement timeouts, and one migration at a time."""

import re
from typing import Any, cast

from alembic import context
from sqlalchemy import Connection, ForeignKeyConstraint, create_engine, text
from sqlalchemy.schema import SchemaItem

import belvedere.migrations.env_tables  # noqa: F401 - adds every domain's tables to the metadata
from belvedere.core.schema import metadata

PART = re.compile(r"_(p\d{6}|default)$")
SCHEMAS = frozenset(table.schema for table in metadata.tables.values())


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Compare only our schemas, and no monthly parts: those belong to their parents."""
    if kind == "schema":
        return name in SCHEMAS
    return not (kind == "table" and name and is_part(name))


def is_part(name: str) -> bool:
    return PART.search(name) is not None


def include_object(item: SchemaItem, _name: str | None, kind: str, reflected: bool, _other: object) -> bool:  # noqa: FBT001
    """PostgreSQL repeats a foreign key for each part of the referred table; only the one to the whole is ours."""
    if kind == "foreign_key_constraint" and reflected:
        return not any(
            is_part(element.column.table.name) for element in cast("ForeignKeyConstraint", item).elements
        )
    return True


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=include_name,
        include_object=include_object,
        version_table="alembic_version",
        version_table_schema="core",
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    engine = create_engine(url or "")
    with engine.connect() as connection:
        connection.execute(text("SET ROLE owner_r"))
        connection.commit()
        run(connection)


main()
