"""Connections that only tests of core need."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.conftest import login_url


@pytest.fixture
def keeper(database_url: str, template: str) -> Iterator[psycopg.Connection]:
    """The product's own rights: the worker's login as the service role."""
    with psycopg.connect(login_url(database_url, template, "worker"), autocommit=True) as connection:
        connection.execute("SET ROLE service_role")
        connection.execute("SET app.actor = 'tests'")
        yield connection
