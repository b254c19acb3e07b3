"""Workflows, collections, aggregates, dashboards, insights and shares."""

from belvedere.reports.tables_collections import (
    report_data_aggregates,
    report_data_collections,
    report_data_weeks,
    report_rows,
    report_week_versions,
)
from belvedere.reports.tables_dashboards import (
    ai_insights,
    dashboard_links,
    dashboard_schedules,
    dashboard_shares,
    dashboard_widgets,
    dashboards,
)
from belvedere.reports.tables_workflows import amc_instances, workflow_executions, workflows

__all__ = [
    "ai_insights",
    "amc_instances",
    "dashboard_links",
    "dashboard_schedules",
    "dashboard_shares",
    "dashboard_widgets",
    "dashboards",
    "report_data_aggregates",
    "report_data_collections",
    "report_data_weeks",
    "report_rows",
    "report_week_versions",
    "workflow_executions",
    "workflows",
]
