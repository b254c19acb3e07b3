"""The log of decisions: append-only, each row sealed in the audit chain, each use of a credential in it."""

from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text
from tests.isolation.rows import insert
from tests.people import BRANDT, MARLOW, People

from belvedere.core import audit
from belvedere.core.context import Scope
from belvedere.core.database import Database

ADD = text(
    "INSERT INTO core.decision_log (client_id, area, decision, actor, confidence, inputs) VALUES"
    " (:client, 'inventory', 'reorder.suggest', 'reorder job', 0.82, '{\"on_hand\": 14}') RETURNING id, audit_seq"
)


async def chain_rows(db: Database) -> int:
    async with db.read(Scope.service()) as session:
        verdict = await audit.verify(session)
    assert verdict.holds
    return verdict.rows


async def test_a_decision_is_sealed_in_the_audit_chain(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    async with db.write(Scope.client(BRANDT)) as session:
        key, seq = (await session.execute(ADD, {"client": BRANDT})).one()
    assert await chain_rows(db) == seq == 1
    row = admin.execute("SELECT client_id, actor, action, subject_id, detail FROM core.audit_log").fetchone()
    assert row is not None
    assert row[:4] == (BRANDT, "reorder job", "decision.inventory", str(key))
    assert row[4]["decision"] == "reorder.suggest"
    expected = admin.execute(
        "SELECT encode(sha256(convert_to(inputs::text || E'\\x1f' || outcome::text, 'UTF8')), 'hex')"
        " FROM core.decision_log"
    ).fetchone()
    assert expected == (row[4]["grounds_sha256"],)


async def test_a_number_in_the_chain_cannot_be_claimed(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    async with db.write(Scope.client(BRANDT)) as session:
        await session.execute(ADD, {"client": BRANDT})
        seq = (
            await session.execute(
                text(
                    "INSERT INTO core.decision_log (client_id, area, decision, actor, audit_seq)"
                    " VALUES (1, 'growth', 'x', 'y', 1) RETURNING audit_seq"
                )
            )
        ).scalar_one()
    assert seq == 2
    assert await chain_rows(db) == 2


async def test_a_row_that_stands_is_not_sealed_again(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    again = (
        "INSERT INTO core.decision_log (id, client_id, area, decision, actor) VALUES (%s, 1, 'ads', 'd', 'a')"
    )
    key = uuid4()
    admin.execute(again, [key])
    admin.execute(again + " ON CONFLICT DO NOTHING", [key])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(again, [key])
    assert await chain_rows(db) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core.decision_log SET decision = 'x'",
        "DELETE FROM core.decision_log",
        "TRUNCATE core.decision_log",
    ],
)
async def test_nobody_changes_or_removes_a_decision(
    db: Database, admin: psycopg.Connection, people: People, statement: str
) -> None:
    admin.execute(*insert("core.decision_log", BRANDT))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        admin.execute(statement)  # type: ignore[call-overload]
    for scope in (Scope.service(), Scope.client(BRANDT), people.olga.scope):
        with pytest.raises(Exception, match=r"permission denied|append-only"):
            async with db.write(scope) as session:
                await session.execute(text(statement))


def add_credential(admin: psycopg.Connection, client: int) -> UUID:
    statement, values = insert("core.creds_meta", client)
    admin.execute(statement, values)
    return values["id"]  # type: ignore[return-value]


async def test_each_use_of_a_credential_is_a_decision(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    key = add_credential(admin, BRANDT)
    async with db.write(Scope.client(BRANDT, actor="collector")) as session:
        await session.execute(text("SELECT core.read_credential(:id, 'fetch orders')"), {"id": key})
    async with db.write(Scope.person(people.alice.id, actor=people.alice.email)) as session:
        await session.execute(
            text(
                "SELECT core.write_credential(:id, 1, 'shopify', 'shop', 'x', decode(repeat('00', 12), 'hex'), 'x',"
                " decode(repeat('00', 12), 'hex'), 1, NULL, NULL)"
            ),
            {"id": uuid4()},
        )
    async with db.write(Scope.service("rotation")) as session:
        await session.execute(
            text(
                "SELECT core.rewrap_credential(:id, 1, 'y', decode(repeat('00', 12), 'hex'), 'y',"
                " decode(repeat('00', 12), 'hex'), 2)"
            ),
            {"id": key},
        )
        await session.execute(text("SELECT core.delete_credential(:id)"), {"id": key})
    rows = admin.execute(
        "SELECT d.decision, d.actor, d.actor_kind, d.area, d.client_id, a.action = d.decision"
        " FROM core.decision_log d JOIN core.audit_log a ON a.seq = d.audit_seq ORDER BY a.seq"
    ).fetchall()
    assert rows == [
        ("credential.read", "collector", "system", "security", BRANDT, True),
        ("credential.write", people.alice.email, "person", "security", BRANDT, True),
        ("credential.rewrap", "rotation", "system", "security", BRANDT, True),
        ("credential.delete", "rotation", "system", "security", BRANDT, True),
    ]
    assert await chain_rows(db) == 4
    row = admin.execute("SELECT subject, reason FROM core.decision_log ORDER BY audit_seq LIMIT 1").fetchone()
    assert row == (f"core.creds_meta/{key}", "fetch orders")


async def test_a_credential_that_was_not_read_leaves_nothing(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    key = add_credential(admin, BRANDT)
    async with db.write(Scope.client(MARLOW)) as session:
        read = await session.execute(text("SELECT * FROM core.read_credential(:id, 'x')"), {"id": key})
        assert read.all() == []
    assert admin.execute("SELECT count(*) FROM core.decision_log").fetchone() == (0,)


async def test_the_audit_appender_writes_security_alone(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    admin.execute("SET ROLE auditor_r")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        admin.execute(
            "INSERT INTO core.decision_log (client_id, area, decision, actor, audit_seq) VALUES (1, 'ads', 'x', 'y', 1)"
        )


def test_a_refused_decision_leaves_no_audit_row(admin: psycopg.Connection, people: People) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(
            "INSERT INTO core.decision_log (client_id, area, decision, actor, confidence) VALUES (1, 'ads', 'x', 'y', 2)"
        )
    assert admin.execute("SELECT count(*) FROM core.audit_log").fetchone() == (0,)
