"""The inbox over a million alerts, 100,000 of them open, of fifty clients: taking one and many, pages, filters, figures.

Every request goes over HTTP to a server process of its own, as people run it: doors, permissions, row policies, audit,
events. Times are the caller's. Beside them stands the bare question of the same page through psycopg, asked in turn with
the requests, and the processor time of server and database, which a busy machine changes less than the clock. `cold` is
the first request of a server that was just started.

BENCH_TAKEN=300 BENCH_REPEATS=100 BENCH_ONLY='^(inbox|page|counts)$' python -m benchmarks.bench_inbox
"""

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
from tests.api.house import give_token
from tests.people import Person, _add
from tests.plans.filling import prepare

from belvedere.accounts import service as accounts
from belvedere.accounts.contracts import Login
from belvedere.accounts.cookies import cookie_name
from belvedere.accounts.passwords import _hasher
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.settings import Settings
from belvedere.wiring.installation import Installation, open_installation
from belvedere.wiring.modules import connect_modules
from benchmarks.bench_lists import free_port, serving
from benchmarks.meters import Meter, load, spread_ms

TAKEN = int(os.environ.get("BENCH_TAKEN", "300"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "100"))
ALERTS, CLIENTS, CLIENT, SOME = int(os.environ.get("BENCH_ALERTS", "1000000")), 50, 7, 10
MANY, ROUNDS = 500, 5
ONLY = os.environ.get("BENCH_ONLY", "")
"""A pattern of the pages to look at; all without it."""
GOAL_TAKEN, GOAL_PAGE, GOAL_SEARCH, RESTARTS = 50, 150, 300, 5
BARE = "SELECT * FROM watch.watchtower_alerts WHERE state = 'open' ORDER BY created_at DESC, id DESC LIMIT 50"
PASSWORD = "a calm harbour at noon"

# Client 7 has a fifth of all; every third alert is of a rule for every client. Rule n of client c is 1000 c + n.
FILL = f"""
INSERT INTO core.clients (id, name, slug) SELECT n, 'Client ' || n, 'client-' || n FROM generate_series(1, {CLIENTS}) n;
CREATE TEMP TABLE s AS SELECT id, row_number() OVER (ORDER BY created_at, id) - 1 AS place FROM watch.api_sources LIMIT 5;
INSERT INTO watch.api_snapshots (id, client_id, source_id, status, total_records, data_as_of, started_at, completed_at,
    evaluated_at, created_at) SELECT pg_temp.k('2', c * 1000 + s.place * 100 + n), c, s.id, 'completed', 50, t, t, t, t, t
    FROM generate_series(1, {CLIENTS}) c, s, generate_series(0, 19) n, LATERAL (SELECT now() - n * interval '1 hour' AS t) x;
INSERT INTO watch.api_records (id, snapshot_id, client_id, external_id, name, created_at)
    SELECT pg_temp.k7(extract(epoch FROM p.created_at), row_number() OVER ()), p.id, p.client_id, 'rec-' || n, 'Campaign ' || n, p.created_at
    FROM watch.api_snapshots p, generate_series(0, 49) n;
INSERT INTO watch.api_record_metrics (client_id, record_id, metric_name, metric_value, created_at)
    SELECT client_id, id, 'open_rate', 10, created_at FROM watch.api_records;
INSERT INTO watch.watchtower_rules (id, client_id, source_id, name, field_name, condition, threshold_value, severity)
    SELECT pg_temp.k('3', c * 1000 + n), c, s.id, 'Low open rate ' || c || '/' || n, 'open_rate', 'less_than', '15',
    (ARRAY['info', 'warning', 'warning', 'critical'])[n % 4 + 1]
    FROM generate_series(0, {CLIENTS}) c, generate_series(0, 19) n JOIN s ON s.place = n % 5;
INSERT INTO watch.watchtower_alerts (id, rule_id, rule_client_id, snapshot_id, client_id, source_id, external_id, entity_name,
    fingerprint, state, title, message, severity, current_value, reason, is_acknowledged, acknowledged_at, acknowledged_by,
    resolved_at, resolved_reason, snoozed_until, snoozed_by, told_at, first_seen_at, last_seen_at, created_at)
    SELECT pg_temp.k7(extract(epoch FROM t), n), pg_temp.k('3', rc * 1000 + rule), rc, pg_temp.k('2', c * 1000 + rule % 5 * 100), c, s.id,
    'rec-' || n % 50, 'Campaign ' || n % 5000, 'f' || n, CASE WHEN open THEN 'open' ELSE 'resolved' END,
    'Open rate 11.8 % of Campaign ' || n % 5000, 'The open rate of Campaign ' || n % 5000 || ' is 11.8 %, below 15 %.',
    (ARRAY['info', 'warning', 'warning', 'critical'])[rule % 4 + 1], '11.8', jsonb_build_object('rule_name', 'Low open rate',
        'expression', 'open_rate less_than 15', 'told_value', '11.8', 'conditions', jsonb_build_array(jsonb_build_object('field',
        'open_rate', 'label', 'Open rate', 'condition', 'less_than', 'value', '11.8', 'limit', '15', 'previous', '12.1', 'unit',
        'percent', 'result', true, 'name', 'Low open rate', 'joined_by', NULL, 'rule_id', pg_temp.k('3', rc * 1000 + rule)))),
    taken, CASE WHEN taken THEN t END, CASE WHEN taken THEN 'olga' END, CASE WHEN NOT open THEN t + interval '1 hour' END,
    CASE WHEN NOT open THEN 'recovered' END, CASE WHEN open AND n % 31 = 0 THEN now() + interval '1 day' END,
    CASE WHEN open AND n % 31 = 0 THEN 'olga' END, t, t, t, t
    FROM (SELECT n, abs(hashint4(n)) % 10 = 0 AS open, n / 3 % 5 = 0 AS taken, CASE WHEN n / 2 % 5 = 0 THEN {CLIENT} ELSE n % {CLIENTS} + 1 END AS c,
        n / 50 % 20 AS rule, now() - ({ALERTS} - n) * interval '8 s' AS t FROM generate_series(1, {ALERTS}) n) x
    CROSS JOIN LATERAL (SELECT CASE WHEN n / 1000 % 3 = 0 THEN 0 ELSE c END AS rc) r JOIN s ON s.place = rule % 5;
INSERT INTO watch.alert_events (client_id, alert_id, kind, at) SELECT client_id, id, 'opened', created_at FROM watch.watchtower_alerts;
INSERT INTO core.audit_log (seq, client_id, actor, action, subject_type, subject_id, prev_hash, hash, at)
    SELECT n, n % {CLIENTS} + 1, 'olga', 'alert.acknowledged', 'alert', 'x', sha256('a'), sha256('b'), now() FROM generate_series(1, 100000) n;
"""


