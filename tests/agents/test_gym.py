"""The gym of language models, parted by month; and the other derived figures of agents."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import People

ADD = "INSERT INTO agents.ai_gym_performance (client_id, task_type, model_name, created_at) VALUES (1, 't', 'm', %s)"


def test_rows_lie_in_the_part_of_their_month(admin: psycopg.Connection, people: People) -> None:
    now = datetime.now(UTC)
    for at in (now, (now.replace(day=1) - timedelta(days=1)), now.replace(year=now.year - 9)):
        admin.execute(ADD, [at])
    parts = admin.execute(
        "SELECT tableoid::regclass::text FROM agents.ai_gym_performance ORDER BY created_at"
    ).fetchall()
    before = now.replace(day=1) - timedelta(days=1)
    assert [row[0] for row in parts] == [
        "agents.ai_gym_performance_default",
        f"agents.ai_gym_performance_p{before:%Y%m}",
        f"agents.ai_gym_performance_p{now:%Y%m}",
    ]


def test_the_plan_keeps_two_years(admin: psycopg.Connection) -> None:
    row = admin.execute(
        "SELECT key_kind, key_column, months_ahead, retention_months FROM core.partition_plans"
        " WHERE table_name = 'agents.ai_gym_performance'"
    ).fetchone()
    assert row == ("time", "created_at", 4, 24)


def test_the_key_holds_the_month(admin: psycopg.Connection, people: People) -> None:
    key = "6f1f5d0e-2f0b-4a53-8a0e-5f2f3c1b0a11"
    add = "INSERT INTO agents.ai_gym_performance (id, client_id, created_at) VALUES (%s, 1, %s)"
    admin.execute(add, [key, "2026-03-01Z"])
    admin.execute(add, [key, "2026-04-01Z"])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(add, [key, "2026-04-01Z"])


def test_one_split_of_one_period_stands_once(admin: psycopg.Connection, people: People) -> None:
    add = (
        "INSERT INTO core.dashboard_fact (client_id, metric, period_start, value, dimensions)"
        " VALUES (%s, 'orders', '2026-03-01Z', 3, %s)"
    )
    admin.execute(add, [1, '{"channel": "mail", "device": "phone"}'])
    admin.execute(add, [2, '{"channel": "mail", "device": "phone"}'])
    admin.execute(add, [1, '{"channel": "mail"}'])
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute(add, [1, '{"device": "phone", "channel":   "mail"}'])


def test_a_figure_is_replaced_by_a_fresher_one(admin: psycopg.Connection, people: People) -> None:
    add = (
        "INSERT INTO core.dashboard_fact (client_id, metric, period_start, value, as_of)"
        " VALUES (1, 'orders', '2026-03-01Z', %s, %s) ON CONFLICT (client_id, metric, grain, period_start, dims_hash)"
        " DO UPDATE SET value = excluded.value, as_of = excluded.as_of"
        " WHERE core.dashboard_fact.as_of <= excluded.as_of"
    )
    admin.execute(add, [3, "2026-03-02Z"])
    admin.execute(add, [4, "2026-03-03Z"])
    admin.execute(add, [2, "2026-03-01Z"])
    assert admin.execute("SELECT value FROM core.dashboard_fact").fetchall() == [(4,)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(micros=st.integers(0, 2**63 - 1))
def test_dollars_are_the_micros(admin: psycopg.Connection, people: People, micros: int) -> None:
    row = admin.execute(
        "INSERT INTO agents.agent_query (client_id, agent, model_provider, model_name, prompt_hash, cost_micros)"
        " VALUES (1, 'a', 'p', 'm', sha256('x'), %s) RETURNING cost_usd",
        [micros],
    ).fetchone()
    assert row == (Decimal(micros) / 1_000_000,)
