"""The oldest server that Belvedere runs on."""

import psycopg
from tests.conftest import SECRET

from belvedere.migrations.runner import head, migrate


def test_postgresql_15_takes_every_revision(server_15: str) -> None:
    with psycopg.connect(server_15, autocommit=True) as connection:
        assert connection.info.server_version // 10000 == 15
        connection.execute("CREATE DATABASE oldest")
    assert migrate(server_15.rsplit("/", 1)[0] + "/oldest", SECRET) == (None, head())
