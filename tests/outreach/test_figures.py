"""Key figures: right to the last mail, the same after a month is dropped, fresh without stopping a reader."""

import random
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from tests.conftest import login_url
from tests.outreach.mails import (
    Mail,
    Outcome,
    add_campaign,
    count_meetings,
    count_replies,
    count_revenue,
    make_mails,
    make_outcomes,
    store_mails,
    store_outcomes,
)
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.jobs import REGISTRY, JobCall, enqueue, run_now
from belvedere.core.runtime import Runtime
from belvedere.core.worker import run_worker
from belvedere.outreach.jobs import FIGURES

OLDEST = datetime(2024, 8, 20, tzinfo=UTC)
VIEWS = [f"kpi_{name}" for name in FIGURES]


@pytest.fixture
def story(figures: psycopg.Connection, people: People) -> tuple[list[Mail], list[Outcome]]:
    """Mails and outcomes of two clients over four months, more than two years back."""
    chance = random.Random(7)
    figures.execute("SELECT core.ensure_partitions('2024-08-01', 5)")
    mails: list[Mail] = []
    outcomes: list[Outcome] = []
    for client in (BRANDT, MARLOW):
        campaigns = [add_campaign(figures, client, name) for name in ("Autumn shops", "Garden centres")]
        mails += make_mails(chance, client, campaigns, OLDEST, 400)
        outcomes += make_outcomes(chance, client, campaigns, OLDEST)
    store_mails(figures, mails)
    store_outcomes(figures, outcomes)
    return mails, outcomes


async def refresh(runtime: Runtime) -> None:
    await run_now(runtime, "outreach.refresh_kpis", JobCall("outreach.refresh_kpis"))


def read(admin: psycopg.Connection, view: str) -> set[tuple[object, ...]]:
    return set(admin.execute(f"SELECT * FROM outreach.{view}").fetchall())  # type: ignore[call-overload]


def expect(mails: list[Mail], outcomes: list[Outcome]) -> dict[str, set[tuple[object, ...]]]:
    return {
        "kpi_reply_rates": count_replies(mails),
        "kpi_meeting_booking_rates": count_meetings(mails, outcomes),
        "kpi_campaign_revenue": count_revenue(outcomes),
    }


async def test_figures_equal_a_count_mail_by_mail(
    runtime: Runtime, figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]]
) -> None:
    await refresh(runtime)
    expected = expect(*story)
    assert {view: read(figures, view) for view in VIEWS} == expected
    assert all(expected.values())


async def test_figures_stay_the_same_when_a_month_is_dropped(
    runtime: Runtime, figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]]
) -> None:
    for part in ("email_sends_p202408", "email_sends_p202409"):
        with figures.transaction():
            figures.execute("SET LOCAL ROLE owner_r")
            figures.execute("SELECT outreach.roll_up_email_sends(%s::regclass)", [f"outreach.{part}"])
            figures.execute(f"DROP TABLE outreach.{part}")  # type: ignore[call-overload]
    await refresh(runtime)
    assert {view: read(figures, view) for view in VIEWS} == expect(*story)
    left = figures.execute("SELECT min(created_at) FROM outreach.email_sends").fetchone()
    assert left is not None
    assert left[0] >= datetime(2024, 10, 1, tzinfo=UTC)


async def test_retention_drops_a_month_and_leaves_the_figures(
    runtime: Runtime, figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]]
) -> None:
    async with runtime.db.write(Scope.service()) as session:
        for part in ("email_sends_p202408", "email_sends_p202409"):
            await session.execute(text(f"SELECT core.drop_partition('outreach.{part}')"))
    await refresh(runtime)
    assert {view: read(figures, view) for view in VIEWS} == expect(*story)
    assert figures.execute("SELECT to_regclass('outreach.email_sends_p202408')").fetchone() == (None,)


