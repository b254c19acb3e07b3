"""Made-up outreach: the same rows again, every table filled, times in order, windows and limits kept."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.migrations.outreach import TENANTS
from belvedere.seeding.outreach import fill
from belvedere.seeding.outreach_mails import LIMITS
from belvedere.seeding.world import Batch, ClientPlan, World
from belvedere.seeding.writer import make_months, write_batch

AGENCY_PLAN = ClientPlan(0, "The agency", "agency", "EUR", "Europe/Berlin")
PLANS = (
    AGENCY_PLAN,
    ClientPlan(BRANDT, "Kaffeehaus Brandt", "brandt", "EUR", "Europe/Vienna"),
    ClientPlan(MARLOW, "Marlow & Finch", "marlow", "JPY", "Asia/Tokyo"),
)
NOW = datetime(2026, 11, 18, 23, 59, tzinfo=UTC)
NOBODY = UUID(int=1)


def make_world(person: UUID = NOBODY, days: int = 40) -> World:
    return World(7, days, NOW, PLANS, people=(person,))


def batches(world: World) -> Iterator[Batch]:
    for plan in PLANS:
        yield from fill(world, plan)


@pytest.mark.parametrize("days", [1, 5, 40, 400])
def test_the_same_world_has_the_same_rows_whole_and_past(days: int) -> None:
    first, again = list(batches(make_world(days=days))), list(batches(make_world(days=days)))
    assert first == again
    for batch in first:
        assert all(len(row) == len(batch.columns) for row in batch.rows), batch.table
        for name in (
            "created_at",
            "sent_at",
            "replied_at",
            "opened_at",
            "clicked_at",
            "completed_at",
            "occurred_at",
        ):
            if name in batch.columns:
                at = batch.columns.index(name)
                late = [row[at] for row in batch.rows if row[at] is not None and row[at] > NOW]
                assert late == [], f"{batch.table}.{name}"


@pytest.fixture
async def seeded(db: Database, admin: psycopg.Connection, people: People) -> psycopg.Connection:
    world = make_world(people.olga.id)
    async with db.write(Scope.service()) as session:
        await make_months(session, 60 + (datetime.now(UTC) - NOW).days)
        for batch in batches(world):
            assert await write_batch(session, batch) == len(batch.rows), batch.table
    admin.execute("SET search_path = outreach, core, public")
    return admin


def find(admin: psycopg.Connection, statement: str) -> list[tuple[object, ...]]:
    return admin.execute(statement).fetchall()  # type: ignore[call-overload]


FAULTS = {
    "a letter before its lead was found": "SELECT s.id FROM email_sends s JOIN leads l USING (client_id)"
    " WHERE l.id = s.lead_id AND s.created_at < l.discovered_at",
    "times of a mail out of order": "SELECT id FROM email_sends WHERE NOT (created_at <= coalesce(sent_at, created_at)"
    " AND sent_at <= coalesce(opened_at, sent_at) AND coalesce(opened_at, sent_at) <= coalesce(clicked_at, opened_at, sent_at)"
    " AND coalesce(clicked_at, opened_at, sent_at) <= coalesce(replied_at, clicked_at, opened_at, sent_at))",
    "a step before the one it follows": "SELECT a.id FROM email_sends a JOIN email_sends b USING (client_id, enrollment_id)"
    " WHERE a.step_position < b.step_position AND a.sent_at + interval '2 days' > b.sent_at",
    "a letter after an answer": "SELECT a.id FROM email_sends a JOIN email_sends b USING (client_id, lead_id)"
    " WHERE b.replied_at < a.sent_at",
    "an opening without a pixel": "SELECT s.id FROM email_sends s JOIN campaigns c ON c.id = s.campaign_id"
    " WHERE s.opened_at IS NOT NULL AND NOT c.tracks_opens",
    "a mail without a way to refuse": "SELECT s.id FROM email_sends s WHERE s.sent_at IS NOT NULL AND NOT EXISTS (SELECT 1"
    " FROM tracking_tokens t WHERE t.token = s.tracking_token AND t.kind = 'unsubscribe' AND t.email_send_id = s.id)",
    "a reply without a message": "SELECT s.id FROM email_sends s WHERE s.replied_at IS NOT NULL AND NOT EXISTS (SELECT 1"
    " FROM conversation_messages m WHERE m.email_send_id = s.id AND m.direction = 'inbound' AND m.sent_at = s.replied_at)",
    "a variant beside the test's": "SELECT s.id FROM email_sends s WHERE NOT EXISTS (SELECT 1 FROM ab_assignments a"
    " WHERE a.test_id = s.ab_test_id AND a.lead_id = s.lead_id AND a.variant = s.ab_variant)",
    "a step that nobody claimed": "SELECT s.id FROM email_sends s WHERE NOT EXISTS (SELECT 1 FROM enrollment_steps e"
    " WHERE e.email_send_id = s.id AND e.enrollment_id = s.enrollment_id AND e.step_id = s.step_id"
    " AND e.email_send_created_at = s.created_at)",
    "a message before the one it answers": "SELECT a.id FROM conversation_messages a JOIN conversation_messages b"
    " ON b.id = a.draft_of WHERE b.sent_at > a.sent_at",
    "a deal before the answer": "SELECT o.id FROM lead_outcomes o WHERE NOT EXISTS (SELECT 1 FROM email_sends s"
    " WHERE s.lead_id = o.lead_id AND s.replied_at < o.occurred_at)",
    "a letter to who refused": "SELECT s.id FROM email_sends s JOIN leads l ON l.id = s.lead_id JOIN suppressions x"
    " ON x.email_token = l.email_token AND x.client_id = s.client_id WHERE s.sent_at > x.created_at",
    "money of another currency": "SELECT id FROM lead_outcomes WHERE currency <> CASE client_id WHEN 2 THEN 'JPY' ELSE 'EUR' END",
    "a yen in parts": "SELECT id FROM lead_outcomes WHERE currency = 'JPY' AND amount <> trunc(amount)",
    "a row in a default part": "SELECT id FROM email_sends_default UNION ALL SELECT id FROM tracking_events_default",
}


async def test_made_up_outreach_hangs_together(seeded: psycopg.Connection) -> None:
    found = {
        fault: find(seeded, f"SELECT * FROM ({statement}) f LIMIT 3") for fault, statement in FAULTS.items()
    }
    assert {fault: rows for fault, rows in found.items() if rows} == {}
    counts = {
        (table.name, plan.id): find(seeded, f"SELECT count(*) FROM {table.name} WHERE client_id = {plan.id}")[
            0
        ][0]
        for table in TENANTS
        for plan in PLANS
    }
    assert [key for key, rows in counts.items() if not rows] == []


async def test_made_up_mails_keep_their_window_and_limit(seeded: psycopg.Connection) -> None:
    rows = seeded.execute(
        "SELECT c.id, c.timezone, c.send_window ->> 'timezone', l.timezone, s.scheduled_at, s.sent_at, c.daily_limit"
        " FROM email_sends s JOIN campaigns c ON c.id = s.campaign_id JOIN leads l ON l.id = s.lead_id"
        " WHERE s.sent_at IS NOT NULL"
    ).fetchall()
    by_day: Counter[tuple[UUID, object]] = Counter()
    for campaign, zone, window, lead_zone, slot, sent, _ in rows:
        local = slot.astimezone(ZoneInfo(lead_zone if window == "recipient" else zone))
        assert local.isoweekday() <= 5
        assert 9 <= local.hour < 17
        assert 0 < (sent - slot).total_seconds() < 60
        by_day[campaign, slot.astimezone(ZoneInfo(zone)).date()] += 1
    limits = {row[0]: row[6] for row in rows}
    assert set(limits.values()) == set(LIMITS)
    assert [key for key, count in by_day.items() if count > limits[key[0]]] == []


async def test_made_up_rates_are_those_of_a_careful_sender(seeded: psycopg.Connection) -> None:
    row = seeded.execute(
        "SELECT avg((status = 'bounced')::int), avg((replied_at IS NOT NULL)::int), avg((opened_at IS NOT NULL)::int)"
        " FROM email_sends WHERE sent_at IS NOT NULL"
    ).fetchone()
    assert row is not None
    bounced, replied, opened = (float(value) for value in row)
    assert 0.002 < bounced < 0.05
    assert 0.02 < replied < 0.12
    assert 0.05 < opened < 0.4
