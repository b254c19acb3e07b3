"""Row policies from one place: each table says its kind, and gets its policies and grants for every role.

The functions here are frozen with the first revision that calls them; a change of shape becomes a new function.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MY_CLIENTS = "ANY ((SELECT app.my_clients())::int[])"
MY_WRITE_CLIENTS = "ANY ((SELECT app.my_write_clients())::int[])"
ACTIVE_CLIENT = "(SELECT app.active_client())"
EVERYONE = ("authenticated", "worker_scoped", "service_role", "inspector_r")


@dataclass(frozen=True, slots=True)
class TenantTable:
    """A table with rows of clients.

    `person_verbs` and `worker_verbs` say what people and one-client jobs may do; `key` is its client column.
    `shared_agency_rows`: rows of client 0 are readable by jobs of every client (rules for every client).
    """

    name: str
    person_verbs: str = "SELECT"
    worker_verbs: str = "SELECT, INSERT, UPDATE, DELETE"
    service_verbs: str = "SELECT, INSERT, UPDATE, DELETE"
    key: str = "client_id"
    shared_agency_rows: bool = False


def protect(table: str) -> Iterator[str]:
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"


def tenant_policies(table: TenantTable) -> Iterator[str]:
    """Statements that protect one tenant table and open it to each role."""
    yield from protect(table.name)
    for verb in verbs(table.person_verbs):
        yield policy(table.name, "person", verb, "authenticated", person_check(table, verb))
    for verb in verbs(table.worker_verbs):
        yield policy(table.name, "worker", verb, "worker_scoped", worker_check(table, verb))
    for verb in verbs(table.service_verbs):
        yield policy(table.name, "service", verb, "service_role", "true")
    yield policy(table.name, "inspector", "SELECT", "inspector_r", "true")
    yield f"GRANT {table.person_verbs} ON {table.name} TO authenticated"
    yield f"GRANT {table.worker_verbs} ON {table.name} TO worker_scoped"
    yield f"GRANT {table.service_verbs} ON {table.name} TO service_role"
    yield f"GRANT SELECT ON {table.name} TO inspector_r"


def reference_policies(table: str, *, staff_verbs: str = "INSERT, UPDATE") -> Iterator[str]:
    """Statements for a table without clients: everybody signed in reads it, staff who may write change it."""
    yield from protect(table)
    for role in EVERYONE:
        yield policy(table, f"read_{role}", "SELECT", role, "true")
        yield f"GRANT SELECT ON {table} TO {role}"
    for verb in verbs(staff_verbs):
        yield policy(table, "staff", verb, "authenticated", "(SELECT app.is_staff_writer())")
        yield policy(table, "service", verb, "service_role", "true")
    if staff_verbs:
        yield f"GRANT {staff_verbs} ON {table} TO authenticated, service_role"


def verbs(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def person_check(table: TenantTable, verb: str) -> str:
    return f"{table.key} = {MY_CLIENTS if verb == 'SELECT' else MY_WRITE_CLIENTS}"


def worker_check(table: TenantTable, verb: str) -> str:
    if verb == "SELECT" and table.shared_agency_rows:
        return f"{table.key} IN (0, {ACTIVE_CLIENT})"
    return f"{table.key} = {ACTIVE_CLIENT}"


def policy(table: str, who: str, verb: str, role: str, check: str) -> str:
    """One policy for one verb: a FOR ALL policy with a read check would let viewers delete."""
    clauses = {
        "SELECT": f"USING ({check})",
        "INSERT": f"WITH CHECK ({check})",
        "UPDATE": f"USING ({check}) WITH CHECK ({check})",
        "DELETE": f"USING ({check})",
    }
    return f"CREATE POLICY {who}_{verb.lower()} ON {table} FOR {verb} TO {role} {clauses[verb]}"