async def test_a_month_that_came_again_adds_to_what_was_kept(
    runtime: Runtime, figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]]
) -> None:
    await drop_august(runtime)
    kept = figures.execute(KEPT_OF_AUGUST).fetchone()
    figures.execute(
        "INSERT INTO outreach.email_sends (client_id, campaign_id, status, sent_at, created_at)"
        " SELECT client_id, campaign_id, 'sent', month, part_month + interval '3 days' FROM outreach.email_send_months"
        " WHERE part_month = '2024-08-01'"
    )
    figures.execute("SELECT core.settle_default('outreach.email_sends')")
    await drop_august(runtime)
    again = figures.execute(KEPT_OF_AUGUST).fetchone()
    assert kept is not None
    assert again == (kept[0] + kept[1], kept[1], kept[2])


KEPT_OF_AUGUST = (
    "SELECT sum(sent)::int, count(*)::int, sum(replied)::int FROM outreach.email_send_months"
    " WHERE part_month = '2024-08-01'"
)


async def drop_august(runtime: Runtime) -> None:
    async with runtime.db.write(Scope.service()) as session:
        await session.execute(text("SELECT core.drop_partition('outreach.email_sends_p202408')"))


def test_the_plan_of_mails_names_the_function_that_keeps_the_counts(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT table_name, retention_months, before_drop, to_regproc(before_drop) IS NOT NULL"
        " FROM core.partition_plans WHERE table_name LIKE 'outreach.%' ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("outreach.email_sends", 24, "outreach.roll_up_email_sends", True),
        ("outreach.tracking_events", 3, None, False),
    ]


@pytest.mark.parametrize(
    "part", ["outreach.email_sends_default", "outreach.leads", "core.observability_logs_default"]
)
def test_only_months_of_mails_are_rolled_up(admin: psycopg.Connection, part: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="is not a month"):
        admin.execute("SELECT outreach.roll_up_email_sends(%s::regclass)", [part])


async def test_the_queue_refreshes_figures_that_were_never_filled(
    runtime: Runtime, figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]]
) -> None:
    for name in FIGURES:
        figures.execute(f"REFRESH MATERIALIZED VIEW outreach.{name} WITH NO DATA")  # type: ignore[call-overload]
    async with runtime.db.write(Scope.service()) as session:
        await enqueue(session, "outreach.refresh_kpis")
    await run_worker(runtime, concurrency=1, until_empty=True)
    assert {view: read(figures, view) for view in VIEWS} == expect(*story)
    assert REGISTRY["outreach.refresh_kpis"].cron == "41 * * * *"


@pytest.mark.parametrize("name", FIGURES)
def test_a_refresh_stops_no_reader(
    figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]], database_url: str, name: str
) -> None:
    with psycopg.connect(database_url, options="-c lock_timeout=100ms") as reader, figures.transaction():
        figures.execute("SELECT outreach.refresh_kpi(%s)", [name])
        modes = figures.execute(
            "SELECT mode FROM pg_locks WHERE relation = %s::regclass AND pid = pg_backend_pid()",
            [f"outreach.{name}"],
        ).fetchall()
        assert ("AccessExclusiveLock",) not in modes
        assert ("ExclusiveLock",) in modes
        rows = reader.execute(f"SELECT count(*) FROM outreach.{name}").fetchone()  # type: ignore[call-overload]
        assert rows == (0,)


def test_there_is_nothing_else_to_refresh(admin: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="no figures called leads"):
        admin.execute("SELECT outreach.refresh_kpi('leads')")
    rows = admin.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'outreach'::regnamespace AND relkind = 'm'"
    ).fetchall()
    assert {row[0] for row in rows} == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_hold_nothing_that_a_person_wrote(admin: psycopg.Connection, name: str) -> None:
    """Ids, counts, rates, money and days; the one text is a currency."""
    rows = admin.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        [f"outreach.{name}"],
    ).fetchall()
    assert {kind for column, kind in rows if column != "currency"} <= {
        "integer",
        "uuid",
        "date",
        "bigint",
        "numeric",
    }
    assert {kind for column, kind in rows if column == "currency"} <= {"character varying(3)"}


