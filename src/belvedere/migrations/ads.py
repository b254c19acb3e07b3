"""What the revision of the schema `ads` adds beside its tables: policies, grants, triggers, parts and views."""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import TenantTable, tenant_policies

TENANTS: tuple[TenantTable, ...] = (
    TenantTable("ads.ad_accounts"),
    TenantTable("ads.ad_budgets"),
    TenantTable("ads.campaigns"),
    TenantTable("ads.metric_observations", worker_verbs="SELECT, INSERT", service_verbs="SELECT, INSERT"),
    TenantTable("ads.campaign_metrics"),
    TenantTable("ads.ads_daily_metrics"),
    TenantTable("ads.ai_recommendations", person_verbs="SELECT, UPDATE"),
    TenantTable("ads.budget_allocations", person_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("ads.budget_allocation_lines", person_verbs="SELECT, INSERT, UPDATE, DELETE"),
    TenantTable("ads.ai_actions_log"),
    TenantTable("ads.ai_action_events", worker_verbs="SELECT, INSERT", service_verbs="SELECT, INSERT"),
    TenantTable("ads.alerts", person_verbs="SELECT, UPDATE"),
)

PERSON_COLUMNS = {
    "ads.ai_recommendations": "status, decided_by, decided_at, decision_note",
    "ads.alerts": "acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolved_reason",
    "ads.budget_allocations": "scope, status, period_start, period_end, total_budget, currency, allocations, reasoning",
    "ads.budget_allocation_lines": "target, campaign_id, amount, lowest, highest, note",
}
"""What people may change, where they may not change a whole row."""

STAMPED = {
    "ads.ad_accounts": "update_ad_accounts_updated_at",
    "ads.ad_budgets": "update_ad_budgets_updated_at",
    "ads.campaigns": "update_ads_campaigns_updated_at",
    "ads.ads_daily_metrics": "update_ads_daily_metrics_updated_at",
    "ads.ai_recommendations": "update_ai_recommendations_updated_at",
    "ads.budget_allocations": "update_budget_allocations_updated_at",
    "ads.ai_actions_log": "update_ai_actions_log_updated_at",
    "ads.alerts": "update_alerts_updated_at",
}

VIEWS = {"ads.ads_campaigns": ", INSERT, UPDATE, DELETE", "ads.ads_metrics_daily": "", "ads.alert_inbox": ""}
"""Each view with what jobs may do beside reading it."""

PARTED = {"ads.campaign_metrics": ("time", "NULL"), "ads.metric_observations": ("observed_at", "24")}
"""Each parted table with its time and the months it is kept."""

FUNCTIONS = (
    "fill_campaign_currency()", "check_allocation_sum()", "keep_line_in_plan()", "insert_ads_campaign()",
    "update_ads_campaign()", "delete_ads_campaign()", "zone_of_account(integer, uuid)", "refuse_old_name()",
)  # fmt: skip


def preparations() -> Iterator[str]:
    """What the tables lean on."""
    yield 'CREATE TYPE ads.word_range AS RANGE (subtype = text, collation = "C")'
    yield "COMMENT ON TYPE ads.word_range IS 'Ranges of words; one of a single word stands for equality where only ranges can be compared.'"


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    for table in TENANTS:
        yield from tenant_policies(table)
    for name, columns in PERSON_COLUMNS.items():
        yield f"REVOKE UPDATE ON {name} FROM authenticated"
        yield f"GRANT UPDATE ({columns}) ON {name} TO authenticated"
    yield "GRANT INSERT ON ads.metric_observations, ads.campaign_metrics, ads.ads_daily_metrics TO loader"
    yield read_sql("0005_ads.sql")
    for name, trigger in STAMPED.items():
        yield (
            f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {name} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    for name, verbs in VIEWS.items():
        yield f"GRANT SELECT ON {name} TO authenticated, inspector_r"
        yield f"GRANT SELECT{verbs} ON {name} TO worker_scoped, service_role"
    for name, (column, months) in PARTED.items():
        yield f"SELECT core.plan_partitions('{name}', 'time', '{column}', 4, {months})"


def undo() -> Iterator[str]:
    """Back to the schema as it was before the revision."""
    yield f"DROP VIEW {', '.join(VIEWS)} CASCADE"
    for name in PARTED:
        yield f"DELETE FROM core.partition_plans WHERE table_name = '{name}'"
    for table in reversed(TENANTS):
        yield f"DROP TABLE {table.name} CASCADE"
    for name in FUNCTIONS:
        yield f"DROP FUNCTION ads.{name}"
    yield "DROP TYPE ads.word_range"
