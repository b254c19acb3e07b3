"""Every CHECK of the tables refuses what is outside it."""

import psycopg
import pytest
from tests.isolation.rows import fill, uid
from tests.isolation.rows_ads import BREAKS, STATEMENTS
from tests.people import BRANDT, MARLOW, People

CHECKS = (
    "SELECT conname, conrelid::regclass::text FROM pg_constraint WHERE contype = 'c' AND connamespace = 'ads'::regnamespace"
    " AND conparentid = 0 AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = conrelid) AND conislocal"
)

KEYS = (
    "SELECT conrelid::regclass::text, a.attname, n.nspname || '.' || p.relname FROM pg_constraint c"
    " JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[2]"
    " JOIN pg_class p ON p.oid = confrelid JOIN pg_namespace n ON n.oid = p.relnamespace"
    " WHERE contype = 'f' AND connamespace = 'ads'::regnamespace AND conparentid = 0 AND array_length(conkey, 1) = 2"
)


def test_each_check_refuses_a_value_outside_it(admin: psycopg.Connection, people: People) -> None:
    fill(admin, (BRANDT,))
    checks = dict(admin.execute(CHECKS).fetchall())
    assert set(checks) == set(BREAKS)
    for name, clause in BREAKS.items():
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            admin.execute(f"UPDATE {checks[name]} SET {clause} WHERE client_id = {BRANDT}")
        assert refused.value.diag.constraint_name == name


def test_each_foreign_key_refuses_a_parent_of_another_client(
    admin: psycopg.Connection, people: People
) -> None:
    fill(admin, (BRANDT, MARLOW))
    keys = admin.execute(KEYS).fetchall()
    assert len(keys) >= len(STATEMENTS)
    for table, column, parent in keys:
        with pytest.raises((psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation)):
            admin.execute(
                f"UPDATE {table} SET {column} = %s WHERE client_id = {BRANDT}", [uid(parent, MARLOW)]
            )
