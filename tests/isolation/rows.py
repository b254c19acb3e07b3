"""One row of each tenant table for a client, made by hand so that a new table needs a line in its domain's file."""

from types import ModuleType
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
from tests.isolation import (
    rows_ads,
    rows_agents,
    rows_inventory,
    rows_knowledge,
    rows_outreach,
    rows_reports,
    rows_spine,
    rows_support,
    rows_watch,
)

PARTS: tuple[ModuleType, ...] = (
    rows_spine, rows_agents, rows_knowledge, rows_ads, rows_inventory, rows_support, rows_outreach, rows_reports,
    rows_watch,
)  # fmt: skip
STATEMENTS: dict[str, str] = {table: sql for part in PARTS for table, sql in part.STATEMENTS.items()}
"""In the order of their foreign keys."""
CHANGEABLE: dict[str, str] = {table: column for part in PARTS for table, column in part.CHANGEABLE.items()}
BREAKS: dict[str, str] = {name: clause for part in PARTS for name, clause in part.BREAKS.items()}


def uid(name: str, client: int, variant: str = "") -> UUID:
    return uuid5(NAMESPACE_OID, f"{name}/{client}/{variant}")


def insert(table: str, client: int, variant: str = "") -> tuple[str, dict[str, object]]:
    """INSERT of one valid row of `table` for `client`; another `variant` is another row of the same parents.

    A statement may name `%(id)s` (its own key), `%(c)s` (the client), `%(text)s` and `%(fresh)s` (a text and a UUID that
    differ with table, client and variant), `%(n)s` (a number that does), and `%(schema_table)s`: the key of the client's
    first row of another table, `%(ads_campaigns)s` for ads.campaigns.
    """
    values: dict[str, object] = {name.replace(".", "_"): uid(name, client) for name in STATEMENTS}
    values |= {
        "id": uid(table, client, variant),
        "c": client,
        "text": f"{table}-{client}-{variant}",
        "n": uid(table, client, variant).int % 100_000 + 1,
        "account": uid("watch.source_accounts", client),
        "snapshot": uid("watch.api_snapshots", client),
        "record": uid("watch.api_records", client),
        "rule": uid("watch.watchtower_rules", client),
        "alert": uid("watch.watchtower_alerts", client),
        "endpoint": uid("watch.webhook_endpoints", client),
        "delivery": uid("core.deliveries", client),
        "credential": uid("core.creds_meta", client),
        "fresh": uid("fresh", client, variant + table),
    }
    if table in ("watch.snapshot_frames", "watch.evaluation_runs") and variant:
        values["snapshot"] = uid("watch.api_snapshots", client, "spare")
    return STATEMENTS[table], values


def fill(admin: psycopg.Connection, clients: tuple[int, ...]) -> None:
    """A row of every tenant table for each client."""
    for table in STATEMENTS:
        for client in clients:
            admin.execute(*insert(table, client))
            if table == "watch.api_snapshots":
                admin.execute(*insert(table, client, "spare"))
