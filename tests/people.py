"""The cast of every scoping test."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from belvedere.core.context import Scope

BRANDT, MARLOW, TIDEWATER = 1, 2, 3


@dataclass(frozen=True)
class Person:
    id: UUID
    email: str

    @property
    def scope(self) -> Scope:
        return Scope.person(self.id, actor=self.email)


@dataclass(frozen=True)
class People:
    olga: Person  # staff, owner
    alice: Person  # client user of 1, operator
    bob: Person  # client user of 1, viewer
    charlie: Person  # client user of 2, operator


def add_people(admin: psycopg.Connection) -> People:
    for number, name, slug, currency, zone in (
        (BRANDT, "Kaffeehaus Brandt", "brandt", "EUR", "Europe/Vienna"),
        (MARLOW, "Marlow & Finch", "marlow", "GBP", "Europe/London"),
        (TIDEWATER, "Tidewater Outdoor", "tidewater", "USD", "America/New_York"),
    ):
        admin.execute(
            "INSERT INTO core.clients (id, name, slug, currency, timezone) VALUES (%s, %s, %s, %s, %s)",
            [number, name, slug, currency, zone],
        )
    admin.execute("SELECT setval(pg_get_serial_sequence('core.clients', 'id'), 100)")
    return People(
        olga=_add(admin, "olga@agency.example", "owner", staff=True),
        alice=_add(admin, "alice@brandt.example", "operator", client=BRANDT),
        bob=_add(admin, "bob@brandt.example", "viewer", client=BRANDT),
        charlie=_add(admin, "charlie@marlow.example", "operator", client=MARLOW),
    )


def _add(
    admin: psycopg.Connection, email: str, role: str, *, staff: bool = False, client: int | None = None
) -> Person:
    person = Person(uuid4(), email)
    admin.execute(
        "INSERT INTO core.users (id, email, display_name, role, is_staff) VALUES (%s, %s, %s, %s, %s)",
        [person.id, email, email.split("@", maxsplit=1)[0].title(), role, staff],
    )
    if client is not None:
        admin.execute(
            "INSERT INTO core.user_clients (user_id, client_id, role) VALUES (%s, %s, %s)",
            [person.id, client, role],
        )
    return person
