"""Documents, chunks and vectors: found by word, gone with their document, and out of everybody's reach."""

import hashlib
import struct
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from tests.isolation.rows import fill, insert
from tests.isolation.rows_knowledge import BREAKS, STATEMENTS
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.knowledge.tables import vector_expression


def add_document(admin: psycopg.Connection, client: int, *pieces: tuple[str, str]) -> UUID:
    """A ready document whose chunks have these search configurations and texts, each with a vector."""
    document = uuid4()
    admin.execute(
        "INSERT INTO knowledge.knowledge_documents (id, client_id, source, external_id, title, content_hash, status,"
        " indexed_at) VALUES (%s, %s, 'upload', %s, 'Shipping', %s, 'ready', now())",
        [document, client, str(document), hashlib.sha256(document.bytes).hexdigest()],
    )
    admin.execute(
        "INSERT INTO knowledge.knowledge_models (client_id, model_id, dims) VALUES (%s, 'bge-small-en-v1.5', 3)"
        " ON CONFLICT DO NOTHING",
        [client],
    )
    for position, (config, content) in enumerate(pieces):
        row = admin.execute(
            "INSERT INTO knowledge.knowledge_chunks (client_id, document_id, position, start_offset, end_offset, content,"
            " token_count, search_config) VALUES (%s, %s, %s, 0, %s, %s, 5, %s) RETURNING id",
            [client, document, position, len(content), content, config],
        ).fetchone()
        assert row is not None
        admin.execute(
            "INSERT INTO knowledge.knowledge_embeddings (client_id, chunk_id, model_id, dims, embedding, content_hash)"
            " VALUES (%s, %s, 'bge-small-en-v1.5', 3, '{0.1,0.2,0.3}', %s)",
            [client, row[0], hashlib.sha256(content.encode()).hexdigest()],
        )
    return document


def find(admin: psycopg.Connection, config: str, words: str) -> list[str]:
    rows = admin.execute(
        "SELECT content FROM knowledge.knowledge_chunks"
        f" WHERE search_vector @@ plainto_tsquery('{config}', %s) ORDER BY content",
        [words],
    ).fetchall()
    return [row[0] for row in rows]


def left(admin: psycopg.Connection) -> tuple[int, ...]:
    tables = ("knowledge_chunks", "knowledge_embeddings", "knowledge_metadata")
    counts = [admin.execute(f"SELECT count(*) FROM knowledge.{name}").fetchone() for name in tables]
    return tuple(row[0] for row in counts if row is not None)


def test_a_chunk_is_found_by_its_words(admin: psycopg.Connection, people: People) -> None:
    add_document(
        admin,
        BRANDT,
        ("simple", "Parcels to Austria take two days"),
        ("simple", "Coffee is roasted on Mondays"),
    )
    assert find(admin, "simple", "austria parcels") == ["Parcels to Austria take two days"]
    assert find(admin, "simple", "parcel") == []


def test_a_chunk_is_found_by_the_stems_of_its_language(admin: psycopg.Connection, people: People) -> None:
    add_document(
        admin,
        BRANDT,
        ("english", "Parcels to Austria take two days"),
        ("german", "Die Pakete kommen freitags"),
    )
    assert find(admin, "english", "parcel") == ["Parcels to Austria take two days"]
    assert find(admin, "german", "paket") == ["Die Pakete kommen freitags"]


def test_headings_are_searched_with_the_text(admin: psycopg.Connection, people: People) -> None:
    add_document(admin, BRANDT, ("simple", "Within thirty days"))
    admin.execute("UPDATE knowledge.knowledge_chunks SET heading = 'Returns'")
    assert find(admin, "simple", "returns") == ["Within thirty days"]


def test_every_configuration_that_a_chunk_may_name_is_on_the_server(admin: psycopg.Connection) -> None:
    for word in ("simple", "dutch", "english", "french", "german", "italian", "spanish"):
        assert f"pg_catalog.{word}" in vector_expression()
        admin.execute("SELECT %s::regconfig", [f"pg_catalog.{word}"])


@pytest.mark.parametrize("way", ["DELETE", "tombstone"])
def test_a_document_takes_chunks_and_vectors_with_it_in_its_transaction(
    admin: psycopg.Connection, people: People, way: str
) -> None:
    document = add_document(admin, BRANDT, ("simple", "one"), ("simple", "two"))
    add_document(admin, MARLOW, ("simple", "three"))
    admin.execute(*insert_metadata(document))
    statement = {
        "DELETE": "DELETE FROM knowledge.knowledge_documents WHERE id = %s",
        "tombstone": "UPDATE knowledge.knowledge_documents SET status = 'deleted', deleted_at = now() WHERE id = %s",
    }[way]
    with admin.transaction(force_rollback=True):
        admin.execute(statement, [document])
        assert left(admin) == (1, 1, 0)
    assert left(admin) == (3, 3, 1)
    admin.execute(statement, [document])
    assert left(admin) == (1, 1, 0)


