"""The database is killed with SIGKILL while messages go out; a server of its own, with every safety on."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.conftest import SECRET
from tests.notify.conftest import BOT, Outbox
from tests.notify.test_kills import Senders, Witness, doubled, mailbox_of, numbered, senders_on, until
from tests.people import add_people

from belvedere.core.database import Database
from belvedere.core.embedded import EmbeddedServer, start_embedded
from belvedere.migrations.roles import login_name, login_password
from belvedere.migrations.runner import migrate

pytestmark = pytest.mark.kills

ROUNDS = 3


class FreshAdmin:
    """A superuser whose connections do not outlive a statement, because the server does not either."""

    def __init__(self, url: str) -> None:
        self.url = url

    def execute(self, query: str, values: Any = None) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def cursor(self, **options: Any) -> Iterator[psycopg.Cursor[Any]]:
        with psycopg.connect(self.url, autocommit=True) as connection, connection.cursor(**options) as cursor:
            yield cursor


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="belvedere-kill-"))
    # The server may run as another user, who must reach it.
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    started = start_embedded(folder)
    migrate(started.admin_url, SECRET)
    with psycopg.connect(started.admin_url, autocommit=True) as admin:
        add_people(admin)
    yield started
    started.release()
    shutil.rmtree(started.root, ignore_errors=True)


@pytest.fixture
async def senders(server, folder, sandbox) -> AsyncIterator[Senders]:
    host = server.admin_url.split("@", 1)[1]
    api_url, worker_url = (
        f"postgresql://{login_name('belvedere', kind)}:{login_password(SECRET, 'belvedere', kind)}@{host}"
        for kind in ("api", "worker")
    )
    db = Database(api_url, worker_url, pool_size=2)
    outbox = Outbox(db, FreshAdmin(server.admin_url))  # type: ignore[arg-type]
    async with senders_on(outbox, sandbox, folder, (api_url, worker_url)) as running:
        yield running
    await db.close()


def kill_database(server: EmbeddedServer) -> None:
    postmaster = int((server.root / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)


async def test_a_killed_database_loses_no_message_and_doubles_none_where_keys_count(
    senders, server, folder, sandbox
):
    outbox, count = senders.outbox, 12
    await senders.start()
    for number in range(1, ROUNDS + 1):
        await outbox.ask(*numbered(BOT, count), *numbered(mailbox_of(f"m{number}"), count))
        already = (number - 1) * 2 * count
        await until(lambda least=already + 5: sent(outbox) >= least)
        kill_database(server)
        # Joins the same data directory, and so starts it again.
        start_embedded(folder).release(keep_running=True)
        await until(lambda most=already + 2 * count: sent(outbox) == most)
    await senders.stop()
    seen = Witness.of(sandbox)
    keys = {row["idem_key"] for row in outbox.rows(channel="discord_bot")}
    assert set(seen.bot) == keys
    assert len(keys) == ROUNDS * count
    assert doubled(seen.bot) == 0
    assert len(seen.mail) == ROUNDS * count
    assert doubled(seen.mail) <= seen.repeats
    sys.stdout.write(
        f"\n{ROUNDS} database kills, {2 * ROUNDS * count} messages: 0 lost; bot 0 doubled;"
        f" mail {doubled(seen.mail)} second copies, all marked\n"
    )


def sent(outbox: Outbox) -> int:
    try:
        return len(outbox.rows(state="sent"))
    except psycopg.OperationalError:
        return -1
