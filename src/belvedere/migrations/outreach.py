"""What the revision of the schema `outreach` adds beside its tables: policies, grants, triggers, parts and views."""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import TenantTable, policy, tenant_policies

KEPT_BY_PEOPLE = "SELECT, INSERT, UPDATE"
TENANTS: tuple[TenantTable, ...] = (
    TenantTable("outreach.lia_records", person_verbs=KEPT_BY_PEOPLE),
    TenantTable("outreach.scraping_jobs"),
    TenantTable("outreach.leads", person_verbs=KEPT_BY_PEOPLE),
    TenantTable("outreach.website_analyses"),
    TenantTable("outreach.demo_sites"),
    TenantTable("outreach.videos"),
    TenantTable("outreach.mailboxes", person_verbs=KEPT_BY_PEOPLE),
    TenantTable("outreach.campaigns", person_verbs=KEPT_BY_PEOPLE),
    TenantTable("outreach.campaign_steps", person_verbs=f"{KEPT_BY_PEOPLE}, DELETE"),
    TenantTable("outreach.campaign_mailboxes", person_verbs="SELECT, INSERT, DELETE"),
    TenantTable("outreach.campaign_enrollments"),
    TenantTable("outreach.email_sends"),
    TenantTable("outreach.enrollment_steps"),
    TenantTable("outreach.tracking_tokens"),
    TenantTable("outreach.tracking_events"),
    # A person may add to what is not written to, and never take away from it; rows of the agency bind every client.
    TenantTable("outreach.suppressions", person_verbs="SELECT, INSERT", shared_agency_rows=True),
    TenantTable("outreach.conversations"),
    TenantTable("outreach.conversation_messages"),
    TenantTable("outreach.ab_tests", person_verbs=KEPT_BY_PEOPLE),
    TenantTable("outreach.ab_assignments"),
    TenantTable("outreach.lead_outcomes"),
    TenantTable("outreach.email_send_months"),
    TenantTable("outreach.erasure_requests"),
    TenantTable("outreach.retention_runs"),
)

STAMPED = (
    "lia_records", "scraping_jobs", "leads", "mailboxes", "campaigns", "campaign_steps", "campaign_enrollments",
    "conversations", "ab_tests", "erasure_requests",
)  # fmt: skip

FIGURES = {
    "reply_rates": (
        "Human replies to mails by client, campaign and month of sending.",
        {
            "client_id": "Client the figures belong to; 0 is the agency itself.",
            "campaign_id": "Campaign; NULL for single mails.",
            "month": "First day of the month (UTC) in which the mails were sent.",
            "sent": "Mails that a provider took.",
            "bounced": "Mails of these that came back.",
            "replied": "Mails of these that a person answered; auto replies do not count.",
            "reply_rate": "replied / (sent - bounced), a fraction; NULL when that is zero.",
        },
    ),
    "meeting_booking_rates": (
        "Meetings booked by client, campaign and month, against the leads first written to in that month.",
        {
            "client_id": "Client the figures belong to; 0 is the agency itself.",
            "campaign_id": "Campaign; NULL for what is credited to none.",
            "month": "First day of the month (UTC): of sending for contacts, of booking for meetings.",
            "contacted": "Leads that got their first mail of the campaign.",
            "meetings": "Meetings booked.",
            "meeting_booking_rate": "meetings / contacted, a fraction; NULL when nobody was contacted.",
        },
    ),
    "campaign_revenue": (
        "Deals won and their worth by client, campaign, month and currency; currencies are never added up.",
        {
            "client_id": "Client the figures belong to; 0 is the agency itself.",
            "campaign_id": "Campaign; NULL for deals that are credited to none.",
            "month": "First day of the month (UTC) in which the deals were won.",
            "currency": "ISO 4217 code of the amounts.",
            "deals_won": "Deals won.",
            "revenue": "Sum of the deals in the currency.",
            "average_deal": "revenue / deals_won in the currency.",
        },
    ),
}
"""Key figures with what they and their columns say; each stands as `<name>` and, for people, as `kpi_<name>`."""

