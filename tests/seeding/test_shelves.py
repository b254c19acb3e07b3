"""What the fillers of watch, knowledge, inventory and support make hangs together."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from sqlalchemy import text
from tests.people import BRANDT, People

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.seeding import inventory, knowledge, support, watch
from belvedere.seeding.knowledge_texts import SHEETS
from belvedere.seeding.world import Batch, ClientPlan, World
from belvedere.seeding.writer import make_months, write_batch
from belvedere.sources.contracts import Frames
from belvedere.sources.frames import checksum, ordered
from belvedere.sources.service import load_frames, rebuild_frames
from belvedere.wiring.seed_people import add_credentials

NOW = datetime(2026, 11, 19, 23, 59, tzinfo=UTC)
CLIENT = ClientPlan(BRANDT, "Kaffeehaus Brandt", "brandt", "EUR", "Europe/Vienna")
AGENCY = ClientPlan(0, "Agency", "agency", "USD", "UTC")
PARTS = (watch, knowledge, inventory, support)
LONE_TABLES = {"watch.webhook_endpoints", "watch.webhook_receipts"}
"""The agency has no shop that pushes."""


def a_world(people: tuple[UUID, ...], sources: dict[str, UUID], days: int = 60) -> World:
    return World(11, days, NOW, (CLIENT,), people, sources)


def batches(world: World, client: ClientPlan) -> list[Batch]:
    return [batch for part in PARTS for batch in part.fill(world, client)]


@pytest.fixture
async def filled(
    db: Database, admin: psycopg.Connection, people: People, settings: Settings
) -> psycopg.Connection:
    """Sixty days of Brandt and of the agency."""
    use_keyring(load_keyring(settings))
    rows = admin.execute("SELECT provider || '/' || endpoint, id FROM watch.api_sources").fetchall()
    world = a_world((people.olga.id, people.alice.id, people.bob.id), dict(rows))
    runtime = Runtime(settings, db, http=None, clock=lambda: NOW)  # type: ignore[arg-type]
    for client in (AGENCY, CLIENT):
        await add_credentials(runtime, world, client, NOW)
        async with db.write(Scope.service("seed")) as session:
            await make_months(session, (datetime.now(UTC) - NOW).days + 62)
            for batch in batches(world, client):
                await write_batch(session, batch)
    return admin


def ask(admin: psycopg.Connection, statement: str) -> list[tuple[object, ...]]:
    return admin.execute(statement).fetchall()


def test_the_same_order_makes_the_same_rows() -> None:
    people, sources = (UUID(int=1), UUID(int=2)), {"scraper/cvr": UUID(int=3)}
    first, again = (batches(a_world(people, sources, 20), CLIENT) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("days", [1, 5, 90])
@pytest.mark.parametrize("client", [CLIENT, AGENCY])
def test_every_table_gets_rows_and_none_from_the_future(days: int, client: ClientPlan) -> None:
    for batch in batches(a_world((UUID(int=1),), {}, days), client):
        lonely = days < 5 or (client.id == 0 and batch.table in LONE_TABLES | {"watch.record_rejects"})
        assert batch.rows or lonely, batch.table
        planned = {
            batch.columns.index(name)
            for name in ("next_due_at", "promised_at", "need_by")
            if name in batch.columns
        }
        for row in batch.rows:
            times = [
                cell for place, cell in enumerate(row) if isinstance(cell, datetime) and place not in planned
            ]
            assert all(cell <= NOW for cell in times), (batch.table, row)


async def test_counts_of_readings_are_the_counts_of_their_rows(filled: psycopg.Connection) -> None:
    wrong = ask(
        filled,
        "SELECT s.id FROM watch.api_snapshots s WHERE s.same_as_snapshot_id IS NULL AND s.status = 'completed'"
        " AND (s.total_records <> (SELECT count(*) FROM watch.api_records r WHERE r.snapshot_id = s.id)"
        "  OR s.total_metrics <> (SELECT count(*) FROM watch.api_record_metrics m JOIN watch.api_records r"
        "     ON r.id = m.record_id WHERE r.snapshot_id = s.id)"
        "  OR s.rejected_records <> (SELECT count(*) FROM watch.record_rejects j WHERE j.snapshot_id = s.id))",
    )
    assert wrong == []
    assert ask(
        filled, "SELECT count(*) > 20 FROM watch.api_snapshots WHERE same_as_snapshot_id IS NOT NULL"
    ) == [(True,)]
    assert ask(filled, "SELECT count(*) FROM watch.api_records_default") == [(0,)]


async def test_blobs_are_what_the_rows_say(filled: psycopg.Connection, db: Database) -> None:
    held = ask(
        filled, "SELECT client_id, snapshot_id FROM watch.snapshot_frames ORDER BY created_at LIMIT 12"
    )
    async with db.read(Scope.service()) as session:
        for client, snapshot in held:
            stored = await load_frames(session, client, snapshot)  # type: ignore[arg-type]
            rebuilt = await rebuild_frames(session, client, snapshot)  # type: ignore[arg-type]
            assert plain(stored) == plain(rebuilt)
            row = await session.execute(
                text("SELECT checksum FROM watch.api_snapshots WHERE id = :id"), {"id": snapshot}
            )
            assert row.scalar_one() == checksum(stored)


def plain(frames: Frames) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows in one order; the database keeps the values of a JSON document, not the order of its keys."""
    same = ordered(frames)
    return [
        row | {"extra": orjson.loads(row["extra"])} for row in same.records.to_dicts()
    ], same.metrics.to_dicts()


