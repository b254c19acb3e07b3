"""Every CHECK refuses what breaks it, and takes what does not."""

import psycopg
import pytest
from tests.isolation.rows import fill
from tests.isolation.rows_outreach import BREAKS, STATEMENTS
from tests.people import BRANDT, People

CHECKS = """
SELECT c.conname, c.conrelid::regclass::text FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype = 'c' AND c.connamespace = 'outreach'::regnamespace AND NOT t.relispartition
"""


def test_every_check_of_the_schema_is_tried(admin: psycopg.Connection) -> None:
    assert {row[0] for row in admin.execute(CHECKS).fetchall()} == set(BREAKS)


def test_every_check_refuses_what_breaks_it(admin: psycopg.Connection, people: People) -> None:
    fill(admin, (BRANDT,))
    tables = dict(admin.execute(CHECKS).fetchall())
    for name, clause in BREAKS.items():
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            admin.execute(f"UPDATE {tables[name]} SET {clause} WHERE client_id = {BRANDT}")  # type: ignore[call-overload]
        assert caught.value.diag.constraint_name == name, clause


def test_every_table_has_a_row_to_try_it_on(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'outreach'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    ).fetchall()
    assert {row[0] for row in rows} == set(STATEMENTS)
