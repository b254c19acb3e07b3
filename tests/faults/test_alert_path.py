"""From a platform's answer to an accepted message, with a `kill -9` at every point on the way."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from tests.faults.house import House, open_house, stop, wait_for_kill

from belvedere.core.faults import ALERT_POINTS

pytestmark = pytest.mark.kills
LAST_FAILED = (
    "SELECT status = 'failed' AND error_message <> '' FROM watch.api_snapshots WHERE snapshot_type = 'manual'"
    " ORDER BY created_at DESC LIMIT 1"
)


async def settle_with_fresh_worker(house: House) -> None:
    worker = await house.run_worker()
    try:
        await house.until_settled()
    finally:
        await stop(worker)


async def test_a_worker_killed_at_any_point_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with open_house(reachable(tmp_path_factory)) as house:
        for number, point in enumerate(ALERT_POINTS):
            await house.breach(number)
            await wait_for_kill(await house.run_worker(f"{point}=kill"))
            await settle_with_fresh_worker(house)
            assert house.alerts() == number + 1, point
            ledger = house.discord()
            assert (ledger["keys"], ledger["doubled"]) == (number + 1, 0), point
        sent = house.query("SELECT count(*) FROM core.deliveries WHERE state = 'sent'")
        assert sent == len(ALERT_POINTS)


async def test_a_database_killed_under_a_worker_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with open_house(reachable(tmp_path_factory)) as house:
        worker = await house.run_worker()
        try:
            for number in range(3):
                await house.breach(number)
                await asyncio.sleep(0.15 * number)
                kill_database(house)
                await asyncio.to_thread(house.installation.server.revive)  # type: ignore[union-attr]
                if worker.returncode is not None:  # as `up` does
                    worker = await house.run_worker()
                await house.until_settled(240)
        finally:
            await stop(worker)
        assert house.alerts() == 3
        ledger = house.discord()
        assert (ledger["keys"], ledger["doubled"]) == (3, 0)


async def test_database_and_web_killed_at_any_point_lose_and_double_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The worker is stopped at the point, so that the others die exactly there; then it goes on."""
    async with open_house(reachable(tmp_path_factory)) as house:
        for number, point in enumerate(ALERT_POINTS):
            await house.breach(number)
            web = await house.run_web()
            worker = await house.run_worker(f"{point}=stop")
            await until_stopped(worker.pid)
            web.kill()
            kill_database(house)
            await asyncio.to_thread(house.installation.server.revive)  # type: ignore[union-attr]
            os.kill(worker.pid, signal.SIGCONT)
            await settle_with_fresh_worker(house)
            await stop(worker)
            await web.wait()
            if house.query(LAST_FAILED):
                # A reading that failed says why, and is read again when it is due: here at once.
                await house.read_again()
                await settle_with_fresh_worker(house)
            assert house.alerts() == number + 1, point
            ledger = house.discord()
            assert (ledger["keys"], ledger["doubled"]) == (number + 1, 0), point


async def until_stopped(pid: int, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_stopped(pid):
            await asyncio.sleep(0.1)


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def kill_database(house: House) -> None:
    server = house.installation.server
    assert server is not None
    pid = int((server.root / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)


def reachable(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("house")