async def clients_seen(db: Database, scope: Scope, view: str) -> set[int]:
    async with db.read(scope) as session:
        found = await session.execute(text(f"SELECT DISTINCT client_id FROM outreach.{view}"))
        return set(found.scalars())


@pytest.mark.parametrize("view", VIEWS)
async def test_everybody_reads_the_figures_of_their_own_clients(
    runtime: Runtime, people: People, story: tuple[list[Mail], list[Outcome]], view: str
) -> None:
    await refresh(runtime)
    db = runtime.db
    assert await clients_seen(db, people.olga.scope, view) == {BRANDT, MARLOW}
    assert await clients_seen(db, people.alice.scope, view) == {BRANDT}
    assert await clients_seen(db, people.bob.scope, view) == {BRANDT}
    assert await clients_seen(db, people.charlie.scope, view) == {MARLOW}
    assert await clients_seen(db, Scope.person(people.alice.id, MARLOW), view) == set()
    assert await clients_seen(db, Scope.client(MARLOW), view) == {MARLOW}
    assert await clients_seen(db, Scope.service(), view) == {BRANDT, MARLOW}


@pytest.mark.parametrize("name", FIGURES)
async def test_nobody_but_service_and_inspector_reads_past_the_views(
    runtime: Runtime, people: People, figures: psycopg.Connection, name: str
) -> None:
    rows = figures.execute(
        "SELECT rolname FROM pg_roles WHERE rolname IN ('authenticated', 'anon', 'authn_r', 'worker_scoped', 'loader',"
        " 'service_role', 'inspector_r') AND has_table_privilege(rolname, %s, 'SELECT')",
        [f"outreach.{name}"],
    ).fetchall()
    assert {row[0] for row in rows} == {"service_role", "inspector_r"}
    rows = figures.execute(
        "SELECT rolname FROM pg_roles WHERE rolname IN ('authenticated', 'anon', 'authn_r', 'worker_scoped', 'loader')"
        " AND has_function_privilege(rolname, 'outreach.refresh_kpi(name)', 'EXECUTE')"
        " OR rolname = 'service_role' AND has_function_privilege(rolname, 'outreach.roll_up_email_sends(regclass)',"
        " 'EXECUTE')"
    ).fetchall()
    assert rows == []


async def test_the_psql_login_reads_all_figures_and_the_bare_api_login_none(
    runtime: Runtime, database_url: str, template: str, story: tuple[list[Mail], list[Outcome]]
) -> None:
    await refresh(runtime)
    with psycopg.connect(login_url(database_url, template, "psql")) as inspector:
        assert inspector.execute(
            "SELECT count(DISTINCT client_id) FROM outreach.kpi_reply_rates"
        ).fetchone() == (2,)
    with (
        psycopg.connect(login_url(database_url, template, "api")) as nobody,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        nobody.execute("SELECT * FROM outreach.kpi_reply_rates")


async def test_a_reply_of_a_machine_changes_no_figure(
    runtime: Runtime, figures: psycopg.Connection, story: tuple[list[Mail], list[Outcome]]
) -> None:
    """Auto replies stand among the messages and leave the mail as it was."""
    await refresh(runtime)
    before = read(figures, "kpi_reply_rates")
    thread: UUID = figures.execute(  # type: ignore[index]
        "INSERT INTO outreach.conversations (client_id) VALUES (%s) RETURNING id", [BRANDT]
    ).fetchone()[0]
    figures.execute(
        "INSERT INTO outreach.conversation_messages (client_id, conversation_id, direction, is_auto_reply)"
        " VALUES (%s, %s, 'inbound', true)",
        [BRANDT, thread],
    )
    await refresh(runtime)
    assert read(figures, "kpi_reply_rates") == before
