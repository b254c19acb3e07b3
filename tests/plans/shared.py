"""One filled database for every process of a run and for later runs of the same day: filling it takes most of a minute."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from tests.people import _add
from tests.plans.filling import CLIENT, SMALL_CLIENT, fill_millions
from tests.workbench import on_database

PREFIX = "belvedere_millions_"
LOCK = 884_300
STAFF, PERSON, SMALL = "olga@agency.example", "lotte@client-7.example", "emil@small-client.example"


def name_of(template: str, now: datetime) -> str:
    """Changes with the schema, with what is filled in, and each day, because questions look back from today."""
    digest = hashlib.sha256(f"{template} {now:%Y-%m-%d} ".encode())
    for file in ("filling.py", "shared.py"):
        digest.update((Path(__file__).parent / file).read_bytes())
    return PREFIX + digest.hexdigest()[:12]


@contextmanager
def open_millions(admin_url: str, template: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """The address of the filled database with a connection that keeps other runs from dropping it.

    The first process fills while the others wait at the lock; the name is given when everything is in.
    """
    now = datetime.now(UTC)
    name = name_of(template, now)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        drop_others(admin, name)
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            make(admin, admin_url, template, name, now)
        keeper = psycopg.connect(on_database(admin_url, name), autocommit=True)
    with keeper:
        yield on_database(admin_url, name), keeper


def make(admin: psycopg.Connection, admin_url: str, template: str, name: str, now: datetime) -> None:
    raw = f"{PREFIX}unfilled"
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(raw), sql.Identifier(template))
    )
    url = on_database(admin_url, raw)
    fill_millions(url, now)
    with psycopg.connect(url, autocommit=True) as connection:
        _add(connection, STAFF, "owner", staff=True)
        _add(connection, PERSON, "operator", client=CLIENT)
        _add(connection, SMALL, "operator", client=SMALL_CLIENT)
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(raw), sql.Identifier(name)))


def drop_others(admin: psycopg.Connection, name: str) -> None:
    """Databases of older code and days, but none that a run is using, and what a killed run left unfilled."""
    names = admin.execute(
        "SELECT datname FROM pg_database d WHERE starts_with(datname, %s) AND datname <> %s"
        " AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)",
        [PREFIX, name],
    ).fetchall()
    for (other,) in names:
        admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(other)))
