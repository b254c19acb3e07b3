"""A database filled once for this process; its checks are rolled back."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from tests.isolation.rows import fill
from tests.people import BRANDT, MARLOW, People, add_people
from tests.workbench import on_database


@dataclass(frozen=True)
class Filled:
    url: str
    connection: psycopg.Connection
    people: People


@pytest.fixture(scope="session")
def house(admin_url: str, template: str) -> Iterator[Filled]:
    """A row of every tenant table for the agency and two clients."""
    name = f"belvedere_isolation_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    url = on_database(admin_url, name)
    try:
        with psycopg.connect(url) as connection:
            people = add_people(connection)
            fill(connection, (0, BRANDT, MARLOW))
            connection.commit()
            yield Filled(url, connection, people)
            connection.rollback()
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def inside(house: Filled) -> Iterator[psycopg.Connection]:
    """A superuser in the filled database; nothing of it stays."""
    house.connection.rollback()
    yield house.connection
    house.connection.rollback()