async def test_alerts_stand_on_the_value_that_was_read(filled: psycopg.Connection) -> None:
    alerts = ask(
        filled,
        "SELECT count(*), count(*) FILTER (WHERE a.state = 'open'), count(*) FILTER (WHERE r.threshold_value IS NULL"
        "  OR CASE r.condition WHEN 'less_than' THEN m.metric_value < r.threshold_value::numeric"
        "  ELSE m.metric_value > r.threshold_value::numeric END)"
        " FROM watch.watchtower_alerts a JOIN watch.watchtower_rules r ON r.id = a.rule_id"
        " LEFT JOIN watch.api_record_metrics m ON m.record_id = a.record_id AND m.metric_name = r.field_name"
        " WHERE a.client_id > 0",
    )[0]
    assert alerts[0] == alerts[2]
    assert 0 < int(str(alerts[1])) < int(str(alerts[0]))
    stepless = ask(
        filled,
        "SELECT a.id FROM watch.watchtower_alerts a WHERE (SELECT count(*) FILTER (WHERE kind = 'opened') <> 1"
        " OR bool_or(kind = 'resolved') <> (a.state = 'resolved') OR bool_or(kind = 'acknowledged') <> a.is_acknowledged"
        " FROM watch.alert_events e WHERE e.alert_id = a.id)",
    )
    assert stepless == []


async def test_matched_entities_are_the_alerts_of_their_readings(filled: psycopg.Connection) -> None:
    sums = ask(
        filled,
        "SELECT (SELECT sum(matched) FROM watch.rule_evaluations), (SELECT sum(occurrences) FROM watch.watchtower_alerts)",
    )
    assert sums[0][0] == sums[0][1]


async def test_stock_moves_by_what_was_sold_and_what_came(filled: psycopg.Connection) -> None:
    """On hand today = on hand yesterday + received today - sold today, in the warehouse, for every article."""
    wrong = ask(
        filled,
        "SELECT s.sku, s.snapshot_date FROM inventory.inventory_snapshots s JOIN inventory.inventory_snapshots y"
        " ON y.client_id = s.client_id AND y.sku = s.sku AND y.location = s.location AND y.snapshot_date = s.snapshot_date - 1"
        " WHERE s.location = 'Warehouse' AND s.on_hand <> y.on_hand - s.units_sold + coalesce((SELECT sum(quantity_received)"
        " FROM inventory.supplier_lead_times l WHERE l.client_id = s.client_id AND l.sku = s.sku"
        " AND l.received_at::date = s.snapshot_date), 0)",
    )
    assert wrong == []


async def test_orders_are_what_was_suggested(filled: psycopg.Connection) -> None:
    wrong = ask(
        filled,
        "SELECT p.sku, p.as_of FROM inventory.reorder_points p WHERE p.status = 'ordered' AND NOT EXISTS (SELECT 1 FROM"
        " inventory.supplier_lead_times l WHERE l.client_id = p.client_id AND l.sku = p.sku"
        " AND l.placed_at::date = p.as_of::date AND l.quantity_ordered = p.suggested_quantity)",
    )
    assert wrong == []
    assert ask(filled, "SELECT count(*) FROM inventory.reorder_points WHERE (status = 'open') <> "
               "(suggested_quantity > 0 AND status <> 'ordered')") == [(0,)]  # fmt: skip


async def test_chunks_are_found_and_point_to_their_place(filled: psycopg.Connection) -> None:
    found = ask(
        filled,
        "SELECT d.title FROM knowledge.knowledge_chunks c JOIN knowledge.knowledge_documents d ON d.id = c.document_id"
        " WHERE c.client_id = 1 AND c.search_vector @@ plainto_tsquery('english', 'gifts returned December')",
    )
    assert found == [("Returns and refunds",)]
    for number, sheet in enumerate(SHEETS):
        whole = knowledge.text_of(sheet, CLIENT)
        for chunk in knowledge.cut(sheet, CLIENT):
            assert whole[chunk.start : chunk.end] == chunk.content, number


async def test_every_key_has_one_reply_in_use_with_its_variables(filled: psycopg.Connection) -> None:
    rows = ask(
        filled, "SELECT body, variables FROM support.support_curated_replies WHERE status = 'approved'"
    )
    for body, variables in rows:
        assert all(f"{{{{{name}}}}}" in str(body) for name in variables)  # type: ignore[attr-defined]
    assert len(rows) == sum(len(reply.texts) for reply in support.REPLIES) + sum(
        "en" in reply.texts for reply in support.REPLIES
    )
