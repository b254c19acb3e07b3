"""The first specification against the migrated database: statements, columns, words, indexes, seeded rows."""

import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest

SPEC: dict[str, Any] = tomllib.loads((Path(__file__).parent / "seed_000.toml").read_text())


@pytest.fixture
def filled(admin: psycopg.Connection) -> psycopg.Connection:
    admin.execute("INSERT INTO core.clients (id, name, slug) VALUES (123, 'Client 123', 'c123')")
    admin.execute(
        "WITH s AS (INSERT INTO api_snapshots (source_id, client_id, status) SELECT id, 123, 'completed' FROM api_sources"
        " WHERE endpoint = 'cvr' RETURNING id), r AS (INSERT INTO api_records (snapshot_id, client_id, external_id, name)"
        " SELECT id, 123, 'c-1', 'Advent' FROM s RETURNING id)"
        " INSERT INTO api_record_metrics (client_id, record_id, metric_name, metric_value, metric_unit)"
        " SELECT 123, id, 'open_rate', 11.8, 'percent' FROM r"
    )
    return admin


@pytest.mark.parametrize("statement", SPEC["statement"], ids=lambda item: f"line {item['line']}")
def test_the_printed_statement_runs_as_printed(filled: psycopg.Connection, statement: dict[str, Any]) -> None:
    filled.execute(f"SET search_path = {statement['search_path']}")
    assert filled.execute(statement["sql"]).rowcount == statement["rows"]


@pytest.mark.parametrize("table", SPEC["columns"])
def test_every_printed_column_stands(admin: psycopg.Connection, table: str) -> None:
    rows = admin.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'watch' AND table_name = %s",
        [table],
    ).fetchall()
    assert set(SPEC["columns"][table].split()) <= {row[0] for row in rows}


@pytest.mark.parametrize("table", SPEC["indexed"])
def test_every_column_wanted_indexed_leads_an_index(admin: psycopg.Connection, table: str) -> None:
    rows = admin.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = %s::regclass",
        [f"watch.{table}"],
    ).fetchall()
    assert set(SPEC["indexed"][table].split()) <= {row[0] for row in rows}


@pytest.mark.parametrize("column", SPEC["words"])
def test_the_words_of_a_column_are_those_of_the_specification(admin: psycopg.Connection, column: str) -> None:
    rows = admin.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname LIKE %s AND connamespace = 'watch'::regnamespace",
        [f"%{column}_known"],
    ).fetchall()
    assert rows
    assert any(all(f"'{word}'" in row[0] for word in SPEC["words"][column]) for row in rows)


def test_the_seeded_rows_are_those_of_the_specification(admin: psycopg.Connection) -> None:
    sources = admin.execute(
        "SELECT provider, endpoint, display_name, description, refresh_interval_minutes FROM api_sources ORDER BY 1, 2"
    ).fetchall()
    metrics = admin.execute(
        "SELECT metric_name, display_name, metric_unit, coalesce(provider, '') FROM metric_definitions ORDER BY 1"
    ).fetchall()
    assert [list(row) for row in sources] == sorted(SPEC["seeded"]["sources"])
    assert [list(row) for row in metrics] == sorted(SPEC["seeded"]["metrics"])


def test_updated_at_moves_by_itself(admin: psycopg.Connection) -> None:
    for table, change in (("api_sources", "description = 'x'"), ("watchtower_rules", "name = 'y'")):
        if table == "watchtower_rules":
            admin.execute(
                "INSERT INTO watchtower_rules (name, field_name, condition, threshold_value)"
                " VALUES ('Low', 'cvr', 'less_than', '2')"
            )
        admin.execute(f"UPDATE {table} SET updated_at = '2000-01-01'")
        admin.execute(f"UPDATE {table} SET {change}")
        row = admin.execute(f"SELECT min(updated_at) > '2020-01-01' FROM {table}").fetchone()
        assert row == (True,)


def test_the_metric_of_a_record_is_named_once(filled: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        filled.execute(
            "INSERT INTO api_record_metrics (client_id, record_id, metric_name, metric_value)"
            " SELECT client_id, record_id, metric_name, 1 FROM api_record_metrics"
        )


def test_a_cycle_of_parents_is_refused(admin: psycopg.Connection) -> None:
    first, second = (
        admin.execute(
            "INSERT INTO watchtower_rules (name, field_name, condition, threshold_value)"
            " VALUES (%s, 'cvr', 'less_than', '2') RETURNING id",
            [name],
        ).fetchone()[0]  # type: ignore[index]
        for name in ("first", "second")
    )
    link = "UPDATE watchtower_rules SET parent_rule_id = %s, dependency_condition = 'triggered' WHERE id = %s"
    admin.execute(link, [first, second])
    with pytest.raises(psycopg.errors.CheckViolation, match="depend on itself"):
        admin.execute(link, [second, first])
