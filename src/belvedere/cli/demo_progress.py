"""Start the demo's readings and watch them become alerts and messages."""

import asyncio
import time
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.cli.output import err, out, progress
from belvedere.cli.parts import started_at
from belvedere.core.context import Scope
from belvedere.core.runtime import Runtime
from belvedere.sources.service import AlreadyRunning, request_run

PATIENCE_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.1

_FIGURES = text(
    "SELECT (SELECT count(*) FROM watch.api_snapshots WHERE status = 'completed') AS snapshots,"
    " (SELECT coalesce(sum(total_records), 0) FROM watch.api_snapshots WHERE same_as_snapshot_id IS NULL) AS records,"
    " (SELECT coalesce(sum(total_metrics), 0) FROM watch.api_snapshots WHERE same_as_snapshot_id IS NULL) AS metrics,"
    " (SELECT count(*) FROM watch.watchtower_alerts) AS alerts,"
    " (SELECT count(*) FROM core.deliveries WHERE state = 'sent') AS deliveries_sent,"
    " (SELECT count(*) FROM core.deliveries WHERE state IN ('dead', 'unknown')) AS deliveries_failed,"
    " (SELECT count(*) FROM watch.api_snapshots WHERE status IN ('pending', 'processing')"
    "   OR (status = 'completed' AND evaluated_at IS NULL)) AS working,"
    " (SELECT count(*) FROM core.deliveries WHERE state IN ('ready', 'sending')) AS unsent"
)
FIGURES = ("snapshots", "records", "metrics", "alerts", "deliveries_sent", "deliveries_failed")


async def request_runs(runtime: Runtime, accounts: list[UUID], actor: str) -> None:
    """Ask for a reading of each account now; one that runs already is waited for."""
    for account in accounts:
        async with runtime.db.write(Scope.service(actor)) as session:
            try:
                await request_run(session, account, actor=actor, now=runtime.clock())
            except AlreadyRunning:
                continue


async def watch_until_settled(
    runtime: Runtime, *, quiet: bool, first_seen: asyncio.Event | None = None
) -> dict[str, Any]:
    """Wait until every reading is judged and every message sent; the figures of the installation."""
    first_alert: float | None = None
    before = (await read_figures(runtime))["alerts"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    with progress() as bar:
        task = bar.add_task("Reading platforms, judging rules, sending messages", total=None)
        while True:
            found = await read_figures(runtime)
            if first_alert is None and (found["alerts"] > before or found["alerts"] > 0):
                first_alert = time.monotonic() - started_at()
                if first_seen is not None:
                    first_seen.set()
            bar.update(
                task, completed=found["deliveries_sent"], total=found["deliveries_sent"] + found["unsent"]
            )
            if not found["working"] and not found["unsent"]:
                break
            if time.monotonic() > deadline:
                if not quiet:
                    err.print("Some messages are still on their way; see the page Deliveries.")
                break
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    seconds = None if first_alert is None else round(first_alert, 2)
    return {"seconds_to_first_alert": seconds, **{name: int(found[name]) for name in FIGURES}}


async def read_figures(runtime: Runtime) -> dict[str, Any]:
    async with runtime.db.read(Scope.service("demo")) as session:
        return dict((await session.execute(_FIGURES)).mappings().one())


def show_figures(figures: dict[str, Any], *, to_stderr: bool = False) -> None:
    """The figures as a sentence."""
    say = err.print if to_stderr else out.print
    first = figures["seconds_to_first_alert"]
    say(
        f"{figures['snapshots']} snapshots, {figures['records']} records, {figures['metrics']} metrics;"
        f" {figures['alerts']} alerts, {figures['deliveries_sent']} messages sent,"
        f" {figures['deliveries_failed']} failed."
        + ("" if first is None else f" First alert after {first:.1f} s.")
    )
