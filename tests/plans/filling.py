"""A clone of the migrated template with a million rows in each large table, spread over fifty clients.

Rows are made by the server itself, with foreign keys and triggers at rest, and indexes are built after the rows: a
plan needs sizes and spreads, not the product's way of writing.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from string import Template

import psycopg

CLIENTS = 50
CLIENT = 7
MILLION = 1_000_000
DAYS = 100
SPAN = DAYS * 86_400
SNAPSHOTS, RULES, CAMPAIGNS, LEADS = 20_000, 500, 2_000, 200_000
# Written out as constants before they run: what a row costs here is paid seven million times.
ENDS = "timestamptz '$ends'"
KEYS = """
CREATE FUNCTION pg_temp.k(_kind text, _n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('0000000' || _kind || '-0000-4000-8000-' || lpad(to_hex(_n), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.k7(_seconds float8, _n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('0' || to_hex((_seconds * 1000)::bigint) || '70008000' || lpad(to_hex(_n), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.c(_n bigint) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (_n % 50)::int + 1 $$;
"""


def seconds(step: str, of: int) -> str:
    """SQL of the time of row `step` of `of` as seconds: evenly over the span that ends now, newest last."""
    return f"(float8 '$start' + {step} * float8 '{SPAN / of}')"


def back(step: str, of: int) -> str:
    """The same as an instant."""
    return f"to_timestamp({seconds(step, of)})"


# Snapshot n belongs to client n % 50 + 1 and account n % 100; record n to snapshot n / 50.
SNAPSHOT_SECONDS = seconds("(n / 50)", SNAPSHOTS)
ROWS: dict[str, str] = {
    "core.clients": f"INSERT INTO core.clients (id, name, slug) SELECT n, 'Client ' || n, 'client-' || n"
    f" FROM generate_series(1, {CLIENTS}) n",
    "watch.source_accounts": "INSERT INTO watch.source_accounts (id, client_id, source_id)"
    " SELECT pg_temp.k('1', n), pg_temp.c(n), CASE WHEN n < 50 THEN s.cvr ELSE s.themes END FROM generate_series(0, 99) n,"
    " (SELECT (SELECT id FROM watch.api_sources WHERE endpoint = 'cvr') AS cvr,"
    "         (SELECT id FROM watch.api_sources WHERE endpoint = 'shopify_themes') AS themes) s",
    "watch.api_snapshots": "INSERT INTO watch.api_snapshots (id, client_id, source_id, account_id, status, total_records,"
    " data_as_of, started_at, completed_at, evaluated_at, created_at) SELECT pg_temp.k('2', n), a.client_id, a.source_id, a.id,"
    " 'completed', 50, t, t, t, t, t FROM (SELECT n, pg_temp.k('1', n % 100) AS account,"
    f" {back('n', SNAPSHOTS)} AS t FROM generate_series(0, {SNAPSHOTS - 1}) n) x JOIN watch.source_accounts a ON a.id = account",
    "watch.api_records": "INSERT INTO watch.api_records (id, snapshot_id, client_id, external_id, name, email, status,"
    " category, amount, quantity, record_date, created_at) SELECT pg_temp.k7(s, n), pg_temp.k('2', n / 50),"
    " pg_temp.c(n / 50), 'rec-' || n % 50, 'Record ' || n % 50, CASE WHEN n % 10 = 0 THEN 'p' || n || '@shop.example' END,"
    " (ARRAY['sent', 'draft', 'paused', 'sent'])[n % 4 + 1], 'category ' || n % 200, n % 1000, n % 90, t, t"
    f" FROM (SELECT n, s, to_timestamp(s) AS t FROM (SELECT n, {SNAPSHOT_SECONDS} AS s FROM generate_series(0, {MILLION - 1}) n) y) x",
    "watch.api_record_metrics": "INSERT INTO watch.api_record_metrics (id, client_id, record_id, metric_name, metric_value,"
    " metric_unit, created_at) SELECT pg_temp.k7(s, n), pg_temp.c(n / 50), pg_temp.k7(s, n),"
    " (ARRAY['open_rate', 'click_rate', 'bounce_rate', 'cvr', 'revenue', 'spend', 'roas', 'sent_count', 'opened_count',"
    " 'clicked_count'])[n % 10 + 1], n % 977, 'percent', t"
    f" FROM (SELECT n, s, to_timestamp(s) AS t FROM (SELECT n, {SNAPSHOT_SECONDS} AS s FROM generate_series(0, {MILLION - 1}) n) y) x",
    "watch.record_rejects": "INSERT INTO watch.record_rejects (client_id, snapshot_id, row_number, code, detail, payload,"
    f" created_at, replayed_at) SELECT pg_temp.c(n / 5), pg_temp.k('2', n / 5), n, 'not_a_number', 'x', '{{}}', {back('n', 100_000)},"
    f" CASE WHEN n % 40 <> 0 THEN now() END FROM generate_series(0, 99999) n",
    "watch.watchtower_rules": "INSERT INTO watch.watchtower_rules (id, client_id, source_id, name, field_name, condition,"
    " threshold_value, created_at) SELECT pg_temp.k('3', n), pg_temp.c(n), s.id, 'Rule ' || n, 'cvr', 'less_than', '2',"
    f" {back('n', RULES)} FROM generate_series(0, {RULES - 1}) n, (SELECT id FROM watch.api_sources WHERE endpoint = 'cvr') s",
    "watch.rule_evaluations": "INSERT INTO watch.rule_evaluations (client_id, rule_id, rule_version, snapshot_id,"
    " evaluated_at) SELECT pg_temp.c(n), pg_temp.k('3', n % 50 + 50 * r), 1, pg_temp.k('2', n), "
    f"{back('n', SNAPSHOTS)} FROM generate_series(0, {SNAPSHOTS - 1}) n, generate_series(0, 9) r",
    "watch.watchtower_alerts": "INSERT INTO watch.watchtower_alerts (id, rule_id, rule_client_id, snapshot_id, client_id,"
    " source_id, external_id, entity_name, fingerprint, state, title, message, severity, current_value, is_acknowledged,"
    " acknowledged_at, resolved_at, resolved_reason, first_seen_at, last_seen_at, created_at) SELECT pg_temp.k('4', n),"
    f" pg_temp.k('3', n % {RULES}), pg_temp.c(n), pg_temp.k('2', n / 50 - n / 50 % 50 + n % 50), pg_temp.c(n), s.id, 'rec-' || n % 50, 'Record ' || n % 50,"
    " 'f' || n, CASE WHEN n % 200 = n / 50 % 200 THEN 'open' ELSE 'resolved' END, 'CVR 1.1%', 'CVR is 1.1%',"
    " (ARRAY['info', 'warning', 'critical'])[n / 50 % 3 + 1], '1.1', n % 3 = 0, CASE WHEN n % 3 = 0 THEN t END,"
    " CASE WHEN n % 200 <> n / 50 % 200 THEN t END, CASE WHEN n % 200 <> n / 50 % 200 THEN 'recovered' END, t, t, t"
    f" FROM (SELECT n, {back('n', MILLION)} AS t FROM generate_series(0, {MILLION - 1}) n) x,"
    " (SELECT id FROM watch.api_sources WHERE endpoint = 'cvr') s",
    "watch.alert_events": "INSERT INTO watch.alert_events (client_id, alert_id, kind, at) SELECT pg_temp.c(n),"
    f" pg_temp.k('4', n), 'opened', {back('n', MILLION)} FROM generate_series(0, {MILLION - 1}, 5) n",
    "core.deliveries": "INSERT INTO core.deliveries (id, client_id, subject_type, subject_id, kind, channel, destination,"
    " idem_key, state, sent_at, created_at) SELECT pg_temp.k('5', n), pg_temp.c(n), 'alert', pg_temp.k('4', n), 'opened', 'email',"
    f" 'team@client.example', 'd' || n, 'sent', t, t FROM (SELECT n, {back('n', 200_000)} AS t FROM generate_series(0, 199999) n) x",
    "core.observability_logs": "INSERT INTO core.observability_logs (client_id, created_at, level, logger, message)"
    f" SELECT pg_temp.c(n), {back('n', MILLION)}, (ARRAY['INFO', 'INFO', 'DEBUG', 'WARN', 'INFO', 'ERROR'])[n % 6 + 1],"
    f" (ARRAY['sources', 'watchtower', 'notify', 'api'])[n % 4 + 1], 'a line' FROM generate_series(0, {MILLION - 1}) n",
    "core.audit_log": "INSERT INTO core.audit_log (seq, client_id, actor, action, subject_type, subject_id, prev_hash, hash,"
    f" at) SELECT n + 1, pg_temp.c(n), 'person ' || n % 40, (ARRAY['rule.created', 'client.changed', 'credential.read'])[n % 3 + 1],"
    f" 'x', 'x', sha256('a'), sha256('b'), {back('n', 100_000)} FROM generate_series(0, 99999) n",
    "core.dashboard_fact": "INSERT INTO core.dashboard_fact (client_id, metric, grain, period_start, value, source)"
    " SELECT pg_temp.c(n), (ARRAY['orders', 'sessions', 'revenue', 'visitors', 'refunds', 'aov', 'spend', 'mer', 'units',"
    f" 'returns'])[n / 50 % 10 + 1], 'day', ({ENDS}::date - (n / 500)::int), n % 5000, 'made' FROM generate_series(0, 199999) n",
    "ads.campaigns": "INSERT INTO ads.campaigns (id, client_id, platform, platform_campaign_id, name, status, created_at)"
    " SELECT pg_temp.k('6', n), pg_temp.c(n), (ARRAY['meta', 'google', 'tiktok'])[n % 3 + 1], 'p' || n, 'Campaign ' || n,"
    f" 'active', {back('n', CAMPAIGNS)} FROM generate_series(0, {CAMPAIGNS - 1}) n",
    "ads.campaign_metrics": "INSERT INTO ads.campaign_metrics (time, client_id, campaign_id, impressions, clicks, spend,"
    f" conversions, revenue) SELECT date_trunc('minute', {ENDS}) - interval '288 minutes' * (n / 2000), pg_temp.c(n % 2000),"
    f" pg_temp.k('6', n % 2000), 1000 + n % 500, 30 + n % 20, n % 70, n % 3, n % 300 FROM generate_series(0, {MILLION - 1}) n",
    "ads.ads_daily_metrics": "INSERT INTO ads.ads_daily_metrics (client_id, campaign_id, metric_date, spend_cents,"
    f" impressions, clicks, revenue_cents) SELECT pg_temp.c(n % 2000), pg_temp.k('6', n % 2000), {ENDS}::date - (n / 2000)::int,"
    " n % 9000, 1000, 30, n % 30000 FROM generate_series(0, 199999) n",
    "ads.ai_recommendations": "INSERT INTO ads.ai_recommendations (client_id, campaign_id, recommendation_type,"
    " recommendation_text, confidence_score, status, created_at) SELECT pg_temp.c(n % 2000), pg_temp.k('6', n % 2000), 'pause',"
    f" 'Pause it', 0.8, CASE WHEN n % 101 = 0 THEN 'pending' ELSE 'executed' END, {back('n', 100_000)}"
    " FROM generate_series(0, 99999) n",
    "ads.ai_actions_log": "INSERT INTO ads.ai_actions_log (client_id, campaign_id, action_type, platform, executed_at,"
    f" created_at) SELECT pg_temp.c(n % 2000), pg_temp.k('6', n % 2000), 'PAUSE', 'meta', t, t FROM (SELECT n, {back('n', 100_000)} AS t"
    " FROM generate_series(0, 99999) n) x",
    "ads.alerts": "INSERT INTO ads.alerts (client_id, alert_type, severity, campaign_id, platform, message, created_at,"
    " resolved_at) SELECT pg_temp.c(n % 2000), 'ROAS_DROP', (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[n % 4 + 1],"
    f" pg_temp.k('6', n % 2000), 'meta', 'ROAS fell', {back('n', 200_000)}, CASE WHEN n % 1009 <> 0 THEN now() END"
    " FROM generate_series(0, 199999) n",
    "agents.agent_approval": "INSERT INTO agents.agent_approval (client_id, action_type, target, payload_hash,"
    " requested_by, status, created_at) SELECT pg_temp.c(n), 'PAUSE', 'campaign ' || n, sha256(n::text::bytea), 'agent',"
    f" CASE WHEN n % 211 = 0 THEN 'pending' ELSE 'expired' END, {back('n', 100_000)} FROM generate_series(0, 99999) n",
    "inventory.inventory_snapshots": "INSERT INTO inventory.inventory_snapshots (client_id, snapshot_date, sku, on_hand,"
    f" available) SELECT pg_temp.c(n % 2000), {ENDS}::date - (n / 2000)::int, 'SKU-' || n % 2000, 20, 18"
    " FROM generate_series(0, 199999) n",
    "outreach.campaigns": "INSERT INTO outreach.campaigns (id, client_id, name) SELECT pg_temp.k('7', n), pg_temp.c(n),"
    " 'Campaign ' || n FROM generate_series(0, 199) n",
    "outreach.email_sends": "INSERT INTO outreach.email_sends (id, client_id, campaign_id, lead_id, subject_variant, status,"
    f" sent_at, created_at) SELECT pg_temp.k('9', n), pg_temp.c(n), pg_temp.k('7', n % 200), pg_temp.k('8', n % {LEADS}), 'Hello',"
    f" 'sent', t, t FROM (SELECT n, {back('n', MILLION)} AS t FROM generate_series(0, {MILLION - 1}) n) x",
}
SMALL_CLIENT = CLIENTS + 1
"""A client with few rows, all of them old: a list that looks for them from the newest end would read everything."""
SMALL = {
    "watch.api_snapshots": "'id', gen_random_uuid()",
    "watch.watchtower_alerts": "'id', gen_random_uuid(), 'rule_client_id', 51",
    "watch.record_rejects": "'id', gen_random_uuid()",
    "core.deliveries": "'id', gen_random_uuid()",
    "ads.alerts": "'id', gen_random_uuid(), 'campaign_id', NULL",
}
FIRST = ("core.clients", "watch.source_accounts", "watch.api_snapshots")
PARTS = """
SELECT coalesce(array_agg(relid::oid), ARRAY[%(table)s::regclass::oid])
FROM pg_partition_tree(%(table)s::regclass) WHERE isleaf
"""


def fill_millions(url: str, ends: datetime) -> None:
    """Fill the empty, migrated database at this superuser's address, two tables at a time; the rows end at `ends`."""
    with psycopg.connect(url, autocommit=True) as connection:
        prepare(connection)
        connection.execute(
            "SELECT core.ensure_partitions((now() - %s * interval '1 second')::date, 8)", [SPAN + 300_000]
        )
        for table in FIRST:
            fill_table(connection, table, ends)
    rest = [table for table in ROWS if table not in FIRST]
    with ThreadPoolExecutor(2) as pool:
        for _done in pool.map(
            lambda table: fill_alone(url, table, ends),
            sorted(rest, key=lambda t: f"{MILLION - 1}" not in ROWS[t]),
        ):
            continue
    with psycopg.connect(url, autocommit=True) as connection:
        prepare(connection)
        add_small_client(connection)
        for table in ROWS:
            connection.execute(f"VACUUM ANALYZE {table}")


def add_small_client(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO core.clients (id, name, slug) VALUES (%s, 'Small client', 'small-client')",
        [SMALL_CLIENT],
    )
    for table, changes in SMALL.items():
        connection.execute(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(x)"
            f" || jsonb_build_object('client_id', {SMALL_CLIENT}, {changes}))).*"
            f" FROM (SELECT * FROM {table} WHERE client_id = 1 ORDER BY created_at LIMIT 20) x"
        )


def prepare(connection: psycopg.Connection) -> None:
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '256MB'")
    connection.execute("SET max_parallel_maintenance_workers = 0")
    connection.execute("SET timezone = 'UTC'")
    connection.execute(KEYS)


def fill_alone(url: str, table: str, ends: datetime) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        prepare(connection)
        fill_table(connection, table, ends)
        connection.execute(f"VACUUM ANALYZE {table}")


def fill_table(connection: psycopg.Connection, table: str, ends: datetime) -> None:
    """Rows first, indexes after, keys too: built in one go they cost a third. REINDEX makes them ready again."""
    parts = connection.execute(PARTS, {"table": table}).fetchone()
    connection.execute("UPDATE pg_index SET indisready = false WHERE indrelid = ANY(%s)", parts)
    start = f"{ends.timestamp() - SPAN - 60:.3f}"
    rows = Template(ROWS[table]).substitute(ends=f"{ends:%Y-%m-%d %H:%M:%S+00}", start=start)
    connection.execute(rows)
    connection.execute(f"REINDEX TABLE {table}")
