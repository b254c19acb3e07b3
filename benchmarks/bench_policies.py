"""What row policies cost at a million rows and fifty clients: each question under them against the same with none.

A person of one client and a job of one client name no client: the policy must find their rows. The baseline is a
superuser, whom no policy binds, with the client written out by hand. Staff of all clients and the baseline beside them
name none. A policy has a price once for each question (who may see what), which is most of it where a question takes less
than a millisecond: `added_ms` says so. `named` writes the client out on both sides: what a policy costs where the program's own question is exact.

BENCH_REPEATS=25 python -m benchmarks.bench_policies
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from tests.people import _add
from tests.plans.filling import fill_millions

from belvedere.core.settings import Settings
from belvedere.wiring.installation import Installation, open_installation

REPEATS = int(os.environ.get("BENCH_REPEATS", "25"))
CLIENT = 7
OWN = f"{{alias}}.client_id = {CLIENT}"

QUESTIONS: dict[str, tuple[str, str]] = {
    "page of alerts": (
        "a", "SELECT a.id, a.title FROM watch.watchtower_alerts a WHERE {own} ORDER BY a.created_at DESC, a.id DESC LIMIT 50",
    ),
    "open alerts counted": (
        "a", "SELECT a.severity, count(*) FROM watch.watchtower_alerts a WHERE a.state = 'open' AND {own} GROUP BY 1",
    ),
    "records of a reading with metrics": (
        "r", ("SELECT r.external_id, m.metric_name, m.metric_value FROM watch.api_records r JOIN watch.api_record_metrics m"
        " ON m.client_id = r.client_id AND m.record_id = r.id WHERE r.snapshot_id = '{snapshot}' AND {own}"),
    ),
    "seven days of campaigns": (
        "m", ("SELECT m.campaign_id, sum(m.spend), sum(m.revenue) FROM ads.campaign_metrics m"
        " WHERE m.time >= now() - interval '7 days' AND {own} GROUP BY 1"),
    ),
    "mails of a month by status": (
        "e", ("SELECT e.status, count(*), count(e.opened_at) FROM outreach.email_sends e"
        " WHERE e.created_at >= now() - interval '30 days' AND {own} GROUP BY 1"),
    ),
    "one alert by its key": ("a", "SELECT a.* FROM watch.watchtower_alerts a WHERE a.id = '{alert}' AND {own}"),
    "every alert added up": ("a", "SELECT count(*), max(a.occurrences) FROM watch.watchtower_alerts a WHERE {own}"),
}  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """Who asks: `context` is the person and the clients in view; None is the superuser."""

    name: str
    login: str
    context: tuple[str, str, str] | None
    names_client: bool


def statement(name: str, values: dict[str, str], *, names_client: bool) -> str:
    alias, template = QUESTIONS[name]
    own = OWN.format(alias=alias) if names_client else "true"
    return template.format(own=own, **values)


@contextmanager
def acting(installation: Installation, caller: Caller) -> Iterator[psycopg.Connection]:
    """A transaction with its role and context set, as the product opens each of its own."""
    url = installation.admin_url if caller.context is None else installation.login_url(caller.login)
    with psycopg.connect(url) as connection:
        if caller.context is not None:
            role, user, clients = caller.context
            connection.execute(
                "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', %s, true),"
                " set_config('role', %s, true)",
                [user, clients, role],
            )
        yield connection


def seconds(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def compare(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Median times of both, asked in turn, so that a busy moment meets both."""
    first(), second()
    pairs = [(seconds(first), seconds(second)) for _ in range(REPEATS)]
    return statistics.median(a for a, _b in pairs), statistics.median(b for _a, b in pairs)


def asking(connection: psycopg.Connection, question: str) -> Callable[[], object]:
    return lambda: connection.execute(question).fetchall()


def measure(
    installation: Installation, callers: list[Caller], values: dict[str, str]
) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {name: {} for name in QUESTIONS}
    nobody = Caller("no policy", "", None, names_client=True)
    with ExitStack() as stack:
        plain = stack.enter_context(acting(installation, nobody))
        for caller in callers:
            bound = stack.enter_context(acting(installation, caller))
            of_one = caller.name != "staff of all"
            for name in QUESTIONS:
                free = asking(plain, statement(name, values, names_client=of_one))
                under = asking(bound, statement(name, values, names_client=caller.names_client))
                with_policy, without = compare(under, free)
                found[name][caller.name] = {
                    "ratio": round(with_policy / without, 2), "ms": round(with_policy * 1000, 2),
                    "no_policy_ms": round(without * 1000, 2), "added_ms": round((with_policy - without) * 1000, 2),
                }  # fmt: skip
    return found


def cast(admin: psycopg.Connection) -> list[Caller]:
    staff = str(_add(admin, "olga@agency.example", "owner", staff=True).id)
    person = str(_add(admin, "lotte@client-7.example", "operator", client=CLIENT).id)
    one = ("authenticated", person, "*")
    job = ("worker_scoped", "", str(CLIENT))
    return [
        Caller("person of one", "api", one, names_client=False),
        Caller("person of one, named", "api", one, names_client=True),
        Caller("staff of all", "api", ("authenticated", staff, "*"), names_client=False),
        Caller("job of one", "worker", job, names_client=False),
        Caller("job of one, named", "worker", job, names_client=True),
    ]


def keys(admin: psycopg.Connection) -> dict[str, str]:
    queries = {"snapshot": "watch.api_snapshots", "alert": "watch.watchtower_alerts"}
    found = {}
    for name, table in queries.items():
        row = admin.execute(
            f"SELECT id FROM {table} WHERE client_id = {CLIENT} ORDER BY created_at DESC LIMIT 1"
        ).fetchone()
        assert row is not None
        found[name] = str(row[0])
    return found


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_installation(Settings(data_dir=Path(folder))) as installation,
    ):
        installation.migrate()
        fill_millions(installation.admin_url, datetime.now(UTC))
        with psycopg.connect(installation.admin_url, autocommit=True) as admin:
            callers, values = cast(admin), keys(admin)
        found = measure(installation, callers, values)
    print(json.dumps({"benchmark": "policies", "rows": 1_000_000, "clients": 50, **found}))


if __name__ == "__main__":
    main()
