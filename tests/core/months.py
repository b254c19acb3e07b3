"""Rows and keys of chosen months, for tests of monthly parts."""

from datetime import datetime
from uuid import UUID, uuid4

import psycopg


def key_at(at: datetime) -> UUID:
    return UUID(
        int=(int(at.timestamp() * 1000) << 80)
        | (uuid4().int & 0x0FFF_3FFF_FFFF_FFFF_FFFF)
        | (7 << 76)
        | (1 << 63)
    )


def all_of(connection: psycopg.Connection, statement: str, *values: object) -> list[tuple[object, ...]]:
    return connection.execute(statement, list(values)).fetchall()  # type: ignore[call-overload,no-any-return]


def add_log(admin: psycopg.Connection, at: str, message: str = "hello") -> None:
    admin.execute(
        "INSERT INTO core.observability_logs (created_at, level, logger, message) VALUES (%s, 'INFO', 't', %s)",
        [at, message],
    )


def add_record(admin: psycopg.Connection, at: datetime, metrics: int = 2, key: UUID | None = None) -> UUID:
    admin.execute(
        "INSERT INTO core.clients (id, name, slug) VALUES (1, 'Brandt', 'brandt') ON CONFLICT DO NOTHING"
    )
    snapshot, record = uuid4(), key or key_at(at)
    admin.execute(
        "INSERT INTO watch.api_snapshots (id, client_id, source_id, status, created_at, data_as_of)"
        " VALUES (%s, 1, (SELECT id FROM watch.api_sources WHERE endpoint = 'cvr'), 'completed', %s, %s)",
        [snapshot, at, at],
    )
    admin.execute(
        "INSERT INTO watch.api_records (id, client_id, snapshot_id, external_id) VALUES (%s, 1, %s, 'e')",
        [record, snapshot],
    )
    for number in range(metrics):
        admin.execute(
            "INSERT INTO watch.api_record_metrics (client_id, record_id, metric_name, metric_value) VALUES (1, %s, %s, 1)",
            [record, f"m{number}"],
        )
    return record


def home_of(admin: psycopg.Connection, table: str, key: str, value: object) -> str:
    row = admin.execute(f"SELECT tableoid::regclass::text FROM {table} WHERE {key} = %s", [value]).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return str(row[0])
