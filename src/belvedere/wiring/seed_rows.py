"""The rows of made-up clients, by one process for each core: half of the work is the program's, half the server's."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.seeding.fillers import FILLERS
from belvedere.seeding.world import ClientPlan, World
from belvedere.seeding.writer import merge_batches, prepare_session, write_batch

CLIENTS_AT_ONCE, CLIENT_DAYS_AT_ONCE = 4, 360
"""A transaction holds one domain of a few clients: enough rows to be quick, few enough to be held in memory."""
WORTH_A_PROCESS = 1_000
"""Client days from which processes of their own pay for being started."""

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Filled:
    """A piece that is written: its name, how many clients' worth of work it was, and the rows of each table."""

    name: str
    clients: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class Share:
    """What one process fills in one go. `domains` stand in the order of their foreign keys."""

    urls: tuple[str, str]
    world: World
    clients: tuple[ClientPlan, ...]
    domains: tuple[str, ...]

    @property
    def name(self) -> str:
        first, others = self.clients[0].name, len(self.clients) - 1
        return f"{first} and {others} more" if others else first


async def fill_shares(
    db: Database, world: World, plans: Sequence[ClientPlan], domains: tuple[str, ...]
) -> AsyncIterator[Filled]:
    """Fill everything; yields what was filled and how many rows it took, a domain or a whole share at a time.

    The agency comes first and alone: rules and sources of its own are named by the rows of the others.
    """
    urls = (db.api_url, db.worker_url)
    size = max(1, min(CLIENTS_AT_ONCE, CLIENT_DAYS_AT_ONCE // world.days))
    others = [plan for plan in plans if plan.id]
    groups = [tuple(others[first : first + size]) for first in range(0, len(others), size)]
    agency = tuple(plan for plan in plans if not plan.id)
    shares = [Share(urls, world, group, domains) for group in groups]
    processes = min(os.cpu_count() or 1, len(shares))
    inline = shares if len(others) * world.days < WORTH_A_PROCESS or processes < 2 else []
    for share in ([Share(urls, world, agency, domains)] if agency else []) + inline:
        for name in domains:
            counts = await fill_domain(db, share, name)
            yield Filled(f"{share.name}: {name}", len(share.clients) / len(domains), counts)
    if not inline and shares:
        async for done in fill_apart(shares, processes):
            yield done


async def fill_domain(db: Database, share: Share, name: str) -> Counts:
    """One domain of a few clients in one transaction."""
    batches = merge_batches(FILLERS[name](share.world, client) for client in share.clients)
    counts: Counts = {}
    async with db.write(Scope.service("seed")) as session:
        await prepare_session(session)
        for batch in batches:
            counts[batch.table] = counts.get(batch.table, 0) + await write_batch(session, batch)
    return counts


async def fill_apart(shares: Sequence[Share], processes: int) -> AsyncIterator[Filled]:
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), begin_process)
    try:
        for done in asyncio.as_completed([loop.run_in_executor(pool, fill_share, share) for share in shares]):
            yield await done
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def begin_process() -> None:
    """A process ends with the command: after Ctrl-C with its share, at once when the command was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=follow_parent, daemon=True).start()


def follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def fill_share(share: Share) -> Filled:
    return Filled(share.name, len(share.clients), asyncio.run(fill_all_domains(share)))


async def fill_all_domains(share: Share) -> Counts:
    counts: Counts = {}
    db = Database(*share.urls, pool_size=1)
    try:
        for name in share.domains:
            for table, count in (await fill_domain(db, share, name)).items():
                counts[table] = counts.get(table, 0) + count
    finally:
        await db.close()
    return counts
