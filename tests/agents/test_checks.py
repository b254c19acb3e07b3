"""Values outside of each CHECK are refused by the CHECK that names them."""

import psycopg
import pytest
from tests.isolation.rows import insert
from tests.isolation.rows_agents import BREAKS, STATEMENTS
from tests.people import BRANDT, People


def table_of(constraint: str) -> str:
    """The longest table name that the constraint's begins with: agent_run_steps before agent_run."""
    fits = [name for name in STATEMENTS if constraint.startswith(f"ck_{name.split('.')[1]}_")]
    return max(fits, key=len)


def test_every_check_has_a_value_that_breaks_it(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conparentid = 0 AND conrelid = ANY(%s::regclass[])",
        [list(STATEMENTS)],
    ).fetchall()
    assert {row[0] for row in rows} == set(BREAKS)


@pytest.mark.parametrize("constraint", BREAKS)
def test_a_value_outside_is_refused(admin: psycopg.Connection, people: People, constraint: str) -> None:
    table = table_of(constraint)
    for parent in dict.fromkeys(["agents.agent_run", table]):
        admin.execute(*insert(parent, BRANDT))
    # Sealed and append-only tables refuse every UPDATE before their CHECKs are asked.
    admin.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        admin.execute(f"UPDATE {table} SET {BREAKS[constraint]} WHERE client_id = {BRANDT}")  # type: ignore[call-overload]
    assert caught.value.diag.constraint_name == constraint