OF_OWNER = (
    ("email_sends", "SELECT"), ("lead_outcomes", "SELECT"), ("email_send_months", "SELECT"),
    ("email_send_months", "INSERT"), ("email_send_months", "UPDATE"),
)  # fmt: skip
READERS_OF_FUNCTIONS = "authenticated, worker_scoped, service_role, inspector_r"
READERS_OF_FIGURES = "service_role, inspector_r"


def checks() -> str:
    """The functions that CHECK constraints of the tables call; they come before the tables."""
    return read_sql("0008_checks.sql")


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    for table in TENANTS:
        yield from tenant_policies(table)
    yield from owner_policies()
    yield read_sql("0008_outreach.sql")
    yield from triggers()
    yield from figures()
    yield (
        "SELECT core.plan_partitions('outreach.email_sends', 'time', 'created_at', 4, 24,"
        " 'outreach.roll_up_email_sends')"
    )
    yield "SELECT core.plan_partitions('outreach.tracking_events', 'time', 'created_at', 4, 3)"


def owner_policies() -> Iterator[str]:
    """A materialised view is filled with its owner's rights, so the owner reads what the figures are made from."""
    for table, verb in OF_OWNER:
        yield policy(f"outreach.{table}", "figures", verb, "owner_r", "true")


def triggers() -> Iterator[str]:
    for name in STAMPED:
        yield (
            f"CREATE TRIGGER update_{name}_updated_at BEFORE UPDATE ON outreach.{name} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    yield (
        "CREATE TRIGGER clear_lead BEFORE DELETE ON outreach.leads FOR EACH ROW"
        " EXECUTE FUNCTION outreach.clear_lead()"
    )


def figures() -> Iterator[str]:
    for name, (meaning, columns) in FIGURES.items():
        yield from comments(
            "MATERIALIZED VIEW", name, f"{meaning} Refreshed by a job, never read by people.", columns
        )
        yield from comments("VIEW", f"kpi_{name}", meaning, columns)
        yield f"REVOKE EXECUTE ON FUNCTION outreach.list_{name}() FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION outreach.list_{name}() TO {READERS_OF_FUNCTIONS}"
        yield f"GRANT SELECT ON outreach.kpi_{name} TO {READERS_OF_FUNCTIONS}"
        yield f"GRANT SELECT ON outreach.{name} TO {READERS_OF_FIGURES}"
    for function in ("refresh_kpi(name)", "roll_up_email_sends(regclass)"):
        yield f"REVOKE EXECUTE ON FUNCTION outreach.{function} FROM PUBLIC"
    yield "GRANT EXECUTE ON FUNCTION outreach.refresh_kpi(name) TO service_role"


def comments(kind: str, name: str, meaning: str, columns: dict[str, str]) -> Iterator[str]:
    yield f"COMMENT ON {kind} outreach.{name} IS '{meaning}'"
    for column, text in columns.items():
        yield f"COMMENT ON COLUMN outreach.{name}.{column} IS '{text}'"


def downgrade_statements() -> Iterator[str]:
    """Views, functions and plans of the revision; the tables go by themselves."""
    for name in FIGURES:
        yield f"DROP VIEW outreach.kpi_{name}"
        yield f"DROP FUNCTION outreach.list_{name}()"
        yield f"DROP MATERIALIZED VIEW outreach.{name}"
    yield "DELETE FROM core.partition_plans WHERE table_name LIKE 'outreach.%'"
    for table in reversed(TENANTS):
        yield f"DROP TABLE {table.name}"
    for function in (
        "may_read_kpis_of(integer)", "refresh_kpi(name)", "roll_up_email_sends(regclass)", "clear_lead()",
        "is_split_of(jsonb, jsonb)", "is_variants(jsonb)", "is_send_window(jsonb)",
        "is_list_of(jsonb, text, text, integer, integer)", "is_zone_name(jsonb)", "is_count(jsonb, integer)",
        "is_scores(jsonb)",
    ):  # fmt: skip
        yield f"DROP FUNCTION outreach.{function}"