@dataclass(frozen=True)
class Caller:
    """A program with a token and a browser that is signed in, both of one person."""

    api: httpx.AsyncClient
    browser: httpx.AsyncClient


def fill(admin: psycopg.Connection) -> None:
    admin.execute("SELECT core.ensure_partitions((now() - interval '120 days')::date, 8)")
    prepare(admin)
    for statement in FILL.split(";\n"):
        if statement.strip():
            admin.execute(statement)
    admin.execute("SET session_replication_role = origin")
    admin.execute("VACUUM ANALYZE")
    admin.execute("CHECKPOINT")


def cast(admin: psycopg.Connection) -> dict[str, Person]:
    """The owner sees all, Sam of the staff ten clients, Lotte her own company."""
    sam = _add(admin, "sam@agency.example", "operator", staff=True, client=CLIENT)
    for client in range(CLIENT + 1, CLIENT + SOME):
        admin.execute(
            "INSERT INTO core.user_clients (user_id, client_id, role) VALUES (%s, %s, 'operator')",
            [sam.id, client],
        )
    people = {
        "owner": _add(admin, "olga@agency.example", "owner", staff=True),
        "staff of ten clients": sam,
        "person of one client": _add(admin, "lotte@client-7.example", "operator", client=CLIENT),
    }
    admin.execute("UPDATE core.users SET password_hash = %s", [_hasher.hash(PASSWORD)])
    return people


@contextmanager
def server(settings: Settings) -> Iterator[tuple[str, int]]:
    """The address and the process of the product's own web server."""
    port = free_port()
    environment = {
        "BELVEDERE_DATA_DIR": str(settings.data_dir), "BELVEDERE_REQUESTS_PER_SECOND": "100000",
    }  # fmt: skip
    command = [sys.executable, "-m", "belvedere", "serve", "--port", str(port)]
    with serving(command, environment, port) as process:
        yield f"http://127.0.0.1:{port}", process.pid


