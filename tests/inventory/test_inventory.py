"""Stock, reorder points and lead times: computed columns against slow sums, words and tenants."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from tests.isolation.rows import fill, insert, uid
from tests.isolation.rows_inventory import BREAKS, STATEMENTS
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNITS = st.integers(-(10**9), 10**9)
FLOW = st.integers(0, 10**9)
ORIGIN = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def stock(admin: psycopg.Connection, people: People) -> psycopg.Connection:
    """A row of each table for Brandt, each changed by the tests below."""
    for table in STATEMENTS:
        admin.execute(*insert(table, BRANDT))
    return admin


def change(connection: psycopg.Connection, table: str, result: str, **values: Any) -> Any:
    """Set the values, read the computed column back, and undo it."""
    assignments = ", ".join(f"{name} = %({name})s" for name in values)
    with connection.transaction(force_rollback=True):
        row = connection.execute(
            f"UPDATE inventory.{table} SET {assignments} RETURNING {result}", values
        ).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def rounded(value: Decimal, places: int) -> Decimal:
    """Half away from zero, as PostgreSQL rounds NUMERIC."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@SLOW
@given(on_hand=UNITS, available=UNITS, committed=FLOW, incoming=FLOW, cost=st.none() | st.integers(0, 10**15))
def test_position_and_value_of_stock_are_what_one_would_add_up(
    stock: psycopg.Connection, on_hand: int, available: int, committed: int, incoming: int, cost: int | None
) -> None:
    position, in_stock, value = change(
        stock, "inventory_snapshots", "inventory_position, in_stock, stock_value_cents",
        on_hand=on_hand, available=available, committed=committed, incoming=incoming, unit_cost_cents=cost,
        currency=None if cost is None else "EUR",
    )  # fmt: skip
    assert position == on_hand - committed + incoming
    assert in_stock == (available > 0)
    assert value == (None if cost is None else max(on_hand, 0) * cost)


@SLOW
@given(
    available=UNITS,
    demand=st.decimals(0, 10**6, places=6, allow_nan=False, allow_infinity=False),
)
def test_weeks_of_supply_are_available_units_through_weekly_demand(
    stock: psycopg.Connection, available: int, demand: Decimal
) -> None:
    weeks = change(stock, "reorder_points", "weeks_of_supply", available=available, demand_mean=demand)
    if demand == 0:
        assert weeks is None
    else:
        exact = Decimal(max(available, 0)) / (demand * 7)
        assert abs(weeks - rounded(exact, 4)) <= Decimal("0.0001")


def test_no_demand_has_no_weeks_of_supply(stock: psycopg.Connection) -> None:
    assert change(stock, "reorder_points", "weeks_of_supply", available=12, demand_mean=0) is None


@SLOW
@given(
    position=st.integers(-(10**6), 10**6),
    point=st.decimals(0, 10**6, places=3, allow_nan=False, allow_infinity=False),
    above=st.decimals(0, 10**6, places=3, allow_nan=False, allow_infinity=False),
    moq=st.integers(1, 5000),
    pack=st.integers(1, 500),
)
def test_a_suggestion_reaches_the_target_in_whole_packs(
    stock: psycopg.Connection, position: int, point: Decimal, above: Decimal, moq: int, pack: int
) -> None:
    target = point + above
    quantity = change(
        stock, "reorder_points", "suggested_quantity",
        inventory_position=position, reorder_point=point, order_up_to=target, moq=moq, pack_size=pack,
    )  # fmt: skip
    if position > point:
        assert quantity == 0
    else:
        assert quantity == ceil(max(Decimal(moq), target - position) / pack) * pack
        assert quantity >= moq
        assert position + quantity >= target
        assert quantity % pack == 0


@SLOW
@given(
    lasted=st.integers(0, 400 * 86_400_000_000),
    promised=st.none() | st.integers(-50 * 86_400_000_000, 400 * 86_400_000_000),
)
def test_lead_days_are_the_time_from_order_to_receipt(
    stock: psycopg.Connection, lasted: int, promised: int | None
) -> None:
    received = ORIGIN + timedelta(microseconds=lasted)
    lead, late = change(
        stock, "supplier_lead_times", "lead_days, days_late",
        placed_at=ORIGIN, received_at=received, quantity_received=1,
        promised_at=None if promised is None else ORIGIN + timedelta(microseconds=promised),
    )  # fmt: skip
    day = Decimal(86_400_000_000)
    assert lead == rounded(Decimal(lasted) / day, 4)
    assert late == (None if promised is None else rounded(Decimal(lasted - promised) / day, 4))


def test_lead_days_cross_a_change_of_the_clock_by_real_time(stock: psycopg.Connection) -> None:
    stock.execute("SET timezone = 'Europe/Vienna'")
    lead = change(
        stock, "supplier_lead_times", "lead_days",
        placed_at=datetime(2026, 3, 28, 12, tzinfo=UTC), received_at=datetime(2026, 3, 30, 12, tzinfo=UTC),
        quantity_received=1,
    )  # fmt: skip
    stock.execute("RESET timezone")
    assert lead == 2


