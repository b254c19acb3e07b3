"""An installation filled with made-up data: every table, the same rows again, nothing beside real clients."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.database import Database
from belvedere.core.errors import Conflict, Invalid
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.wiring.seed import SeedOrder, SeedStep, refuse_real_clients, seed_installation

NOW = datetime.now(UTC)
ORDER = SeedOrder(clients=1, days=14, seed=7)
DOMAINS = ("core", "watch", "ads", "agents", "knowledge", "inventory", "support", "outreach", "reports")
TABLES = (
    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"
)


@pytest.fixture
async def runtime(db: Database, settings: Settings) -> Runtime:
    use_keyring(load_keyring(settings))
    return Runtime(settings, db, http=None, clock=lambda: NOW)  # type: ignore[arg-type]


def tables(admin: psycopg.Connection) -> list[str]:
    return [row[0] for row in admin.execute(TABLES, [list(DOMAINS)]).fetchall()]


def contents(admin: psycopg.Connection, table: str) -> tuple[int, str]:
    """Rows and a checksum of everything but what the clock or the sealing of this run put in."""
    moving = ("created_at", "updated_at", "last_used_at", "ciphertext", "nonce", "wrapped_key", "wrap_nonce")
    drop = "".join(f" - '{name}'" for name in moving)
    row = admin.execute(
        f"SELECT count(*), coalesce(md5(string_agg(d, ',' ORDER BY d)), '') FROM (SELECT (to_jsonb(t){drop})::text AS d"  # type: ignore[call-overload]
        f" FROM {table} t) AS rows"
    ).fetchone()
    assert row is not None
    return row


async def quiet(runtime: Runtime, order: SeedOrder = ORDER) -> dict[str, int]:
    return (await seed_installation(runtime, order, lambda _step: None)).rows


async def test_every_table_holds_rows(runtime: Runtime, admin: psycopg.Connection) -> None:
    added = await quiet(runtime)
    empty = [table for table in tables(admin) if contents(admin, table)[0] == 0]
    assert empty == []
    assert sum(added.values()) > 5_000


async def test_running_it_again_adds_nothing(runtime: Runtime, admin: psycopg.Connection) -> None:
    await quiet(runtime)
    first = {table: contents(admin, table) for table in tables(admin)}
    again = await quiet(runtime)
    assert {table: count for table, count in again.items() if count} == {}
    assert {table: contents(admin, table) for table in tables(admin)} == first


async def test_a_day_named_makes_the_same_rows_whenever_it_runs(
    runtime: Runtime, admin: psycopg.Connection
) -> None:
    order = SeedOrder(1, 20, 3, until=date(2026, 3, 31))
    await quiet(runtime, order)
    later = Runtime(runtime.settings, runtime.db, http=None, clock=lambda: NOW + timedelta(hours=5))  # type: ignore[arg-type]
    assert {table: count for table, count in (await quiet(later, order)).items() if count} == {}


async def test_steps_are_reported_to_the_end(runtime: Runtime) -> None:
    steps: list[SeedStep] = []
    await seed_installation(runtime, SeedOrder(1, 5, 1, domains=("ads",)), steps.append)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].steps


async def test_no_row_lies_in_the_future_or_in_a_default_part(
    runtime: Runtime, admin: psycopg.Connection
) -> None:
    await quiet(runtime)
    for table, column in (
        ("ads.campaign_metrics", "time"),
        ("ads.metric_observations", "observed_at"),
        ("outreach.email_sends", "created_at"),
        ("agents.ai_gym_performance", "created_at"),
        ("watch.api_snapshots", "completed_at"),
    ):
        row = admin.execute(f"SELECT max({column}) < now() FROM {table}").fetchone()  # type: ignore[call-overload]
        assert row == (True,), table
    parts = admin.execute("SELECT table_name FROM core.partition_plans").fetchall()
    for (table,) in parts:
        assert admin.execute(f"SELECT count(*) FROM {table}_default").fetchone() == (0,), table


async def test_beside_real_clients_it_is_refused(runtime: Runtime, admin: psycopg.Connection) -> None:
    await refuse_real_clients(runtime)
    await quiet(runtime, SeedOrder(1, 5, 1, domains=("ads",)))
    await refuse_real_clients(runtime)
    admin.execute("INSERT INTO core.clients (name, slug) VALUES ('Real', 'real')")
    with pytest.raises(Conflict, match="1 clients of its own"):
        await refuse_real_clients(runtime)


async def test_every_wrong_number_is_named(runtime: Runtime) -> None:
    with pytest.raises(Invalid) as caught:
        await quiet(runtime, SeedOrder(0, 5000, 1, until=NOW.date() + timedelta(days=1), domains=("adds",)))
    assert {problem.pointer for problem in caught.value.errors} == {"/clients", "/days", "/until", "/only"}


async def test_a_day_too_long_ago_is_refused_before_anything_is_made(
    runtime: Runtime, admin: psycopg.Connection
) -> None:
    with pytest.raises(Invalid, match="days back"):
        await quiet(runtime, SeedOrder(1, 5, 1, until=date(1900, 1, 1)))
    assert admin.execute("SELECT count(*) FROM core.clients WHERE id > 0").fetchone() == (0,)


async def test_nobody_made_up_can_sign_in(runtime: Runtime, admin: psycopg.Connection) -> None:
    await quiet(runtime, SeedOrder(2, 5, 1, domains=("ads",)))
    assert admin.execute(
        "SELECT count(*) FROM core.users WHERE password_hash IS NOT NULL AND role <> 'owner'"
    ).fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM core.api_tokens WHERE revoked_at IS NULL").fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM core.user_sessions WHERE revoked_at IS NULL").fetchone() == (
        0,
    )


async def test_another_history_for_the_same_clients_is_refused(runtime: Runtime) -> None:
    order = SeedOrder(1, 5, 1, until=date(2026, 3, 31), domains=("support",))
    await quiet(runtime, order)
    with pytest.raises(Conflict, match="--days 5 --seed 1 --until 2026-03-31"):
        await quiet(runtime, SeedOrder(1, 5, 2, until=date(2026, 3, 31), domains=("support",)))


async def test_several_processes_write_the_rows_that_one_writes(
    runtime: Runtime, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = SeedOrder(3, 10, 1, until=date(2026, 3, 31))
    monkeypatch.setattr("belvedere.wiring.seed_rows.WORTH_A_PROCESS", 1)
    monkeypatch.setattr("belvedere.wiring.seed_rows.CLIENTS_AT_ONCE", 1)
    apart = await quiet(runtime, order)
    monkeypatch.undo()
    assert sum(apart.values()) > 5_000
    assert {table: count for table, count in (await quiet(runtime, order)).items() if count} == {}
    assert admin.execute("SELECT count(DISTINCT client_id) FROM ads.campaign_metrics").fetchone() == (4,)


async def test_nothing_made_up_reaches_a_platform_or_a_mailbox(
    runtime: Runtime, admin: psycopg.Connection
) -> None:
    await quiet(runtime)
    waiting = {
        "accounts that would be read": "SELECT count(*) FROM watch.source_accounts WHERE is_active OR next_due_at IS NOT NULL",
        "messages that would be sent": "SELECT count(*) FROM core.deliveries WHERE state NOT IN ('sent', 'dead')",
        "jobs": "SELECT count(*) FROM jobs.procrastinate_jobs",
    }
    found = {name: admin.execute(query).fetchone() for name, query in waiting.items()}  # type: ignore[call-overload]
    assert found == dict.fromkeys(waiting, (0,))