async def sign_in(
    database: Database, admin: psycopg.Connection, people: dict[str, Person], settings: Settings
) -> dict[str, tuple[str, str]]:
    """Token and cookie of each person."""
    found = {}
    for name, person in people.items():
        async with database.write(Scope.authn()) as session:
            login = await accounts.log_in(
                session, email=person.email, password=PASSWORD, address="192.0.2.7", user_agent="Benchmark",
                now=datetime.now(UTC), settings=settings,
            )  # fmt: skip
        assert isinstance(login, Login)
        found[name] = (give_token(admin, person), login.cookie)
    return found


def callers_of(keys: dict[str, tuple[str, str]], address: str, settings: Settings) -> dict[str, Caller]:
    own = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    return {
        name: Caller(
            httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120),
            httpx.AsyncClient(
                base_url=address, headers=own, cookies={cookie_name(settings): cookie}, timeout=120
            ),
        )
        for name, (token, cookie) in keys.items()
    }


async def timed(ask: Callable[[], Awaitable[httpx.Response]]) -> float:
    started = time.perf_counter()
    answer = await ask()
    seconds = time.perf_counter() - started
    assert answer.status_code == 200, (answer.request.url, answer.status_code, answer.text[:500])
    return seconds


async def measured(
    meter: Meter, asks: list[Callable[[], Awaitable[httpx.Response]]], goal: float | None
) -> dict[str, object]:
    meter.read()
    seconds = [await timed(ask) for ask in asks]
    spent = meter.read()
    each = {"server_cpu_ms": spent.own, "database_cpu_ms": spent.database}
    found = {
        **spread_ms(seconds),
        **{name: round(1000 * value / len(asks), 1) for name, value in each.items()},
    }
    return found if goal is None else {**found, "goal_p95_ms": goal}


def bare(admin: psycopg.Connection) -> dict[str, float]:
    """The page as one plain question of the administrator, without anything around it."""
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        admin.execute(BARE).fetchall()
        seconds.append(time.perf_counter() - started)
    return spread_ms(seconds)


def open_ids(admin: psycopg.Connection, count: int, where: str = "true") -> list[str]:
    rows = admin.execute(
        f"SELECT id FROM watch.watchtower_alerts WHERE state = 'open' AND NOT is_acknowledged AND snoozed_until IS NULL AND {where}"
    ).fetchall()
    return [str(row[0]) for row in random.Random(7).sample(rows, count)]


async def take(meter: Meter, callers: dict[str, Caller], admin: psycopg.Connection) -> dict[str, object]:
    """One alert each, and 500 at once: all of one client, and of all fifty."""
    found: dict[str, object] = {}
    for name in ("owner", "person of one client"):
        api = callers[name].api
        ids = open_ids(admin, TAKEN, f"client_id = {CLIENT}" if name != "owner" else "true")
        asks = [lambda one=one, api=api: api.post(f"/api/v1/alerts/{one}/acknowledge") for one in ids]
        for ask in asks[:5]:
            await ask()
        found[f"one, {name}"] = {**await measured(meter, asks[5:], None), "goal_p95_ms": GOAL_TAKEN}
    owner = callers["owner"].api
    for name, where in (("of one client", f"client_id = {CLIENT}"), ("of all clients", "true")):
        ids = open_ids(admin, MANY * ROUNDS, where)
        parts = [ids[start : start + MANY] for start in range(0, len(ids), MANY)]
        asks = [
            lambda part=part: owner.post("/api/v1/alerts/acknowledge", json={"ids": part}) for part in parts
        ]
        found[f"{MANY} at once {name}"] = await measured(meter, asks, None)
    return found


