"""A process of the product that lives by another clock: `python -m tests.faults.errand`.

ERRAND holds JSON: `days`, by which its clock is wrong; `jobs`, pairs of a job's name and arguments, run one after the
other; or `rounds`, so often it runs every job of the scheduler besides being a worker, far more often than the queue would.
"""

import asyncio
import json
import os
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from belvedere.core.jobs import REGISTRY, JobCall, run_now
from belvedere.core.runtime import Runtime, utc_now
from belvedere.core.settings import Settings
from belvedere.core.worker import run_worker
from belvedere.wiring.installation import open_installation
from belvedere.wiring.runtime import open_runtime

SCHEDULERS = ("scheduler", "notify")


async def run_all_periodic(runtime: Runtime, rounds: int) -> None:
    working = asyncio.create_task(run_worker(runtime))
    names = [spec.name for spec in REGISTRY.values() if spec.cron and spec.queue in SCHEDULERS]
    for _ in range(rounds):
        for name in names:
            try:
                await run_now(runtime, name, JobCall(name))
            except SQLAlchemyError:
                # Another process had the same in hand; the queue would run the job again.
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def main() -> None:
    errand = json.loads(os.environ["ERRAND"])
    shift = timedelta(days=errand.get("days", 0.0))

    def clock() -> datetime:
        return utc_now() + shift

    with open_installation(Settings()) as installation:
        async with open_runtime(installation, keep_logs=False) as runtime:
            runtime.clock = clock
            for name, arguments in errand.get("jobs", []):
                await run_now(runtime, name, JobCall(name, args=arguments))
            if errand.get("rounds"):
                await run_all_periodic(runtime, errand["rounds"])


if __name__ == "__main__":
    asyncio.run(main())
