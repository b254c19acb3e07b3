"""Holes that are made on purpose, one of each kind in every schema: the catalogue's rules must name each of them."""

import psycopg
import pytest
from tests.isolation.catalogue import find_faults

from belvedere.migrations.tenants import ALL_TENANTS

TENANT_NAMES = {table.name for table in ALL_TENANTS if table.key == "client_id"}
DROP_POLICIES = (
    "DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname FROM pg_policies"
    " WHERE schemaname || '.' || tablename = '{table}' LOOP"
    " EXECUTE format('DROP POLICY %I ON {table}', p.policyname); END LOOP; END $$"
)
PER_SCHEMA = {
    "core": "core.deliveries", "watch": "watch.api_snapshots", "ads": "ads.campaigns", "agents": "agents.agent_run",
    "knowledge": "knowledge.knowledge_documents", "inventory": "inventory.reorder_points",
    "support": "support.support_curated_replies", "outreach": "outreach.leads", "reports": "reports.dashboards",
}  # fmt: skip
EACH_TABLE = {
    "policies dropped": (DROP_POLICIES, "{table} has no policy"),
    "row level security off": ("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY", "{table} has row level security off"),
    "force off": ("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY", "{table} has row level security on but not forced"),
    "a view of the owner": ("CREATE VIEW {schema}.leak AS SELECT * FROM {table}", "{schema}.leak reads with the rights"),
    "an unlisted view": (
        "CREATE VIEW {schema}.leak WITH (security_invoker = true) AS SELECT 1 AS one", "view {schema}.leak is not listed",
    ),
    "an unlisted materialised view": (
        "CREATE MATERIALIZED VIEW {schema}.leak AS SELECT * FROM {table}", "materialised view {schema}.leak is not listed",
    ),
    "a materialised view granted": (
        ("CREATE MATERIALIZED VIEW {schema}.leak AS SELECT * FROM {table};"
        " GRANT SELECT ON {schema}.leak TO authenticated"), "{schema}.leak is materialised and ignores policies",
    ),
    "an unlisted table": (
        "CREATE TABLE {schema}.leak (id int, client_id int)", "{schema}.leak is not listed in the isolation matrix",
    ),
    "an unlisted function": (
        "CREATE FUNCTION {schema}.leak() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function {schema}.leak() is not listed",
    ),
    "a function with its owner's rights and no search path": (
        "CREATE FUNCTION {schema}.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
        "{schema}.leak() uses its owner's rights without a search path",
    ),
    "a function with its owner's rights for everybody": (
        ("SET LOCAL ROLE owner_r; CREATE FUNCTION {schema}.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT 1::bigint'; RESET ROLE"),
        "{schema}.leak() uses its owner's rights and everybody may call it",
    ),
    "a function with a superuser's rights": (
        ("CREATE FUNCTION {schema}.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS 'SELECT 1::bigint'"), "{schema}.leak() uses the rights of postgres",
    ),
    "a function marked leakproof": (
        "CREATE FUNCTION {schema}.leak(int) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true'",
        "{schema}.leak(integer) is marked leakproof",
    ),
    "a sequence of nobody": ("CREATE SEQUENCE {schema}.leak", "sequence {schema}.leak belongs to no column"),
    "a key unique across clients": (
        "ALTER TABLE {table} ADD COLUMN leak text CONSTRAINT leak UNIQUE",
        "leak of {table} is unique across clients",
    ),
}  # fmt: skip
SINGLE = {
    "a part opened": (
        "GRANT SELECT ON watch.api_records_default TO authenticated",
        "watch.api_records_default can be read past its parent by authenticated",
    ),
    "a part of sends opened": (
        "GRANT SELECT ON outreach.email_sends_default TO worker_scoped",
        "outreach.email_sends_default can be read past its parent by worker_scoped",
    ),
    "a part without row level security": (
        "ALTER TABLE agents.ai_gym_performance_default DISABLE ROW LEVEL SECURITY",
        "agents.ai_gym_performance_default has row level security off",
    ),
    "a foreign key without the client": (
        ("ALTER TABLE watch.alert_events ADD CONSTRAINT loose FOREIGN KEY (alert_id)"
        " REFERENCES watch.watchtower_alerts (id)"), "loose of alert_events does not carry the client",
    ),
    "a foreign key of reports without the client": (
        ("ALTER TABLE reports.dashboard_widgets ADD CONSTRAINT loose FOREIGN KEY (dashboard_id)"
        " REFERENCES reports.dashboards (id)"), "loose of reports.dashboard_widgets does not carry the client",
    ),
    "a role past row level security": (
        "ALTER ROLE inspector_r BYPASSRLS", "role inspector_r passes row level security",
    ),
    "a loader that reads": (
        "GRANT SELECT ON ads.campaign_metrics TO loader", "the loader may do more than insert bulk rows",
    ),
    "a function for more roles than listed": (
        "GRANT EXECUTE ON FUNCTION core.read_credential(uuid, text) TO authenticated",
        "function core.read_credential(uuid,text) as vault_r is listed with other rights",
    ),
    "a materialised view for more roles than listed": (
        "GRANT SELECT ON outreach.reply_rates TO authenticated",
        "outreach.reply_rates is materialised and ignores policies",
    ),
}  # fmt: skip
CASES = [
    pytest.param(statement.replace("{table}", table).replace("{schema}", schema),
                 says.replace("{table}", table).replace("{schema}", schema), id=f"{schema}: {kind}")
    for schema, table in PER_SCHEMA.items()
    for kind, (statement, says) in EACH_TABLE.items()
] + [pytest.param(statement, says, id=kind) for kind, (statement, says) in SINGLE.items()]  # fmt: skip


@pytest.mark.parametrize(("statement", "says"), CASES)
def test_a_hole_is_found(inside: psycopg.Connection, statement: str, says: str) -> None:
    inside.execute("SET LOCAL search_path = watch, core, public")
    inside.execute(statement)
    faults = find_faults(inside, TENANT_NAMES)
    assert any(fault.startswith(says) for fault in faults), f"nobody noticed it: {faults}"


def test_the_house_as_it_stands_has_no_hole(inside: psycopg.Connection) -> None:
    inside.execute("SET LOCAL search_path = watch, core, public")
    assert find_faults(inside, TENANT_NAMES) == []
