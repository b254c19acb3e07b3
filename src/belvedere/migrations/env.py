"""Alembic's door: every domain's tables, lock and statement timeouts, and one migration at a time."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

import belvedere.migrations.env_tables  # noqa: F401 - adds every domain's tables to the metadata
from belvedere.core.schema import metadata

SCHEMAS = frozenset(table.schema for table in metadata.tables.values())


def include_name(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Compare only our schemas, and no monthly parts: those belong to their parents."""
    if kind == "schema":
        return name in SCHEMAS
    if kind == "table" and name:
        return not (name.startswith("api_record") and ("_p2" in name or name.endswith("_default")))
    return True


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        include_name=include_name,
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
