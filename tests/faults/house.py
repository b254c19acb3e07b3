"""A whole installation of its own: real database with real fsync, sandbox, and workers as processes that can be killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.faults.nursery import Child, Nursery, open_nursery

from belvedere.cli import demo_content as content
from belvedere.cli.demo import demo_settings, environment_of
from belvedere.core.context import Scope
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.main import describe_sandbox
from belvedere.sandbox.service import RunningSandbox, SandboxOptions, run_sandbox
from belvedere.sources.service import request_run
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import create_rule
from belvedere.wiring.installation import Installation, open_installation
from belvedere.wiring.runtime import open_runtime

IMPATIENT = {
    "BELVEDERE_JOB_HEARTBEAT_SECONDS": "1",
    "BELVEDERE_JOB_STALLED_SECONDS": "3",
    "BELVEDERE_DELIVERY_LEASE_SECONDS": "4",
    "BELVEDERE_SNAPSHOT_LEASE_SECONDS": "3",
}
SETTLED = (
    "SELECT (SELECT count(*) FROM watch.api_snapshots WHERE status IN ('pending', 'processing')"
    " OR (status = 'completed' AND evaluated_at IS NULL)) + (SELECT count(*) FROM core.deliveries"
    " WHERE state IN ('ready', 'sending'))"
)
UNSETTLED = (
    "SELECT json_build_object('now', now(), 'held', (SELECT outbound_held FROM core.installation),"
    " 'snapshots', (SELECT json_agg(s) FROM watch.api_snapshots s WHERE status <> 'completed' OR evaluated_at IS NULL),"
    " 'deliveries', (SELECT json_agg(d) FROM core.deliveries d WHERE state IN ('ready', 'sending')),"
    " 'budgets', (SELECT json_agg(b) FROM core.rate_budgets b),"
    " 'jobs', (SELECT json_agg(j) FROM jobs.procrastinate_jobs j WHERE status IN ('todo', 'doing')))::text"
)
"""What a person needs who asks why nothing moves."""


@dataclass
class House:
    installation: Installation
    runtime: Runtime
    sandbox: RunningSandbox
    environment: dict[str, str]
    accounts: list[Any]
    owner: Scope
    nursery: Nursery

    async def run_worker(self, faults: str = "") -> Child:
        return await self.run("belvedere", "worker", BELVEDERE_FAULTS=faults)

    async def run_web(self) -> Child:
        return await self.run("belvedere", "serve", "--port", "0")

    async def run(self, module: str, *arguments: str, **more: str) -> Child:
        environment = {**os.environ, **self.environment, "BELVEDERE_FAULTS": "", **more}
        return await self.nursery.start(module, list(arguments), environment)

    def query(self, statement: str) -> Any:
        with psycopg.connect(self.installation.admin_url, autocommit=True) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
            return row[0] if row else None

    async def breach(self, number: int) -> None:
        """A new number at the platform and a new rule on it, so that exactly one new alert must come."""
        shop = describe_sandbox()["clients"][0]
        key = {"X-API-KEY": shop.omnisend_key}
        async with httpx.AsyncClient() as client:
            page = await client.get(f"{self.sandbox.urls['omnisend_base_url']}/v3/campaigns", headers=key)
            sent = [one for one in page.json()["campaign"] if one["status"] == "sent" and one["sent"] > 0]
            target = sent[number]["campaignID"]
            done = await client.patch(
                f"{self.sandbox.base_url}/control/omnisend/{shop.slug}/campaigns/{target}",
                json={"opened": 1, "clicked": 0},
            )
            assert done.status_code < 400, done.text
        async with self.runtime.db.write(self.owner) as session:
            draft = RuleDraft(
                f"Nobody opened {number}", "col:external_id", Condition.EQUALS, target, notify_discord=True,
            )  # fmt: skip
            await create_rule(session, draft, actor="test", now=self.runtime.clock(), force=True)
        await self.read_again()

    async def read_again(self) -> None:
        async with self.runtime.db.write(self.owner) as session:
            await request_run(session, self.accounts[0], actor="test", now=self.runtime.clock())

    async def until_settled(self, seconds: float = 90.0) -> None:
        try:
            async with asyncio.timeout(seconds):
                while await asyncio.to_thread(self.query, SETTLED):
                    await asyncio.sleep(0.2)
        except TimeoutError:
            pytest.fail(f"not settled after {seconds:.0f} s: {self.query(UNSETTLED)}")

    def alerts(self) -> int:
        return int(self.query("SELECT count(*) FROM watch.watchtower_alerts"))

    def discord(self) -> dict[str, int]:
        """What the receiver accepted: effects by key, and how many came twice."""
        return dict(self.sandbox.sandbox.ledger.totals().get("discord.message", {}))


@asynccontextmanager
async def open_house(data_dir: Path) -> AsyncIterator[House]:
    described = describe_sandbox()
    sandbox = await run_sandbox(SandboxOptions(discord_limit=1000))
    base = Settings(data_dir=data_dir, port=0)
    settings = demo_settings(base, sandbox, described)
    environment = {**environment_of(settings), **IMPATIENT, "BELVEDERE_DATA_DIR": str(data_dir)}
    try:
        with open_installation(settings) as installation:
            installation.migrate()
            with psycopg.connect(installation.admin_url) as admin:
                # A reading that dies would open alerts of its source's health beside those that are counted here.
                admin.execute("UPDATE watch.watchtower_rules SET is_active = false WHERE builtin IS NOT NULL")
            async with open_runtime(installation, keep_logs=False) as runtime:
                owner = await content.make_owner(runtime)
                shops = described["clients"][:1]
                clients = await content.make_clients(runtime, owner, shops)
                accounts = await content.make_accounts(runtime, owner, shops, clients, sandbox)
                async with open_nursery() as nursery:
                    yield House(installation, runtime, sandbox, environment, accounts, owner, nursery)
    finally:
        await sandbox.close()


async def wait_for_kill(process: Child, seconds: float = 60.0) -> None:
    """The process must die of the armed kill, not of anything else."""
    code = await asyncio.wait_for(process.wait(), seconds)
    assert code == -signal.SIGKILL, f"the worker ended with {code}, not by the kill"


async def stop(process: Child) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()
