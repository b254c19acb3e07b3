"""Batches to tables: COPY into a temporary table, then INSERT … SELECT under the policies of the service role."""

from collections.abc import Iterable

from psycopg import sql
from sqlalchemy import text

from belvedere.core.database import WriteSession, driver_connection
from belvedere.seeding.world import Batch

_PREPARE = text(
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)"
)


async def prepare_session(session: WriteSession) -> None:
    """For a transaction that writes many rows: keys are looked up by plans that are made once.

    The server would plan the check of a foreign key into a parted table anew for each row, which takes most of the
    time; and a plan made while the tables are empty must not read them from end to end once they are full.
    """
    await session.execute(_PREPARE)


async def write_batch(session: WriteSession, batch: Batch) -> int:
    """Write a batch in the caller's transaction; returns the number of rows. Rows whose key stands already stay.

    PostgreSQL refuses COPY into a table under row policies, so the rows go through a temporary table of the same shape.
    """
    if not batch.rows:
        return 0
    connection = await driver_connection(session)
    schema, name = batch.table.split(".")
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in batch.columns)
    names = {"table": sql.Identifier(schema, name), "columns": columns,
             "passing": sql.Identifier("seeding_" + name)}  # fmt: skip
    async with connection.cursor() as cursor:
        await cursor.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE {passing} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
            ).format(**names)
        )
        async with cursor.copy(sql.SQL("COPY {passing} ({columns}) FROM STDIN").format(**names)) as sink:
            for row in batch.rows:
                await sink.write_row(row)
        await cursor.execute(
            sql.SQL(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {passing} ON CONFLICT DO NOTHING"
            ).format(**names)
        )
        written = cursor.rowcount
        await cursor.execute(sql.SQL("DROP TABLE {passing}").format(**names))
    return written


def merge_batches(fillings: Iterable[Iterable[Batch]]) -> list[Batch]:
    """The batches of several clients as one for each table, parents still first.

    A table that an earlier client had no rows for goes behind the one that its own client filled before it.
    """
    order: list[tuple[str, tuple[str, ...], int]] = []
    merged: dict[tuple[str, tuple[str, ...], int], Batch] = {}
    for batches in fillings:
        place = 0
        seen: dict[str, int] = {}
        for batch in batches:
            seen[batch.table] = seen.get(batch.table, 0) + 1
            key = (batch.table, batch.columns, seen[batch.table])
            if key not in merged:
                merged[key] = Batch(batch.table, batch.columns, [])
                order.insert(place, key)
            merged[key].rows.extend(batch.rows)
            place = order.index(key) + 1
    return [merged[key] for key in order]


async def make_months(session: WriteSession, days: int) -> None:
    """Parts of the parted tables for the months that the data reaches back to."""
    months = days // 28 + 2
    await session.execute(
        text("SELECT core.ensure_partitions((now() - make_interval(days => :days))::date, :months)"),
        {"days": days, "months": months},
    )
