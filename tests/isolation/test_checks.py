"""Every CHECK constraint of the catalogue is broken once, on a real row, and answers with its own name."""

import psycopg
from psycopg import sql
from tests.isolation.catalogue import SCHEMAS
from tests.isolation.rows import BREAKS
from tests.people import BRANDT

CHECKS = """
SELECT n.nspname, r.relname, c.conname,
    EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attname = 'client_id' AND NOT a.attisdropped)
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE c.contype = 'c' AND n.nspname = ANY(%s) AND NOT r.relispartition ORDER BY 1, 2, 3
"""
OTHER_ROWS = (
    (
        "INSERT INTO core.api_tokens (user_id, client_id, name, prefix, token_hash, scopes)"
        " SELECT id, 1, 'Reports', 'bv_1', 'x', '{read}' FROM core.users LIMIT 1"
    ),
    (
        "INSERT INTO core.audit_log (seq, client_id, actor, action, subject_type, subject_id, prev_hash, hash)"
        " VALUES (9, 1, 'olga', 'rule.changed', 'rule', 'x', '', decode(repeat('00', 32), 'hex'))"
    ),
    "INSERT INTO core.observability_logs (client_id, level, logger, message) VALUES (1, 'INFO', 'worker', 'started')",
    (
        "INSERT INTO core.rate_budgets (provider, account, capacity, refill_per_second, tokens, refilled_at)"
        " VALUES ('shopify', 'brandt', 40, 2, 40, now())"
    ),
)
"""Rows of tables that belong to no client, so that their constraints have something to refuse."""


def test_every_check_constraint_refuses_what_it_names(inside: psycopg.Connection) -> None:
    for statement in OTHER_ROWS:
        inside.execute(statement)
    faults = []
    for schema, table, name, tenant in inside.execute(CHECKS, [SCHEMAS]).fetchall():
        if name not in BREAKS:
            faults.append(f"{name} of {schema}.{table} is broken by no test: add it to BREAKS of its domain")
            continue
        raised = break_check(inside, sql.Identifier(schema, table), BREAKS[name], tenant=tenant)
        if raised != name:
            faults.append(f"{name} of {schema}.{table}: {BREAKS[name]} was answered with {raised}")
    assert faults == []


def break_check(admin: psycopg.Connection, table: sql.Identifier, clause: str, *, tenant: bool) -> str:
    """Name of the constraint that refused the change; triggers stand aside, so that only constraints answer."""
    where = sql.SQL(" WHERE client_id = {}").format(BRANDT) if tenant else sql.SQL("")
    try:
        with admin.transaction(force_rollback=True):
            admin.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
            statement = sql.SQL("UPDATE {} SET {}{}").format(table, sql.SQL(clause), where)
            changed = admin.execute(statement).rowcount
    except psycopg.errors.CheckViolation as error:
        return error.diag.constraint_name or "a check without a name"
    except psycopg.Error as error:
        return f"{type(error).__name__}: {error.diag.message_primary}"
    return f"{changed} changed rows"


def test_every_clause_that_breaks_names_a_constraint_that_stands(inside: psycopg.Connection) -> None:
    standing = {row[2] for row in inside.execute(CHECKS, [SCHEMAS]).fetchall()}
    assert set(BREAKS) - standing == set()
