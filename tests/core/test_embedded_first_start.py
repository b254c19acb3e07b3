"""The first start of the embedded server: whole or not at all."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from belvedere.core.embedded import choose_identity, initialise, start_embedded
from belvedere.core.errors import SetupError

DIES_HALF_WAY = """#!/bin/sh
while [ "$1" != -D ]; do shift; done
mkdir -p "$2/global" && echo 18 > "$2/PG_VERSION"
exit 1
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's own folder: the user that runs PostgreSQL could not reach it.
    folder = Path(mkdtemp(prefix="belvedere-first-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_first_start_that_died_half_way_is_begun_anew(folder: Path) -> None:
    server = start_embedded(folder)
    server.release()
    root, identity = server.root, choose_identity("nobody")
    shutil.rmtree(root / "data")
    tools = folder / "tools"
    tools.mkdir()
    (tools / "initdb").write_text(DIES_HALF_WAY)
    (tools / "initdb").chmod(0o755)
    with pytest.raises(SetupError, match="could not be initialised"):
        initialise(root, tools, identity)
    again = start_embedded(folder)
    try:
        with psycopg.connect(again.admin_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert [path.name for path in root.iterdir() if path.name.startswith("data")] == ["data"]
    finally:
        again.release()
