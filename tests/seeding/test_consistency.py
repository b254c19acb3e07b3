"""One installation filled with made-up data, read as a sceptic would: no two things contradict each other."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from tests.conftest import login_url
from tests.seeding.references import (
    CHOICES,
    KEYS_WITHOUT_A_FOREIGN_KEY,
    MAILS,
    NAMED,
    OTHERS,
    OWN_CURRENCY,
    PLAIN,
)
from tests.seeding.words import UNUSED
from tests.workbench import SCHEMAS, Workbench

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.database import Database
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.wiring.seed import SeedOrder, seed_installation

NOW = datetime.now(UTC)
LAST = date(2026, 11, 15)
ORDER = SeedOrder(clients=6, days=60, seed=1, until=LAST)
"""A day that stands still: the same rows whenever the tests run."""
DOMAINS = [schema for schema in SCHEMAS if schema != "jobs"]


@pytest.fixture(scope="module")
def filled(
    admin_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection]:
    """Sixty days of six clients, one of them in a currency without decimals, shared by every test here."""
    bench = Workbench(admin_url, template)
    url = bench.take()
    asyncio.run(fill(url, template, tmp_path_factory.mktemp("seeded")))
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
    bench.drop()


async def fill(url: str, template: str, place: Path) -> None:
    settings = Settings(data_dir=place, allow_private_networks="127.0.0.0/8")
    use_keyring(load_keyring(settings))
    database = Database(login_url(url, template, "api"), login_url(url, template, "worker"), pool_size=2)
    runtime = Runtime(settings, database, http=None, clock=lambda: NOW)  # type: ignore[arg-type]
    await seed_installation(runtime, ORDER, lambda _step: None)
    await database.close()


def ask(connection: psycopg.Connection, statement: str, *values: object) -> list[tuple[object, ...]]:
    return connection.execute(statement, values or None).fetchall()  # type: ignore[arg-type]


def expect_none(connection: psycopg.Connection, *statements: str) -> None:
    """Each statement finds what would be a contradiction."""
    for statement in statements:
        assert ask(connection, f"{statement} LIMIT 5") == [], statement


def test_every_key_without_a_foreign_key_is_known(filled):
    found = {row[0] for row in ask(filled, KEYS_WITHOUT_A_FOREIGN_KEY, DOMAINS)}
    assert found - PLAIN.keys() - OTHERS.keys() == set()
    assert (PLAIN.keys() | OTHERS.keys()) - found == set()


def test_every_plain_reference_points_at_a_row_of_the_same_client(filled):
    for column, parent in PLAIN.items():
        child, name = column.rsplit(".", 1)
        expect_none(
            filled,
            f"SELECT c.client_id, c.{name} FROM {child} c WHERE c.{name} IS NOT NULL AND NOT EXISTS"
            f" (SELECT 1 FROM {parent} p WHERE p.client_id = c.client_id AND p.id = c.{name})",
        )


def test_mails_are_named_with_the_month_they_lie_in(filled):
    for table in MAILS:
        expect_none(
            filled,
            f"SELECT c.client_id FROM outreach.{table} c WHERE c.email_send_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM outreach.email_sends s WHERE s.client_id = c.client_id AND s.id = c.email_send_id"
            " AND s.created_at = c.email_send_created_at)",
        )
    expect_none(
        filled,
        "SELECT e.token FROM outreach.tracking_events e WHERE NOT EXISTS (SELECT 1 FROM outreach.tracking_tokens t"
        " WHERE t.token = e.token AND t.client_id = e.client_id AND t.email_send_id = e.email_send_id)",
        "SELECT s.id FROM outreach.email_sends s WHERE s.sent_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
        " outreach.tracking_tokens t WHERE t.token = s.tracking_token AND t.client_id = s.client_id AND t.email_send_id = s.id)",
    )


def test_what_requests_and_decisions_are_about_is_there(filled):
    for table, column in NAMED:
        for (parent,) in ask(filled, f"SELECT DISTINCT split_part({column}, '/', 1) FROM {table}"):
            expect_none(
                filled,
                f"SELECT c.client_id, c.{column} FROM {table} c WHERE split_part(c.{column}, '/', 1) = '{parent}' AND NOT"
                f" EXISTS (SELECT 1 FROM {parent} p WHERE p.client_id = c.client_id"
                f" AND p.id = split_part(c.{column}, '/', 2)::uuid)",
            )
    expect_none(
        filled,
        "SELECT d.id FROM core.deliveries d WHERE d.subject_type = 'alert' AND NOT EXISTS (SELECT 1 FROM"
        " watch.watchtower_alerts a WHERE a.client_id = d.client_id AND a.id = d.subject_id)",
        "SELECT o.id FROM core.outbox_events o WHERE o.type LIKE 'delivery.%' AND NOT EXISTS (SELECT 1 FROM"
        " core.deliveries d WHERE d.client_id = o.client_id AND d.id = o.subject::uuid)",
        "SELECT e.rule_id FROM watch.rule_evaluations e WHERE NOT EXISTS (SELECT 1 FROM watch.watchtower_rules r"
        " WHERE r.id = e.rule_id AND r.client_id IN (0, e.client_id))",
    )


def test_a_message_about_an_alert_says_what_the_alert_says(filled):
    expect_none(
        filled,
        "SELECT d.id FROM core.deliveries d JOIN watch.watchtower_alerts a ON a.id = d.subject_id AND a.client_id = d.client_id"
        " WHERE d.message ->> 'title' <> a.title OR d.message ->> 'text' <> a.message OR d.severity <> a.severity"
        " OR d.created_at < a.created_at",
    )


def test_figures_of_dashboards_are_the_figures_of_the_ads(filled):
    rows = ask(
        filled,
        "WITH ads AS (SELECT m.client_id, m.metric_date AS day, sum(m.spend_cents) AS ad_spend, sum(m.revenue_cents) AS"
        " ad_revenue FROM ads.ads_daily_metrics m GROUP BY 1, 2), facts AS (SELECT f.client_id,"
        " (f.period_start AT TIME ZONE c.timezone)::date AS day, f.metric, f.value * CASE c.currency WHEN 'JPY' THEN 1 ELSE"
        " 100 END AS value FROM core.dashboard_fact f JOIN core.clients c ON c.id = f.client_id"
        " WHERE f.metric IN ('ad_spend', 'ad_revenue'))"
        " SELECT count(*), count(*) FILTER (WHERE f.value <> CASE f.metric WHEN 'ad_spend' THEN a.ad_spend"
        " ELSE a.ad_revenue END) FROM facts f JOIN ads a USING (client_id, day)",
    )
    assert rows == [(2 * (ORDER.clients + 1) * ORDER.days, 0)]
    expect_none(
        filled,
        "SELECT client_id, period_start FROM core.dashboard_fact WHERE metric = 'revenue' GROUP BY 1, 2"
        " HAVING sum(value) FILTER (WHERE dimensions = '{}') <> sum(value) FILTER (WHERE dimensions <> '{}')",
    )


def test_increments_and_observations_sum_to_the_day(filled):
    expect_none(
        filled,
        "WITH parts AS (SELECT m.client_id, m.campaign_id, (m.time AT TIME ZONE c.timezone)::date AS day, sum(m.impressions)"
        " AS impressions, sum(m.clicks) AS clicks, sum(m.spend) AS spend, sum(m.conversions) AS conversions,"
        " sum(m.revenue) AS revenue FROM ads.campaign_metrics m JOIN core.clients c ON c.id = m.client_id GROUP BY 1, 2, 3)"
        " SELECT d.client_id, d.metric_date FROM ads.ads_daily_metrics d FULL JOIN parts p ON p.client_id = d.client_id"
        " AND p.campaign_id = d.campaign_id AND p.day = d.metric_date CROSS JOIN LATERAL (SELECT CASE d.currency WHEN 'JPY'"
        " THEN 1 ELSE 100 END AS unit) u WHERE p.day IS NULL OR d.metric_date IS NULL OR p.impressions <> d.impressions"
        " OR p.clicks <> d.clicks OR p.spend * u.unit <> d.spend_cents OR p.conversions <> d.conversions"
        " OR p.revenue * u.unit <> d.revenue_cents",
    )


def test_alerts_of_campaigns_show_what_their_days_show(filled):
    window = (
        "SELECT a.id, a.alert_type, a.metric_value, sum(m.spend_cents) AS spend, sum(m.revenue_cents) AS revenue,"
        " sum(m.conversions) AS sales, count(*) AS days FROM ads.alerts a JOIN ads.ads_daily_metrics m ON m.client_id ="
        " a.client_id AND m.campaign_id = a.campaign_id AND m.metric_date < (a.created_at AT TIME ZONE 'UTC')::date AND"
        " m.metric_date >= (a.created_at AT TIME ZONE 'UTC')::date - CASE a.alert_type WHEN 'ROAS_DROP' THEN 7 ELSE 2 END"
        " GROUP BY a.id, a.alert_type, a.metric_value"
    )
    expect_none(
        filled,
        f"SELECT id FROM ({window}) w WHERE alert_type = 'ROAS_DROP' AND metric_value <> round(revenue / spend, 2)",
        f"SELECT id FROM ({window}) w WHERE alert_type = 'ZERO_CONVERSIONS' AND sales <> 0",
    )
    assert ask(filled, f"SELECT count(DISTINCT alert_type) FROM ({window}) w") == [(3,)]


def test_what_is_paused_or_over_does_not_deliver(filled):
    expect_none(
        filled,
        "SELECT c.name, m.metric_date FROM ads.campaigns c JOIN ads.ads_daily_metrics m ON m.campaign_id = c.id AND"
        " m.client_id = c.client_id WHERE m.spend_cents > 0 AND (c.status = 'paused' AND m.metric_date >= %s"
        " OR c.end_date IS NOT NULL AND m.metric_date >= c.end_date::date)".replace("%s", f"'{LAST}'"),
        "SELECT c.name FROM ads.campaigns c JOIN ads.ads_daily_metrics m ON m.campaign_id = c.id AND m.client_id ="
        " c.client_id WHERE c.status = 'draft' AND m.impressions > 0",
    )


def test_money_is_in_the_currency_of_its_client_and_in_whole_units_of_it(filled):
    for (table,) in ask(filled, OWN_CURRENCY, DOMAINS):
        if table == "inventory.suppliers":  # a supplier abroad is paid in its own
            continue
        expect_none(
            filled,
            f"SELECT t.client_id, t.currency FROM {table} t JOIN core.clients c ON c.id = t.client_id"
            " WHERE t.currency <> c.currency",
        )
    expect_none(
        filled,
        "SELECT value FROM core.dashboard_fact WHERE currency = 'JPY' AND value <> trunc(value)",
        "SELECT spend FROM ads.campaign_metrics m JOIN core.clients c ON c.id = m.client_id"
        " WHERE c.currency = 'JPY' AND (spend <> trunc(spend) OR revenue <> trunc(revenue))",
        "SELECT budget_amount FROM ads.campaigns WHERE currency = 'JPY' AND budget_amount <> trunc(budget_amount)",
        "SELECT amount FROM outreach.lead_outcomes WHERE currency = 'JPY' AND amount <> trunc(amount)",
    )
    assert ask(filled, "SELECT count(*) FROM ads.campaigns WHERE currency = 'JPY'") != [(0,)]


def test_months_and_quarters_are_their_weeks_by_the_thursday_rule(filled):
    for kind, form in (("monthly", "YYYY-MM"), ("quarterly", 'YYYY-"Q"Q')):
        rows = ask(
            filled,
            "WITH weeks AS (SELECT client_id, workflow_id, to_char(data_date + 3, %s) AS key,"
            " sum((metrics ->> 'spend')::numeric) AS spend, sum((metrics ->> 'sales')::numeric) AS sales, count(*) AS weeks"
            " FROM reports.report_data_aggregates WHERE aggregation_type = 'weekly' AND aggregation_key NOT LIKE '%%#%%'"
            " GROUP BY 1, 2, 3) SELECT count(*), count(*) FILTER (WHERE (a.metrics ->> 'spend')::numeric IS DISTINCT FROM"
            " w.spend OR (a.metrics ->> 'sales')::numeric IS DISTINCT FROM w.sales"
            " OR (a.metrics -> '_meta' ->> 'weeks')::int <> w.weeks) FROM reports.report_data_aggregates a"
            " LEFT JOIN weeks w ON w.client_id = a.client_id AND w.workflow_id = a.workflow_id AND w.key = a.aggregation_key"
            " WHERE a.aggregation_type = %s AND a.aggregation_key NOT LIKE '%%#%%'",
            form,
            kind,
        )
        assert rows[0][0] != 0
        assert rows[0][1] == 0, kind


def test_no_campaign_sends_more_than_its_limit_in_a_day(filled):
    expect_none(
        filled,
        "SELECT s.campaign_id, (s.sent_at AT TIME ZONE c.timezone)::date, count(*) FROM outreach.email_sends s"
        " JOIN outreach.campaigns c ON c.id = s.campaign_id AND c.client_id = s.client_id WHERE s.sent_at IS NOT NULL"
        " GROUP BY 1, 2, c.daily_limit HAVING count(*) > c.daily_limit",
        "SELECT s.mailbox_id, (s.sent_at AT TIME ZONE m.timezone)::date, count(*) FROM outreach.email_sends s"
        " JOIN outreach.mailboxes m ON m.id = s.mailbox_id AND m.client_id = s.client_id WHERE s.sent_at IS NOT NULL"
        " GROUP BY 1, 2, m.daily_limit HAVING count(*) > m.daily_limit",
    )


ORDERS = (
    ("ads.alerts", "created_at", "acknowledged_at", "resolved_at"),
    ("ads.ai_recommendations", "created_at", "decided_at", "executed_at"),
    ("ads.ai_actions_log", "created_at", "approved_at", "executed_at"),
    ("agents.agent_run", "created_at", "started_at", "finished_at"),
    ("agents.agent_approval", "data_as_of", "created_at", "decided_at", "consumed_at"),
    ("core.deliveries", "created_at", "sent_at"),
    ("core.delivery_attempts", "started_at", "finished_at"),
    ("core.outbox_events", "time", "published_at"),
    ("inventory.supplier_lead_times", "placed_at", "received_at"),
    ("outreach.email_sends", "created_at", "sent_at", "opened_at", "clicked_at"),
    ("outreach.email_sends", "sent_at", "replied_at"),
    ("outreach.email_sends", "sent_at", "bounced_at"),
    ("outreach.campaign_enrollments", "enrolled_at", "ended_at"),
    ("outreach.ab_tests", "created_at", "started_at", "decided_at"),
    ("outreach.erasure_requests", "received_at", "started_at", "completed_at"),
    ("reports.workflow_executions", "submitted_at", "started_at", "finished_at"),
    ("watch.api_snapshots", "started_at", "completed_at", "evaluated_at"),
    ("watch.watchtower_alerts", "created_at", "acknowledged_at"),
    ("watch.watchtower_alerts", "created_at", "resolved_at"),
)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order[0]}-{order[-1]}")
def test_things_happen_in_their_order(filled, order):
    table, *columns = order
    for place, column in enumerate(columns):
        for later in columns[place + 1 :]:
            expect_none(filled, f"SELECT {column}, {later} FROM {table} WHERE {later} < {column}")


def test_nothing_happened_in_the_future(filled):
    happened = (
        "_at$|^time$", "next_|due|expires|scheduled|_until|promised|attempt_at|lease|refilled|reset|ripe|remind"
    )  # fmt: skip
    rows = ask(
        filled,
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns JOIN pg_class c"
        " ON c.oid = (quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass WHERE table_schema = ANY(%s)"
        " AND data_type = 'timestamp with time zone' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND column_name ~ %s AND column_name !~ %s",
        DOMAINS,
        *happened,
    )
    assert len(rows) > 150
    for table, column in rows:
        expect_none(filled, f"SELECT {column} FROM {table} WHERE {column} > now()")


def test_reports_that_are_whole_have_nothing_left_to_do(filled):
    expect_none(
        filled,
        "SELECT c.collection_id FROM reports.report_data_collections c JOIN LATERAL (SELECT count(*) AS weeks, count(*) FILTER"
        " (WHERE status = 'completed') AS done, count(*) FILTER (WHERE status IN ('pending', 'running')) AS open FROM"
        " reports.report_data_weeks w WHERE w.client_id = c.client_id AND w.collection_id = c.id) w ON true"
        " WHERE w.weeks <> c.target_weeks OR w.done <> c.weeks_completed OR (c.progress_percentage = 100) <> (c.status ="
        " 'completed') OR c.status = 'completed' AND w.open > 0",
        "SELECT e.id FROM reports.workflow_executions e JOIN reports.report_data_collections c ON c.client_id = e.client_id"
        " AND c.id = e.collection_id WHERE e.submitted_at < c.created_at",
    )


def test_key_figures_of_outreach_agree_with_the_rows(filled):
    """They were brought up to date by the filling itself."""
    mails, pilot = (
        "outreach.email_sends WHERE client_id > 0",
        "outreach.email_send_months WHERE client_id > 0",
    )
    assert ask(
        filled,
        "SELECT sum(sent), sum(replied), sum(bounced) FROM outreach.reply_rates WHERE client_id > 0",
    ) == ask(
        filled,
        "SELECT sum(a), sum(b), sum(c) FROM (SELECT count(sent_at) AS a, count(replied_at) AS b, count(*) FILTER (WHERE"
        f" status = 'bounced') AS c FROM {mails} UNION ALL SELECT sum(sent), sum(replied), sum(bounced) FROM {pilot}) t",
    )
    assert ask(
        filled, "SELECT client_id, sum(meetings) FROM outreach.meeting_booking_rates GROUP BY 1 ORDER BY 1"
    ) == ask(
        filled,
        "SELECT client_id, count(*) FILTER (WHERE kind = 'meeting_booked') FROM outreach.lead_outcomes GROUP BY 1 ORDER BY 1",
    )
    assert ask(
        filled,
        "SELECT client_id, currency, sum(revenue) FROM outreach.campaign_revenue GROUP BY 1, 2 ORDER BY 1",
    ) == ask(
        filled,
        "SELECT client_id, currency, sum(amount) FROM outreach.lead_outcomes WHERE kind = 'deal_won' GROUP BY 1, 2 ORDER BY 1",
    )


def test_every_word_of_a_choice_appears_or_is_listed_with_its_reason(filled):
    silent = {}
    for table, column, definition in ask(filled, CHOICES, DOMAINS):
        words = set(re.findall(r"'([^']*)'::", str(definition)))
        used = {row[0] for row in ask(filled, f"SELECT DISTINCT {column} FROM {table}")}
        if words - used:
            silent[f"{table}.{column}"] = words - used
    assert silent == {column: words for column, (_, words) in UNUSED.items()}
