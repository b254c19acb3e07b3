"""Batches to tables: COPY into a temporary table, then INSERT … SELECT under the policies of the service role."""

from psycopg import sql
from sqlalchemy import text

from belvedere.core.database import WriteSession, driver_connection
from belvedere.seeding.world import Batch

ROWS_PER_COPY = 50_000


async def write_batch(session: WriteSession, batch: Batch) -> int:
    """Write a batch in the caller's transaction; returns the number of rows. Rows whose key stands already stay.

    PostgreSQL refuses COPY into a table under row policies, so the rows go through a temporary table of the same shape.
    """
    if not batch.rows:
        return 0
    connection = await driver_connection(session)
    schema, name = batch.table.split(".")
    target = sql.Identifier(schema, name)
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in batch.columns)
    passing = sql.Identifier("seeding_" + name)
    written = 0
    async with connection.cursor() as cursor:
        await cursor.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
            ).format(passing, columns, target)
        )
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(passing, columns)
        async with cursor.copy(copy) as sink:
            for row in batch.rows:
                await sink.write_row(row)
        await cursor.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(
                target, columns, columns, passing
            )
        )
        written = cursor.rowcount
        await cursor.execute(sql.SQL("DROP TABLE {}").format(passing))
    return written


async def make_months(session: WriteSession, days: int) -> None:
    """Parts of the parted tables for the months that the data reaches back to."""
    months = days // 28 + 2
    await session.execute(
        text("SELECT core.ensure_partitions((now() - make_interval(days => :days))::date, :months)"),
        {"days": days, "months": months},
    )
