"""Dashboards, their widgets, insights, and the ways to show them to others."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from belvedere.core.schema import (
    belongs_to,
    created_at,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)
from belvedere.reports.contracts import (
    ChartType,
    InsightType,
    PermissionLevel,
    ScheduleFormat,
    ScheduleOutcome,
    TemplateType,
    WidgetType,
)


def person(name: str, comment: str) -> Column[object]:
    return Column(name, UUID(as_uuid=True), ForeignKey("core.users.id", ondelete="CASCADE"), comment=comment)


dashboards = Table(
    "dashboards",
    metadata,
    uuid_key(),
    tenant(),
    Column(
        "dashboard_id", String(255), nullable=False, comment="Short name that people read, as dash_7h2k9."
    ),
    Column("name", String(255), nullable=False, comment="Title of the dashboard."),
    Column("description", Text, comment="What it is for."),
    person("user_id", "Owner; NULL for one of the program's own."),
    Column(
        "template_type",
        String(100),
        comment="performance, attribution, audience or custom; NULL when made from nothing.",
    ),
    document("layout_config", comment="Settings of the whole grid, as its columns and row height."),
    document("filter_config", comment="Filters that hold for every widget unless it says otherwise."),
    Column(
        "is_public",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True allows public links; alone it opens nothing.",
    ),
    Column(
        "is_template",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True: others are copied from it.",
    ),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "dashboard_id"),
    CheckConstraint(one_of("template_type", TemplateType), name="template_type_known"),
    Index("idx_dashboards_user_id", "user_id"),
    Index("idx_dashboards_template_type", "template_type"),
    Index("idx_dashboards_is_public", "is_public", postgresql_where=text("is_public = true")),
    Index("ix_dashboards_client_id_created_at", "client_id", text("created_at DESC")),
    schema="reports",
    comment="Dashboards: a grid of widgets with shared filters.",
)

dashboard_widgets = Table(
    "dashboard_widgets",
    metadata,
    uuid_key(),
    tenant(),
    Column("widget_id", String(255), nullable=False, comment="Short name within the dashboard."),
    Column("dashboard_id", UUID(as_uuid=True), nullable=False, comment="Dashboard it stands on."),
    Column("widget_type", String(100), nullable=False, comment="chart, table, metric_card or text."),
    Column("chart_type", String(100), comment="line, bar, pie, scatter or area; NULL unless it is a chart."),
    Column("title", String(255), nullable=False, comment="Heading of the widget."),
    document(
        "data_source", None, comment="What it shows: queries, metrics, dimensions, range and filters by name."
    ),
    document("display_config", comment="How it looks: axis labels, units, colours."),
    document("position_config", None, comment="Place on a grid of 12 columns: x, y, width and height."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "dashboard_id", "widget_id"),
    belongs_to(
        "dashboard_id", "reports.dashboards", name="fk_dashboard_widgets_dashboard", ondelete="CASCADE"
    ),
    CheckConstraint(one_of("widget_type", WidgetType), name="widget_type_known"),
    CheckConstraint(one_of("chart_type", ChartType), name="chart_type_known"),
    CheckConstraint("(widget_type = 'chart') = (chart_type IS NOT NULL)", name="only_charts_have_chart_type"),
    Index("idx_dashboard_widgets_dashboard_id", "dashboard_id"),
    Index("idx_dashboard_widgets_type", "widget_type"),
    schema="reports",
    comment="The parts of a dashboard: charts, tables, single figures and text.",
)

ai_insights = Table(
    "ai_insights",
    metadata,
    uuid_key(),
    tenant(),
    Column("insight_id", String(255), nullable=False, comment="Short name that people read, as ins_7h2k9."),
    person("user_id", "Who asked; NULL for one found without a question."),
    Column(
        "dashboard_id",
        UUID(as_uuid=True),
        comment="Dashboard it was asked on; NULL for none, and when the dashboard was deleted.",
    ),
    Column("query_text", Text, nullable=False, comment="The question."),
    Column(
        "response_text",
        Text,
        nullable=False,
        comment="The answer; every number in it stands in data_context.",
    ),
    document("data_context", comment="The figures the answer rests on."),
    Column(
        "confidence_score", Numeric(3, 2), comment="0 to 1: the least of the four parts in confidence_parts."
    ),
    document("confidence_parts", comment="coverage, freshness, support and verified, each 0 to 1."),
    Column("insight_type", String(100), comment="trend_analysis, anomaly_detection or optimization."),
    document("related_metrics", comment="Metrics the answer speaks of."),
    Column("model_used", Text, comment="Language model that worded it; NULL when none was used."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "insight_id"),
    belongs_to("dashboard_id", "reports.dashboards", name="fk_ai_insights_dashboard"),
    CheckConstraint("confidence_score BETWEEN 0 AND 1", name="confidence_score_range"),
    CheckConstraint(one_of("insight_type", InsightType), name="insight_type_known"),
    Index("idx_ai_insights_user_id", "user_id"),
    Index("idx_ai_insights_dashboard_id", "dashboard_id"),
    Index("idx_ai_insights_created_at", "created_at"),
    Index("idx_ai_insights_type", "insight_type"),
    Index("ix_ai_insights_client_id_created_at", "client_id", text("created_at DESC")),
    schema="reports",
    comment="Questions and answers about the figures, with what each answer rests on.",
)

dashboard_shares = Table(
    "dashboard_shares",
    metadata,
    uuid_key(),
    tenant(),
    Column("dashboard_id", UUID(as_uuid=True), nullable=False, comment="Dashboard that is shared."),
    person("shared_by_user_id", "Who shared it."),
    person("shared_with_user_id", "Who may see it."),
    Column(
        "permission_level",
        String(50),
        nullable=False,
        server_default=text("'view'"),
        comment="view: read; edit: also layout, widgets, filters and schedules.",
    ),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "dashboard_id", "shared_with_user_id"),
    belongs_to(
        "dashboard_id", "reports.dashboards", name="fk_dashboard_shares_dashboard", ondelete="CASCADE"
    ),
    CheckConstraint(one_of("permission_level", PermissionLevel), name="permission_level_known"),
    Index("idx_dashboard_shares_shared_with", "shared_with_user_id"),
    schema="reports",
    comment="Who else may see or edit a dashboard.",
)

dashboard_links = Table(
    "dashboard_links",
    metadata,
    uuid_key(),
    tenant(),
    Column("dashboard_id", UUID(as_uuid=True), nullable=False, comment="Dashboard the link opens."),
    Column("name", String(255), comment="Whom or what the link is for."),
    Column(
        "token_hash",
        LargeBinary,
        nullable=False,
        comment="SHA-256 of the token; the token itself is kept nowhere.",
    ),
    document("locked_filters", comment="Filters that no visitor can change."),
    instant("expires_at", comment="When it stops working (UTC); NULL never."),
    Column("password_hash", Text, comment="Argon2 hash of a password; NULL asks for none."),
    Column(
        "allow_export",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True lets visitors take the figures away.",
    ),
    instant("revoked_at", comment="When it was withdrawn (UTC); NULL while it stands."),
    instant("last_seen_at", comment="When it was last opened (UTC); NULL never."),
    Column("views", BigInteger, nullable=False, server_default=text("0"), comment="How often it was opened."),
    person("created_by", "Who made it."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("token_hash", "client_id"),
    belongs_to("dashboard_id", "reports.dashboards", name="fk_dashboard_links_dashboard", ondelete="CASCADE"),
    CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_sha256"),
    CheckConstraint("views >= 0", name="views_not_negative"),
    Index("ix_dashboard_links_dashboard_id", "client_id", "dashboard_id"),
    schema="reports",
    comment="Public links to a dashboard, each with its own locked filters and end.",
)

dashboard_schedules = Table(
    "dashboard_schedules",
    metadata,
    uuid_key(),
    tenant(),
    Column("dashboard_id", UUID(as_uuid=True), nullable=False, comment="Dashboard that is sent."),
    Column("name", String(255), nullable=False, comment="Subject of the message."),
    Column(
        "cron", Text, nullable=False, comment="When to send, in five fields of cron in the schedule's zone."
    ),
    Column(
        "timezone",
        Text,
        nullable=False,
        server_default=text("'UTC'"),
        comment="IANA zone of the cron fields.",
    ),
    Column("format", Text, nullable=False, server_default=text("'pdf'"), comment="pdf, html or csv."),
    document(
        "recipients", "'[]'::jsonb", comment="Who gets it: an address, a zone and filters of their own each."
    ),
    document("filter_config", comment="Filters over those of the dashboard."),
    Column(
        "only_when_complete",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="True waits for missing weeks; false sends and says which are missing.",
    ),
    Column("is_active", Boolean, nullable=False, server_default=text("true"), comment="False sends nothing."),
    instant("next_run_at", comment="When it is due (UTC); NULL when it is not active."),
    instant("lease_until", comment="Until when a worker holds it; NULL when nobody does."),
    instant("last_run_at", comment="When it last ran (UTC); NULL never."),
    Column("last_outcome", Text, comment="sent, waiting or failed; NULL before the first time."),
    Column("last_error", Text, comment="Why it last failed; NULL when it did not."),
    person("created_by", "Who made it."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    belongs_to(
        "dashboard_id", "reports.dashboards", name="fk_dashboard_schedules_dashboard", ondelete="CASCADE"
    ),
    CheckConstraint(one_of("format", ScheduleFormat), name="format_known"),
    CheckConstraint(one_of("last_outcome", ScheduleOutcome), name="last_outcome_known"),
    Index("ix_dashboard_schedules_dashboard_id", "client_id", "dashboard_id"),
    Index("ix_dashboard_schedules_next_run_at", "next_run_at", postgresql_where=text("is_active")),
    schema="reports",
    comment="When a dashboard is sent, to whom and with which filters.",
)
