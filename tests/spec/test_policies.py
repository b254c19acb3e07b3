"""Who may do what under row level security, as printed; tried as the roles themselves."""

import psycopg
import pytest
from psycopg import sql
from tests.isolation.catalogue import find_faults
from tests.people import BRANDT, MARLOW
from tests.spec.conftest import Ground, Prove
from tests.spec.data import Item, find_departures, list_items
from tests.spec.standing import At, fetch_one, find_kind, resolve

from belvedere.migrations.tenants import ALL_TENANTS

Pair = tuple[str, Item]
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")


def become(at: At, role: str, user: object = None) -> None:
    at.execute(
        "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', %s, true), set_config('role', %s, true)",
        [str(user or ""), "*" if user else "", role],
    )


def count_clients(at: At, table: str) -> dict[int, int]:
    """Rows that the role sees, by client."""
    query = sql.SQL("SELECT client_id, count(*) FROM {} GROUP BY 1").format(sql.Identifier(*table.split(".")))
    return dict(at.execute(query).fetchall())


def granted(at: At, role: str, table: str) -> set[str]:
    rows = at.execute(
        "SELECT verb FROM unnest(%s::text[]) verb WHERE has_table_privilege(%s, %s, verb)",
        [list(VERBS), role, table],
    )
    return {row[0] for row in rows}


@pytest.mark.parametrize(
    "pair", list_items("policy"), ids=lambda pair: f"{pair[0]}:{pair[1]['line']}-{pair[1]['tables'][0]}"
)
def test_the_printed_policy_holds(at: At, ground: Ground, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "policies", item["line"])
    for stands in item["tables"]:
        table = resolve(at, stands)
        if find_kind(at, table) in ("r", "p"):
            check_forced(at, table)
        faults = check_people(at, ground, number, item, table) | check_service(at, number, item, table)
        settled = find_departures("policy", number, table)
        assert faults == {key for key in settled if key.endswith(f" line {item['line']}")}


def test_the_rules_of_isolation_hold_on_each_server(at: At) -> None:
    at.execute("SET LOCAL search_path = watch, core, public")
    assert find_faults(at, {table.name for table in ALL_TENANTS if table.key == "client_id"}) == []


def check_forced(at: At, table: str) -> None:
    assert fetch_one(
        at, "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table]
    )


def check_people(at: At, ground: Ground, number: str, item: Item, table: str) -> set[str]:
    rights = granted(at, "authenticated", table)
    key = f"policy {number} {table}:people line {item['line']}"
    match item.get("people"):
        case "read" | "read only":
            become(at, "authenticated", ground.people.alice.id)
            seen = count_clients(at, table)
            at.execute("RESET ROLE")
            assert seen.get(BRANDT, 0) > 0, f"{table} shows nothing to a person of its client"
            assert set(seen) <= {BRANDT}, f"{table} shows other clients: {seen}"
            return {key} if item["people"] == "read only" and rights != {"SELECT"} else set()
        case "nothing":
            return {key} if rights and sees_anything(at, ground, table) else set()
        case "levels":
            check_levels(at, ground, table)
    return set()


def sees_anything(at: At, ground: Ground, table: str) -> bool:
    try:
        with at.transaction():
            become(at, "authenticated", ground.people.olga.id)
            return bool(count_clients(at, table))
    except psycopg.errors.InsufficientPrivilege:
        return False
    finally:
        at.execute("RESET ROLE")


def check_levels(at: At, ground: Ground, table: str) -> None:
    for level in LEVELS:
        at.execute(
            sql.SQL("INSERT INTO {} (level, logger, message) VALUES (%s, 'printed', 'x')").format(
                sql.Identifier(*table.split("."))
            ),
            [level],
        )
    query = sql.SQL("SELECT DISTINCT level FROM {}").format(sql.Identifier(*table.split(".")))
    for role, user, seen in (
        ("authenticated", ground.people.olga.id, {"INFO", "WARN"}),
        ("service_role", None, set(LEVELS)),
    ):
        become(at, role, user)
        assert {row[0] for row in at.execute(query)} == seen
        at.execute("RESET ROLE")


def check_service(at: At, number: str, item: Item, table: str) -> set[str]:
    if "service" not in item:
        return set()
    rights = granted(at, "service_role", table)
    wanted = set(VERBS) if item["service"] == "all" else {"SELECT"}
    if not wanted <= rights:
        return {f"policy {number} {table}:service line {item['line']}"}
    become(at, "service_role")
    seen = count_clients(at, table)
    at.execute("RESET ROLE")
    assert {BRANDT, MARLOW} <= set(seen) or item.get("people") == "levels", (
        f"{table} hides rows from the service"
    )
    return set()
