"""Each question that the specifications print finds its rows by an index, for staff, a person of one client and a job."""

from dataclasses import dataclass

import psycopg
import pytest
from tests.conftest import login_url
from tests.plans.conftest import Millions
from tests.plans.filling import CLIENT
from tests.plans.plans import EXPLAIN, Plan

PRINTED: dict[str, tuple[str, str]] = {
    "latest snapshot of a client": ("watch", f"""
        SELECT * FROM api_snapshots s JOIN api_sources src ON s.source_id = src.id
        WHERE s.client_id = {CLIENT} AND src.provider = 'scraper' AND src.endpoint = 'cvr'
        ORDER BY s.created_at DESC LIMIT 1"""),
    "open rates": ("watch", """
        SELECT r.name, m.metric_value as open_rate FROM api_records r
        JOIN api_record_metrics m ON r.id = m.record_id WHERE m.metric_name = 'open_rate'"""),
    "performance of seven days": ("ads", """
        SELECT c.name, c.platform, SUM(m.spend) as total_spend, SUM(m.revenue) as total_revenue,
            SUM(m.revenue) / NULLIF(SUM(m.spend), 0) as roas, SUM(m.conversions) as total_conversions,
            SUM(m.spend) / NULLIF(SUM(m.conversions), 0) as cpa
        FROM campaigns c JOIN campaign_metrics m ON c.id = m.campaign_id
        WHERE m.time >= NOW() - INTERVAL '7 days' GROUP BY c.id, c.name, c.platform ORDER BY roas DESC"""),
    "pending recommendations": ("ads", """
        SELECT r.*, c.name as campaign_name, c.platform FROM ai_recommendations r
        JOIN campaigns c ON r.campaign_id = c.id WHERE r.status = 'pending'
        ORDER BY r.confidence_score DESC, r.created_at ASC"""),
    "actions of a day": ("ads", """
        SELECT a.*, c.name as campaign_name FROM ai_actions_log a LEFT JOIN campaigns c ON a.campaign_id = c.id
        WHERE a.executed_at >= NOW() - INTERVAL '24 hours' ORDER BY a.executed_at DESC"""),
    "active alerts": ("ads", """
        SELECT a.*, c.name as campaign_name FROM alerts a LEFT JOIN campaigns c ON a.campaign_id = c.id
        WHERE a.resolved_at IS NULL
        ORDER BY CASE a.severity WHEN 'CRITICAL' THEN 1 WHEN 'HIGH' THEN 2 WHEN 'MEDIUM' THEN 3 WHEN 'LOW' THEN 4 END,
            a.created_at DESC"""),
    "revenue tile": ("agents", "SELECT * FROM DashboardFact WHERE metric = 'revenue'"),
    "inventory tile": ("inventory", "SELECT * FROM inventory_snapshots"),
    "ads tile": ("ads", "SELECT * FROM ads_daily_metrics WHERE metric_date >= NOW() - INTERVAL '30 days'"),
    "support queue": ("agents", "SELECT * FROM AgentApproval WHERE status = 'pending'"),
}  # fmt: skip


@dataclass(frozen=True)
class Caller:
    login: str
    role: str
    clients: str
    is_person: bool = False


CALLERS = {
    "staff": Caller("api", "authenticated", "*", is_person=True),
    "person": Caller("api", "authenticated", "*", is_person=True),
    "job": Caller("worker", "worker_scoped", str(CLIENT)),
}


def explain(millions: Millions, template: str, name: str, schema: str, statement: str) -> Plan:
    caller = CALLERS[name]
    with psycopg.connect(login_url(millions.url, template, caller.login)) as connection:
        user = {"staff": millions.staff, "person": millions.person}.get(name)
        connection.execute(
            "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', %s, true),"
            " set_config('search_path', %s, true), set_config('role', %s, true)",
            [str(user.id) if user else "", caller.clients, f"{schema},core", caller.role],
        )
        row = connection.execute(EXPLAIN + statement).fetchone()
    assert row is not None
    return Plan(statement, row[0][0]["Plan"])


ASKED = "That many rows are the answer."
BY_NAME = "The index on the name knows no client: a tenth of all metrics has this name, the policy keeps the client's."
BY_TIME = "The index on the time knows no client: a week of all is looked at, the policy keeps the client's."
READS_MUCH: dict[tuple[str, str], dict[str, str]] = {
    ("open rates", "staff"): {"watch.api_records": ASKED, "watch.api_record_metrics": ASKED},
    ("open rates", "person"): {
        "watch.api_records": "All records of the client are joined.", "watch.api_record_metrics": BY_NAME,
    },
    ("open rates", "job"): {
        "watch.api_records": "All records of the client are joined.", "watch.api_record_metrics": BY_NAME,
    },
    ("performance of seven days", "staff"): {"ads.campaign_metrics": ASKED},
    ("performance of seven days", "person"): {"ads.campaign_metrics": BY_TIME},
    ("performance of seven days", "job"): {"ads.campaign_metrics": BY_TIME},
    ("revenue tile", "staff"): {"core.dashboard_fact": ASKED},
    ("inventory tile", "staff"): {"inventory.inventory_snapshots": ASKED},
    ("ads tile", "staff"): {"ads.ads_daily_metrics": ASKED},
}  # fmt: skip
"""(Question, who asks) -> large table -> why more than a twentieth of it is looked at. Nothing else may."""


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", PRINTED)
def test_a_printed_question_reads_what_it_needs(
    millions: Millions, template: str, name: str, caller: str
) -> None:
    schema, statement = PRINTED[name]
    plan = explain(millions, template, caller, schema, statement)
    whole = plan.scanned(millions.rows) - set(READS_MUCH.get((name, caller), {}))
    assert whole == set(), plan.outline()
