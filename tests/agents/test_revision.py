"""The revision of agents can be taken back and made again."""

import psycopg
from alembic import command
from psycopg import sql
from sqlalchemy import create_engine, pool, text
from tests.conftest import SECRET
from tests.workbench import on_database

from belvedere.core.database import sqlalchemy_url
from belvedere.migrations.runner import alembic_config, migrate

NAME = "belvedere_agents_back_and_forth"
LEFT = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'agents' OR c.relname IN ('dashboard_fact', 'decision_log', 'dashboardfact', 'DecisionLog')
"""
FUNCTIONS = (
    "SELECT count(*) FROM pg_proc WHERE pronamespace = 'agents'::regnamespace OR prosrc LIKE '%decision_log%'"
)
PLANS = "SELECT count(*) FROM core.partition_plans WHERE table_name LIKE 'agents.%'"


def go_back(url: str) -> None:
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET ROLE owner_r"))
        connection.commit()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
        connection.commit()
    engine.dispose()


def count(url: str, statement: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return int(row[0])


def test_the_revision_goes_back_and_forth(admin_url: str) -> None:
    name = sql.Identifier(NAME)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            url = on_database(admin_url, NAME)
            migrate(url, SECRET, target="0003")
            full = count(url, LEFT)
            go_back(url)
            assert [count(url, statement) for statement in (LEFT, FUNCTIONS, PLANS)] == [0, 0, 0]
            migrate(url, SECRET, target="0003")
            assert count(url, LEFT) == full
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            for kind in ("api", "worker", "psql"):
                admin.execute(
                    sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"{NAME}_{kind}_login"))
                )
