"""Defaults as the specification prints them, what is unique, what a lead takes along, and who reaches what."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.isolation.rows import fill, uid
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.outreach.tables import leads

TOKEN = "ab" * 32
DEFAULTS = [
    ("demo_sites", "(client_id) VALUES (0)", "status", "building"),
    ("videos", "(client_id) VALUES (0)", "status", "generating"),
    ("campaigns", "(name) VALUES ('Garden centres')", "status", "active"),
    ("campaigns", "(name) VALUES ('Garden centres')", "daily_limit", 100),
    ("email_sends", "(subject_variant) VALUES ('Your shop on a phone')", "status", "queued"),
    ("conversations", "(client_id) VALUES (0)", "status", "active"),
    ("ab_tests", "(name) VALUES ('Two subjects')", "status", "active"),
]


@pytest.mark.parametrize(("table", "values", "column", "expected"), DEFAULTS)
def test_defaults_are_those_of_the_specification(
    admin: psycopg.Connection, table: str, values: str, column: str, expected: Any
) -> None:
    row = admin.execute(
        f"INSERT INTO outreach.{table} {values} RETURNING {column}, client_id, id IS NOT NULL, created_at IS NOT NULL"  # type: ignore[call-overload]
    ).fetchone()
    assert row == (expected, 0, True, True)


def test_a_message_is_dated_when_no_time_is_given(admin: psycopg.Connection) -> None:
    row = admin.execute(
        "INSERT INTO outreach.conversation_messages (body) VALUES ('Thank you') RETURNING sent_at IS NOT NULL"
    ).fetchone()
    assert row == (True,)


def add_lead(admin: psycopg.Connection, client: int, **values: object) -> UUID:
    row = {"id": uuid4(), "client_id": client, **values}
    columns, marks = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    admin.execute(f"INSERT INTO outreach.leads ({columns}) VALUES ({marks})", row)  # type: ignore[call-overload]
    return UUID(str(row["id"]))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "anna@shop.example"}, {"email": "Anna@Shop.example"}),
        ({"domain": "shop.example"}, {"domain": "shop.example"}),
        (
            {"source_platform": "maps", "source_external_id": "p1"},
            {"source_platform": "maps", "source_external_id": "p1"},
        ),
    ],
)
def test_a_lead_stands_once_for_each_client(
    admin: psycopg.Connection, people: People, first: dict[str, str], second: dict[str, str]
) -> None:
    add_lead(admin, BRANDT, **first)
    add_lead(admin, MARLOW, **second)
    with pytest.raises(psycopg.errors.UniqueViolation):
        add_lead(admin, BRANDT, **second)


def test_two_people_of_one_domain_are_two_leads(admin: psycopg.Connection, people: People) -> None:
    add_lead(admin, BRANDT, domain="shop.example", email="anna@shop.example")
    add_lead(admin, BRANDT, domain="shop.example", email="ben@shop.example")


def test_mails_stand_in_the_month_they_were_written_in(admin: psycopg.Connection) -> None:
    admin.execute("SELECT core.ensure_partitions('2026-03-01', 1)")
    row = admin.execute(
        "INSERT INTO outreach.email_sends (created_at) VALUES (%s) RETURNING tableoid::regclass::text",
        [datetime(2026, 3, 31, 23, 59, tzinfo=UTC)],
    ).fetchone()
    assert row == ("outreach.email_sends_p202603",)
    months = admin.execute(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'outreach.tracking_events'::regclass"
    ).fetchone()
    assert months is not None
    assert months[0] >= 6


def test_a_step_is_taken_once_for_each_enrollment(admin: psycopg.Connection, people: People) -> None:
    fill(admin, (BRANDT,))
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(
            "INSERT INTO outreach.enrollment_steps (client_id, enrollment_id, step_id, email_send_id,"
            " email_send_created_at) SELECT client_id, enrollment_id, step_id, gen_random_uuid(), now()"
            " FROM outreach.enrollment_steps"
        )


def test_a_message_of_a_mailbox_is_stored_once(admin: psycopg.Connection, people: People) -> None:
    fill(admin, (BRANDT,))
    insert = (
        "INSERT INTO outreach.conversation_messages (client_id, mailbox_id, gmail_message_id, direction)"
        " VALUES (%s, %s, '18c2f', 'inbound')"
    )
    admin.execute(insert, [BRANDT, uid("outreach.mailboxes", BRANDT)])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(insert, [BRANDT, uid("outreach.mailboxes", BRANDT)])


COUNTED = (
    "website_analyses", "demo_sites", "videos", "conversations", "conversation_messages", "campaign_enrollments",
    "enrollment_steps", "tracking_tokens", "email_sends", "lead_outcomes", "ab_assignments", "suppressions",
)  # fmt: skip


def count_rows(admin: psycopg.Connection, client: int) -> dict[str, int]:
    counts = {}
    for table in COUNTED:
        row = admin.execute(
            f"SELECT count(*) FROM outreach.{table} WHERE client_id = %s", [client]
        ).fetchone()  # type: ignore[call-overload]
        assert row is not None
        counts[table] = row[0]
    return counts


async def test_a_lead_takes_along_what_is_about_it_and_leaves_the_counts(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    fill(admin, (BRANDT, MARLOW))
    lead = uid("outreach.leads", BRANDT)
    admin.execute("UPDATE outreach.ab_assignments SET lead_id = %s WHERE client_id = %s", [lead, BRANDT])
    admin.execute(
        "UPDATE outreach.email_sends SET subject_variant = 'Dear Anna', body = 'Your shop', status = 'sent',"
        " thread_id = 't1' WHERE client_id = %s",
        [BRANDT],
    )
    admin.execute(
        "INSERT INTO outreach.email_sends (client_id, lead_id, body) VALUES (%s, %s, 'Once more')",
        [BRANDT, lead],
    )
    admin.execute(
        "INSERT INTO outreach.tracking_tokens (client_id, kind, email_send_id, email_send_created_at, email_token)"
        " SELECT client_id, 'unsubscribe', email_send_id, email_send_created_at, email_token"
        " FROM outreach.tracking_tokens WHERE client_id = %s",
        [BRANDT],
    )
    foreign = count_rows(admin, MARLOW)
    async with db.write(Scope.client(BRANDT)) as session:
        await session.execute(leads.delete().where(leads.c.client_id == BRANDT, leads.c.id == lead))
    left = count_rows(admin, BRANDT)
    assert {table for table, rows in left.items() if rows} == {
        "tracking_tokens", "email_sends", "lead_outcomes", "ab_assignments", "suppressions",
    }  # fmt: skip
    assert left["tracking_tokens"] == 1
    assert count_rows(admin, MARLOW) == foreign
    rows = admin.execute(
        "SELECT status, hold_reason, num_nonnulls(lead_id, subject_variant, body, thread_id)"
        " FROM outreach.email_sends WHERE client_id = %s ORDER BY 1",
        [BRANDT],
    ).fetchall()
    assert rows == [("cancelled", "lead_erased", 0), ("sent", None, 0)]
    kept = admin.execute(
        "SELECT lead_id, amount FROM outreach.lead_outcomes WHERE client_id = %s", [BRANDT]
    ).fetchone()
    assert kept == (None, 9)
    stand_in = admin.execute(
        "SELECT lead_id <> %s FROM outreach.ab_assignments WHERE client_id = %s", [lead, BRANDT]
    ).fetchone()
    assert stand_in == (True,)


def test_all_leads_of_a_client_can_go_at_once(admin: psycopg.Connection, people: People) -> None:
    fill(admin, (BRANDT, MARLOW))
    foreign = count_rows(admin, MARLOW)
    with admin.transaction():
        admin.execute("DELETE FROM outreach.leads WHERE client_id = %s", [BRANDT])
    assert count_rows(admin, MARLOW) == foreign


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outreach.leads SET lia_id = %(lia)s WHERE client_id = 1",
        "UPDATE outreach.email_sends SET campaign_id = %(campaign)s WHERE client_id = 1",
        "UPDATE outreach.email_sends SET lead_id = %(lead)s WHERE client_id = 1",
        "UPDATE outreach.conversations SET lead_id = %(lead)s WHERE client_id = 1",
        "UPDATE outreach.demo_sites SET analysis_id = %(analysis)s WHERE client_id = 1",
        "UPDATE outreach.ab_tests SET campaign_id = %(campaign)s WHERE client_id = 1",
    ],
)
def test_no_row_points_at_another_clients(admin: psycopg.Connection, people: People, statement: str) -> None:
    fill(admin, (BRANDT, MARLOW))
    theirs = {
        "lia": uid("outreach.lia_records", MARLOW),
        "campaign": uid("outreach.campaigns", MARLOW),
        "lead": uid("outreach.leads", MARLOW),
        "analysis": uid("outreach.website_analyses", MARLOW),
    }
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        admin.execute(statement, theirs)  # type: ignore[call-overload]


async def suppress(db: Database, scope: Scope, client: int) -> None:
    async with db.write(scope) as session:
        await session.execute(
            text(
                "INSERT INTO outreach.suppressions (client_id, email_token, reason) VALUES (:c, :t, 'manual')"
            ),
            {"c": client, "t": TOKEN},
        )


async def test_people_add_suppressions_and_take_none_away(
    db: Database, people: People, admin: psycopg.Connection
) -> None:
    await suppress(db, people.alice.scope, BRANDT)
    for scope, client in ((people.bob.scope, BRANDT), (people.alice.scope, MARLOW), (people.alice.scope, 0)):
        with pytest.raises(DBAPIError, match=r"row-level security|permission"):
            await suppress(db, scope, client)
    for statement in (
        "DELETE FROM outreach.suppressions",
        "UPDATE outreach.suppressions SET expires_at = now()",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with db.write(people.alice.scope) as session:
                await session.execute(text(statement))
    assert admin.execute("SELECT count(*) FROM outreach.suppressions").fetchone() == (1,)


async def test_suppressions_of_the_agency_bind_the_jobs_of_every_client(
    db: Database, people: People, admin: psycopg.Connection
) -> None:
    await suppress(db, people.olga.scope, 0)
    async with db.read(Scope.client(BRANDT)) as session:
        found = await session.execute(text("SELECT email_token FROM outreach.suppressions"))
        assert list(found.scalars()) == [TOKEN]
    async with db.read(people.alice.scope) as session:
        found = await session.execute(text("SELECT count(*) FROM outreach.suppressions"))
        assert found.scalar_one() == 0


async def test_leads_and_mails_of_one_client_are_nobody_elses(
    db: Database, people: People, admin: psycopg.Connection
) -> None:
    fill(admin, (BRANDT, MARLOW))
    for scope, expected in (
        (people.alice.scope, {BRANDT}), (people.bob.scope, {BRANDT}), (people.charlie.scope, {MARLOW}),
        (people.olga.scope, {BRANDT, MARLOW}),
    ):  # fmt: skip
        async with db.read(scope) as session:
            for table in ("leads", "email_sends", "conversation_messages", "tracking_events"):
                found = await session.execute(text(f"SELECT client_id FROM outreach.{table}"))
                assert set(found.scalars()) == expected