def paths(admin: psycopg.Connection) -> dict[str, str]:
    (rule,) = admin.execute(
        "SELECT id FROM watch.watchtower_rules WHERE client_id = 7 ORDER BY name LIMIT 1"
    ).fetchone()
    (shared,) = admin.execute(
        "SELECT id FROM watch.watchtower_rules WHERE client_id = 0 ORDER BY name LIMIT 1"
    ).fetchone()
    since = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = {}
    for name, base in (("inbox", "/api/v1/inbox?state=open"), ("alerts", "/api/v1/alerts?state=open")):
        found |= {
            name: base, f"{name}, severity": f"{base}&severity=critical", f"{name}, client": f"{base}&client_id={CLIENT}",
            f"{name}, rule": f"{base}&rule_id={rule}", f"{name}, rule for every client": f"{base}&rule_id={shared}",
            f"{name}, search": f"{base}&search=Campaign%204711", f"{name}, search without a hit": f"{base}&search=zeppelin",
            f"{name}, since": f"{base}&since={since}",
        }  # fmt: skip
    return found | {
        "inbox, snoozed": "/api/v1/inbox?state=snoozed", "alerts, snoozed": "/api/v1/alerts?state=open&snoozed=only",
        "inbox, everything": "/api/v1/inbox", "alerts, resolved": "/api/v1/alerts?state=resolved",
        "alerts, taken": "/api/v1/alerts?state=open&acknowledged=true", "counts": "/api/v1/alerts/counts",
        "page": "/alerts", "page, severity": "/alerts?severity=critical", "page, search": "/alerts?q=Campaign%204711",
        "page, by rule": "/alerts?group=rule", "page, snoozed": "/alerts?view=snoozed", "page, taken": "/alerts?view=acknowledged",
        "page, client": f"/alerts?client={CLIENT}", "page, resolved": "/alerts?view=resolved", "page, all": "/alerts?view=all",
        "inbox, resolved": "/api/v1/inbox?state=resolved", "page, rule": f"/alerts?rule={rule}", "page, by client": "/alerts?group=client",
        "page, search in all": "/alerts?view=all&q=Campaign%204711", "alerts, search in all": "/api/v1/alerts?search=Campaign%204711",
        "alerts, common search": "/api/v1/alerts?search=campaign",
        "live": "/live/none",
    }  # fmt: skip


async def look(meter: Meter, callers: dict[str, Caller], admin: psycopg.Connection) -> dict[str, object]:
    found: dict[str, object] = {}
    for title, path in paths(admin).items():
        if title == "live" or not re.search(ONLY, title):
            continue
        for name, caller in callers.items():
            client = caller.api if path.startswith("/api") else caller.browser
            asks = [lambda: client.get(path)] * REPEATS  # noqa: B023 - asked before the next one is named
            await asks[0]()
            line = await measured(meter, asks, GOAL_SEARCH if "search" in title else GOAL_PAGE)
            found.setdefault(title, {})[name] = line
            print(f"{title:32} {name:22} {json.dumps(line)}", flush=True)
    return found


async def start_cold(keys: dict[str, tuple[str, str]], settings: Settings) -> dict[str, object]:
    """The first page of a server that was just started, by program and by browser."""
    found: dict[str, list[float]] = {}
    for _ in range(RESTARTS):
        for name, path in (("inbox", "/api/v1/inbox?state=open"), ("page", "/alerts")):
            with server(settings) as (address, _):
                caller = callers_of(keys, address, settings)["owner"]
                client = caller.browser if name == "page" else caller.api
                found.setdefault(name, []).append(await timed(lambda: client.get(path)))  # noqa: B023
    return {name: spread_ms(seconds) for name, seconds in found.items()}


async def measure(
    installation: Installation, admin: psycopg.Connection, settings: Settings
) -> dict[str, object]:
    connect_modules()
    accounts.use_keyring(accounts.load_keyring(settings))
    database = installation.database()
    (directory,) = admin.execute("SHOW data_directory").fetchone()
    keys = await sign_in(database, admin, cast(admin), settings)
    await database.close()
    before = load()
    with server(settings) as (address, process):
        meter = Meter(Path(directory), process)
        callers = callers_of(keys, address, settings)
        plain = [bare(admin)]
        pages = await look(meter, callers, admin)
        plain.append(bare(admin))
        taken = await take(meter, callers, admin)
        for line in taken.items():
            print(*line, flush=True)
    cold = await start_cold(keys, settings)
    return {"load": [before, load()], "bare": plain, "cold": cold, "acknowledge": taken, "pages": pages}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(os.environ.get("BENCH_DATA_DIR", folder)))
        with open_installation(settings) as installation:
            installation.migrate()
            with psycopg.connect(installation.admin_url, autocommit=True) as admin:
                if not admin.execute("SELECT 1 FROM watch.watchtower_alerts LIMIT 1").fetchone():
                    fill(admin)
                else:
                    admin.execute("DELETE FROM core.users")
                    admin.execute("VACUUM ANALYZE")
                figures = asyncio.run(measure(installation, admin, settings))
    print(
        json.dumps(
            {"benchmark": "inbox", "alerts": ALERTS, "open": ALERTS // 10, "clients": CLIENTS, **figures}
        )
    )


if __name__ == "__main__":
    main()
