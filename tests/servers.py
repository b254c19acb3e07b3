"""A PostgreSQL 15 beside the embedded one, because that is the oldest server Belvedere runs on."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from belvedere.core.embedded import Identity, choose_identity, free_port, run_tool
from belvedere.core.errors import SetupError

BINARIES = Path(os.environ.get("BELVEDERE_TEST_PG15_BIN", "/usr/lib/postgresql/15/bin"))


@pytest.fixture(scope="session")
def server_15() -> Iterator[str]:
    """A superuser's address of a PostgreSQL 15 of this run's own; says so aloud where the machine has none."""
    if not (BINARIES / "initdb").exists():
        pytest.skip(f"no PostgreSQL 15 in {BINARIES}; name its folder in BELVEDERE_TEST_PG15_BIN")
    identity = find_identity()
    root = Path(tempfile.mkdtemp(prefix="belvedere-15-"))
    give(root, identity)
    try:
        yield start(root, identity)
    finally:
        run_tool(BINARIES / "pg_ctl", ["-D", str(root / "data"), "-m", "immediate", "stop"], identity)
        shutil.rmtree(root, ignore_errors=True)


def find_identity() -> Identity:
    """PostgreSQL refuses to run as root."""
    try:
        return choose_identity("postgres")
    except SetupError:
        return choose_identity("nobody")


def give(path: Path, identity: Identity) -> None:
    if identity.uid is not None:
        os.chown(path, identity.uid, identity.gid or -1)


def start(root: Path, identity: Identity) -> str:
    """A fresh cluster on a free port of the loopback; three tries, because the port may be taken meanwhile."""
    password = secrets.token_hex(16)
    word = root / "password"
    word.write_text(password)
    give(word, identity)
    arguments = ["-D", str(root / "data"), "-U", "postgres", "-N", "-E", "UTF8", "--locale=C.UTF-8",
                 "--auth=scram-sha-256", f"--pwfile={word}"]  # fmt: skip
    done = subprocess.run(
        [BINARIES / "initdb", *arguments], check=False, capture_output=True, text=True, **identity.spawn()
    )
    assert done.returncode == 0, done.stderr
    for _ in range(3):
        port = free_port()
        with (root / "data" / "postgresql.conf").open("a") as conf:
            conf.write(f"\nport = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
                       "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\njit = off\n"
                       "max_locks_per_transaction = 256\ntimezone = 'America/New_York'\n")  # fmt: skip
        log = str(root / "server.log")
        if (
            run_tool(
                BINARIES / "pg_ctl", ["-D", str(root / "data"), "-w", "-l", log, "start"], identity
            ).returncode
            == 0
        ):
            return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    raise AssertionError((root / "server.log").read_text())
