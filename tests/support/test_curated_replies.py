"""Curated replies: written by one, approved by another, fixed from then on, counted."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from tests.isolation.rows import insert
from tests.isolation.rows_support import BREAKS
from tests.people import BRANDT, MARLOW, People, Person

from belvedere.core.context import Scope
from belvedere.core.database import Database

TABLE = "support.support_curated_replies"
ADD = (
    f"INSERT INTO {TABLE} (client_id, key, title, body, variables, author_id) VALUES (:client, 'order_status',"
    " 'Where is my order?', 'Your order {{order}} is on its way.',"
    """ '{"order": {"type": "text", "required": true}}', :author) RETURNING id"""
)
APPROVE = (
    f"UPDATE {TABLE} SET status = 'approved', approver_id = :approver, approved_at = now() WHERE id = :id"
)


async def write(db: Database, author: Person, client: int = BRANDT) -> UUID:
    async with db.write(author.scope) as session:
        return UUID(
            str((await session.execute(text(ADD), {"client": client, "author": author.id})).scalar_one())
        )


async def approve(db: Database, reply: UUID, person: Person, approver: Person) -> int:
    async with db.write(person.scope) as session:
        result = await session.execute(text(APPROVE), {"id": reply, "approver": approver.id})
        return int(result.rowcount)  # type: ignore[attr-defined]


async def test_another_person_approves_what_one_wrote(db: Database, people: People) -> None:
    reply = await write(db, people.alice)
    assert await approve(db, reply, people.olga, people.olga) == 1


async def test_nobody_approves_their_own_words(db: Database, people: People) -> None:
    reply = await write(db, people.alice)
    with pytest.raises(IntegrityError, match="author_is_not_approver"):
        await approve(db, reply, people.alice, people.alice)


async def test_nobody_approves_in_the_name_of_another(db: Database, people: People) -> None:
    reply = await write(db, people.alice)
    with pytest.raises(IntegrityError, match="signed in"):
        await approve(db, reply, people.alice, people.olga)


@pytest.mark.parametrize("change", ["body = 'Free shipping for ever'", "version = 7", "approved_at = now()"])
async def test_an_approved_text_does_not_change(db: Database, people: People, change: str) -> None:
    reply = await write(db, people.alice)
    await approve(db, reply, people.olga, people.olga)
    with pytest.raises(IntegrityError, match="does not change"):
        async with db.write(people.alice.scope) as session:
            await session.execute(text(f"UPDATE {TABLE} SET {change} WHERE id = :id"), {"id": reply})


async def test_an_approved_reply_is_counted_and_retired(db: Database, people: People) -> None:
    reply = await write(db, people.alice)
    await approve(db, reply, people.olga, people.olga)
    async with db.write(Scope.client(BRANDT)) as session:
        await session.execute(text(f"UPDATE {TABLE} SET use_count = use_count + 1, resolved_count = 1"))
    async with db.write(people.alice.scope) as session:
        await session.execute(text(f"UPDATE {TABLE} SET status = 'retired', retired_at = now()"))
        rate = (await session.execute(text(f"SELECT resolution_rate FROM {TABLE}"))).scalar_one()
    assert rate == 1


async def test_one_version_of_a_key_and_locale_is_approved(
    db: Database, people: People, admin: psycopg.Connection
) -> None:
    first = await write(db, people.alice)
    await approve(db, first, people.olga, people.olga)
    admin.execute(
        f"INSERT INTO {TABLE} (client_id, key, locale, version, title, body) SELECT client_id, key, locale, 2, title, body"
        f" FROM {TABLE}"
    )
    newer = f"UPDATE {TABLE} SET status = 'approved', approver_id = %s, approved_at = now() WHERE version = 2"
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(newer, [people.olga.id])
    admin.execute(f"UPDATE {TABLE} SET status = 'retired', retired_at = now() WHERE version = 1")
    admin.execute(newer, [people.olga.id])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), used=st.integers(0, 10**9), rated=st.integers(0, 10**9))
def test_rates_are_the_quotients_of_their_counts(
    admin: psycopg.Connection, people: People, data: st.DataObject, used: int, rated: int
) -> None:
    resolved = data.draw(st.integers(0, used))
    ratings = data.draw(st.integers(rated, rated * 5))
    with admin.transaction(force_rollback=True):
        admin.execute(*insert(TABLE, BRANDT))
        row = admin.execute(
            f"UPDATE {TABLE} SET use_count = %s, resolved_count = %s, rated_count = %s, rating_sum = %s"
            " RETURNING resolution_rate, mean_rating",
            [used, resolved, rated, ratings],
        ).fetchone()
    assert row == (quotient(resolved, used, 6), quotient(ratings, rated, 4))


def quotient(top: int, bottom: int, places: int) -> Decimal | None:
    if bottom == 0:
        return None
    return (Decimal(top) / Decimal(bottom)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("name", BREAKS)
def test_a_value_outside_its_bounds_is_refused(admin: psycopg.Connection, people: People, name: str) -> None:
    admin.execute(*insert(TABLE, BRANDT))
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        admin.execute(f"UPDATE {TABLE} SET {BREAKS[name]}")
    assert refused.value.diag.constraint_name == name


async def test_replies_stay_with_the_people_of_their_client(db: Database, people: People) -> None:
    await write(db, people.alice)
    assert [
        await seen_by(db, person) for person in (people.olga, people.alice, people.bob, people.charlie)
    ] == [1, 1, 1, 0]
    async with db.write(people.charlie.scope) as session:
        changed: Any = await session.execute(text(f"UPDATE {TABLE} SET title = 'x'"))
    assert changed.rowcount == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        await write(db, people.bob)
    with pytest.raises(ProgrammingError, match="row-level security"):
        await write(db, people.alice, MARLOW)


async def seen_by(db: Database, person: Person) -> int:
    async with db.read(person.scope) as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {TABLE}"))).scalar_one())