def insert_metadata(document: UUID) -> tuple[str, list[object]]:
    return (
        "INSERT INTO knowledge.knowledge_metadata (client_id, document_id, key, value_text) VALUES (%s, %s, 'topic', 'x')",
        [BRANDT, document],
    )


async def test_a_tombstone_is_emptied_by_the_job_of_its_client(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    document = add_document(admin, BRANDT, ("simple", "one"))
    async with db.write(Scope.client(BRANDT)) as session:
        await session.execute(
            text(
                "UPDATE knowledge.knowledge_documents SET status = 'deleted', deleted_at = now() WHERE id = :id"
            ),
            {"id": document},
        )
    assert left(admin) == (0, 0, 0)


def test_one_version_of_a_document_is_ready(admin: psycopg.Connection, people: People) -> None:
    document = add_document(admin, BRANDT, ("simple", "one"))
    again = (
        "INSERT INTO knowledge.knowledge_documents (client_id, source, external_id, title, content_hash, version, status,"
        " indexed_at) SELECT client_id, source, external_id, title, content_hash, 2, %s, now()"
        " FROM knowledge.knowledge_documents WHERE id = %s"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(again, ["ready", document])
    admin.execute(again, ["pending", document])


def test_a_vector_has_the_numbers_of_its_model(admin: psycopg.Connection, people: People) -> None:
    add_document(admin, BRANDT, ("simple", "one"))
    change = "UPDATE knowledge.knowledge_embeddings SET dims = 2, embedding = '{0.5,0.5}'"
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        admin.execute(change)


def test_one_model_answers_searches(admin: psycopg.Connection, people: People) -> None:
    statement = "INSERT INTO knowledge.knowledge_models (client_id, model_id, dims, is_serving) VALUES (%s, %s, 3, true)"
    admin.execute(statement, [BRANDT, "a"])
    admin.execute(statement, [MARLOW, "a"])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(statement, [BRANDT, "b"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_a_vector_comes_back_as_it_went_in(
    admin: psycopg.Connection, people: People, numbers: list[float]
) -> None:
    with admin.transaction(force_rollback=True):
        add_document(admin, BRANDT, ("simple", "one"))
        row = admin.execute(
            "UPDATE knowledge.knowledge_embeddings SET embedding = %s::real[] RETURNING embedding", [numbers]
        ).fetchone()
    assert row is not None
    # The shortest text of a 32-bit float reads as another double, but as the same 32 bits.
    assert struct.pack("3f", *row[0]) == struct.pack("3f", *numbers)


@pytest.mark.parametrize("name", BREAKS)
def test_a_value_outside_its_bounds_is_refused(admin: psycopg.Connection, people: People, name: str) -> None:
    fill_knowledge(admin)
    table = next(table for table in STATEMENTS if name.startswith(f"ck_{table.split('.')[1]}_"))
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        admin.execute(f"UPDATE {table} SET {BREAKS[name]}")
    assert refused.value.diag.constraint_name == name


def fill_knowledge(admin: psycopg.Connection) -> None:
    for table in STATEMENTS:
        admin.execute(*insert(table, BRANDT))


def test_a_chunk_cannot_stand_in_a_document_of_another_client(
    admin: psycopg.Connection, people: People
) -> None:
    document = add_document(admin, BRANDT, ("simple", "one"))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        admin.execute(
            "INSERT INTO knowledge.knowledge_chunks (client_id, document_id, position, start_offset, end_offset, content,"
            " token_count) VALUES (%s, %s, 9, 0, 1, 'x', 1)",
            [MARLOW, document],
        )


@pytest.mark.parametrize("table", STATEMENTS)
async def test_nobody_reads_knowledge_themselves_not_even_their_own(
    db: Database, admin: psycopg.Connection, people: People, table: str
) -> None:
    fill(admin, (BRANDT, MARLOW))
    for person in (people.olga, people.alice, people.bob, people.charlie):
        async with db.read(person.scope) as session:
            with pytest.raises(ProgrammingError, match="permission denied"):
                await session.execute(text(f"SELECT 1 FROM {table}"))
    for client in (BRANDT, MARLOW):
        async with db.read(Scope.client(client)) as session:
            seen = (await session.execute(text(f"SELECT DISTINCT client_id FROM {table}"))).scalars().all()
        assert seen == [client]