def test_an_order_on_its_way_has_no_lead_time_yet(stock: psycopg.Connection) -> None:
    row = stock.execute("SELECT lead_days, days_late FROM inventory.supplier_lead_times").fetchone()
    assert row == (None, None)


def test_a_computed_column_cannot_be_written(stock: psycopg.Connection) -> None:
    for table, column in (
        ("inventory_snapshots", "inventory_position"),
        ("reorder_points", "weeks_of_supply"),
        ("supplier_lead_times", "lead_days"),
    ):
        with pytest.raises(psycopg.errors.GeneratedAlways):
            stock.execute(f"UPDATE inventory.{table} SET {column} = 1")


def test_a_day_has_one_row_for_each_sku_and_place(stock: psycopg.Connection) -> None:
    again = (
        "INSERT INTO inventory.inventory_snapshots (client_id, snapshot_date, sku, location)"
        " SELECT {client}, snapshot_date, sku, {location} FROM inventory.inventory_snapshots LIMIT 1"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        stock.execute(again.format(client="client_id", location="location"))
    stock.execute(again.format(client="client_id", location="'Graz'"))
    stock.execute(again.format(client=str(MARLOW), location="location"))


def test_a_sku_has_one_open_suggestion(stock: psycopg.Connection) -> None:
    stock.execute("UPDATE inventory.reorder_points SET status = 'open'")
    columns = (
        "client_id, sku, as_of, method, demand_mean, demand_sd, lead_time_mean, lead_time_sd, safety_stock,"
        " reorder_point, order_up_to, available, inventory_position"
    )
    again = (
        f"INSERT INTO inventory.reorder_points ({columns}, status) SELECT"
        f" {columns.replace('as_of', 'as_of + %(later)s')}, %(status)s FROM inventory.reorder_points LIMIT 1"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        stock.execute(again, {"later": timedelta(days=1), "status": "open"})
    stock.execute(again, {"later": timedelta(days=2), "status": "superseded"})


def test_the_same_receipt_is_not_counted_twice_with_or_without_a_sku(stock: psycopg.Connection) -> None:
    add = (
        "INSERT INTO inventory.supplier_lead_times (client_id, supplier_id, sku, po_number, receipt, placed_at,"
        " quantity_ordered) VALUES (%s, %s, NULL, 'PO-7', %s, now(), 5)"
    )
    supplier = uid("inventory.suppliers", BRANDT)
    stock.execute(add, [BRANDT, supplier, 1])
    stock.execute(add, [BRANDT, supplier, 2])
    with pytest.raises(psycopg.errors.UniqueViolation):
        stock.execute(add, [BRANDT, supplier, 1])


@pytest.mark.parametrize("name", BREAKS)
def test_a_value_outside_its_bounds_is_refused(stock: psycopg.Connection, name: str) -> None:
    table = next(table for table in STATEMENTS if name.startswith(f"ck_{table.split('.')[1]}_"))
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        stock.execute(f"UPDATE {table} SET {BREAKS[name]}")
    assert refused.value.diag.constraint_name == name


def test_goods_are_not_ordered_from_a_supplier_of_another_client(stock: psycopg.Connection) -> None:
    for table in ("reorder_points", "supplier_lead_times"):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            stock.execute(f"UPDATE inventory.{table} SET client_id = %s", [MARLOW])


def test_the_printed_statement_runs_under_its_search_path(stock: psycopg.Connection) -> None:
    stock.execute("SET search_path = inventory, core")
    rows = stock.execute("SELECT * FROM inventory_snapshots").fetchall()
    stock.execute("SET search_path = watch, core, public")
    assert len(rows) == 1


@pytest.mark.parametrize("table", STATEMENTS)
async def test_people_read_the_stock_of_their_clients_and_write_none(
    db: Database, admin: psycopg.Connection, people: People, table: str
) -> None:
    fill(admin, (BRANDT, MARLOW))
    seen: dict[UUID, list[int]] = {}
    for person in (people.olga, people.alice, people.bob, people.charlie):
        async with db.read(person.scope) as session:
            found = await session.execute(text(f"SELECT DISTINCT client_id FROM {table} ORDER BY 1"))
            seen[person.id] = list(found.scalars())
    assert seen == {
        people.olga.id: [BRANDT, MARLOW],
        people.alice.id: [BRANDT],
        people.bob.id: [BRANDT],
        people.charlie.id: [MARLOW],
    }
    async with db.write(people.alice.scope) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text(f"DELETE FROM {table}"))


async def test_a_job_of_one_client_adds_its_stock_alone(db: Database, people: People) -> None:
    add = text(
        "INSERT INTO inventory.inventory_snapshots (client_id, snapshot_date, sku) VALUES (:client, :day, 'KB-250')"
    )
    async with db.write(Scope.client(BRANDT)) as session:
        await session.execute(add, {"client": BRANDT, "day": date(2026, 3, 1)})
        with pytest.raises(ProgrammingError, match="row-level security"):
            await session.execute(add, {"client": MARLOW, "day": date(2026, 3, 1)})
        await session.rollback()
