"""A sender in a process of its own, so that tests can kill it: `python -m tests.notify.sender_process`.

SENDER holds JSON: the addresses of the two logins, the settings, and `mode`: `loop` (sweep and send, over and over)
or `worker` (the real worker with its queue).
"""

import asyncio
import json
import logging
import os

from psycopg import Error as DriverError
from sqlalchemy.exc import SQLAlchemyError

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.core.worker import run_worker
from belvedere.notify import service
from belvedere.notify.sending import send_due, sweep

assert service.request_deliveries  # registers the jobs


async def loop(runtime: Runtime) -> None:
    while True:
        try:
            await sweep(runtime)
            await send_due(runtime, seconds=1.0)
        except (SQLAlchemyError, DriverError, OSError):
            # The database is away; a worker would run the job again.
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.02)


async def main() -> None:
    given = json.loads(os.environ["SENDER"])
    settings = Settings(**given["settings"])
    use_keyring(load_keyring(settings))
    db = Database(given["api_url"], given["worker_url"], pool_size=6)
    async with HttpClient(settings) as http:
        runtime = Runtime(settings, db, http)
        await (run_worker(runtime) if given["mode"] == "worker" else loop(runtime))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
