"""One private installation for the whole session; extra databases on its server for what must start from nothing."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import orjson
import psycopg
import pytest
from psycopg import sql
from tests.cli.terminal import Terminal

from belvedere.core.embedded import EmbeddedServer, start_embedded

OWNER, PASSWORD = "ines@agency.example", "a long enough password"
CAMPAIGNS = [
    {"campaignID": "c1", "name": "Advent [10% off]", "status": "sent", "sent": 1000, "bounced": 0, "opened": 118, "clicked": 9},
    {"campaignID": "c2", "name": "Spring", "status": "sent", "sent": 2000, "bounced": 0, "opened": 800, "clicked": 90},
    {"campaignID": "c3", "name": "Draft", "status": "draft", "sent": 0, "bounced": 0, "opened": 0, "clicked": 0},
]  # fmt: skip


@dataclass
class Home:
    """A data directory, its embedded server, and a shell in it."""

    folder: Path
    server: EmbeddedServer
    shell: Terminal

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.server.admin_url, autocommit=True) as connection:
            connection.execute("SET search_path = watch, core, public")
            cursor = connection.execute(statement, values or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    # Not below pytest's own folder: the user that runs PostgreSQL could not reach it.
    folder = Path(mkdtemp(prefix="belvedere-cli-"))
    folder.chmod(0o755)
    server = start_embedded(folder)
    environment = {
        "BELVEDERE_DATA_DIR": str(folder),
        "BELVEDERE_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "COLUMNS": "200",
    }
    try:
        yield Home(folder, server, Terminal(environment))
    finally:
        server.release()
        shutil.rmtree(server.root, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def filled(home: Home) -> Home:
    """An owner, a client, a rule, and a reading that breaks it."""
    campaigns = home.folder / "campaigns.json"
    campaigns.write_bytes(orjson.dumps({"campaign": CAMPAIGNS}))
    steps = (
        ["migrate"],
        ["owner", "create", "--email", OWNER, "--name", "Ines", "--password-stdin"],
        ["clients", "add", "Kaffeehaus Brandt", "--currency", "EUR", "--timezone", "Europe/Vienna"],
        ["rules", "add", "--name", "Low open rate", "--field", "open_rate", "--condition", "less_than", "--threshold", "15"],
        ["ingest", str(campaigns), "--source", "omnisend/campaigns", "--mapping", "omnisend_campaigns",
         "--client", "kaffeehaus-brandt"],
    )  # fmt: skip
    for step in steps:
        done = home.shell.run(*step, stdin=f"{PASSWORD}\n")
        assert done.code == 0, (step, done)
    return home


@pytest.fixture
def elsewhere(home: Home, tmp_path: Path) -> Iterator[Callable[[], Terminal]]:
    """Shells of installations that start from nothing: an empty database each, and a data directory."""
    made: list[str] = []

    def make() -> Terminal:
        name = f"cli_{uuid4().hex[:8]}"
        made.append(name)
        with psycopg.connect(home.server.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        address = home.server.admin_url.rsplit("/", 1)[0] + "/" + name
        return home.shell.with_(BELVEDERE_DATA_DIR=str(tmp_path / name), DATABASE_URL=address)

    yield make
    with psycopg.connect(home.server.admin_url, autocommit=True) as admin:
        for name in made:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
