"""What revision 0001 adds beside its tables: schemas, functions, triggers, seeded rows, the queue, policies."""

from collections.abc import Iterator
from importlib import resources

from procrastinate.schema import SchemaManager

from belvedere.migrations.policies import TenantTable, policy, protect, reference_policies, tenant_policies

SCHEMAS = ("app", "watch", "jobs")
ALL_ROLES = (
    "authenticated", "anon", "authn_r", "worker_scoped", "service_role", "log_writer", "inspector_r", "loader",
    "authz_r", "vault_r", "auditor_r",
)  # fmt: skip

SOURCES = (
    ("internal", "communication_reports", "Communications Audit", "Discord communication tracking", 60),
    ("internal", "clients", "Clients", "Client master data", 1440),
    ("scraper", "cvr", "CVR Data", "Conversion rate data", 10080),
    ("scraper", "shopify_themes", "Shopify Themes", "Theme data from Shopify", 1440),
)

METRICS = (
    ("open_rate", "Open Rate", "Email open rate percentage", "percent", None),
    ("click_rate", "Click Rate", "Email click rate percentage", "percent", None),
    ("bounce_rate", "Bounce Rate", "Email bounce rate percentage", "percent", None),
    ("unsubscribe_rate", "Unsubscribe Rate", "Unsubscribe rate percentage", "percent", None),
    ("revenue", "Revenue", "Total revenue generated", "currency", None),
    ("conversion_rate", "Conversion Rate", "Conversion rate percentage", "percent", None),
    ("cvr", "CVR", "Conversion rate from scraper", "percent", "scraper"),
    ("roas", "ROAS", "Return on ad spend", "currency", None),
    ("spend", "Ad Spend", "Advertising spend", "currency", None),
    ("sent_count", "Sent Count", "Number of emails sent", "count", None),
    ("delivered_count", "Delivered Count", "Number of emails delivered", "count", None),
    ("opened_count", "Opened Count", "Number of emails opened", "count", None),
    ("clicked_count", "Clicked Count", "Number of emails clicked", "count", None),
)

STAMPED = (
    "watch.api_sources", "watch.watchtower_rules", "watch.source_accounts", "core.clients", "core.users",
    "core.creds_meta", "core.channels",
)  # fmt: skip

TENANTS = (
    TenantTable("core.clients", person_verbs="SELECT", worker_verbs="SELECT",
                service_verbs="SELECT, INSERT, UPDATE", key="id"),
    TenantTable("core.outbox_events", person_verbs="SELECT", worker_verbs="SELECT, INSERT"),
    TenantTable("core.channels", person_verbs="SELECT, INSERT, UPDATE, DELETE", worker_verbs="SELECT, UPDATE"),
    TenantTable("core.deliveries", person_verbs="SELECT, INSERT, UPDATE", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("core.delivery_attempts", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("watch.source_accounts", person_verbs="SELECT, INSERT, UPDATE, DELETE"),
    TenantTable("watch.api_snapshots", person_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("watch.snapshot_frames", person_verbs="SELECT"),
    TenantTable("watch.api_records", person_verbs="SELECT"),
    TenantTable("watch.api_record_metrics", person_verbs="SELECT"),
    TenantTable("watch.record_rejects", person_verbs="SELECT, UPDATE"),
    TenantTable("watch.webhook_endpoints", person_verbs="SELECT, INSERT, UPDATE, DELETE"),
    TenantTable("watch.webhook_receipts", person_verbs="SELECT"),
    TenantTable("watch.intakes", person_verbs="SELECT, INSERT"),
    TenantTable("watch.watchtower_rules", person_verbs="SELECT, INSERT, UPDATE, DELETE", shared_agency_rows=True,
                worker_verbs="SELECT, UPDATE"),
    TenantTable("watch.watchtower_alerts", person_verbs="SELECT, UPDATE", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("watch.alert_events", person_verbs="SELECT, INSERT", worker_verbs="SELECT, INSERT"),
    TenantTable("watch.rule_evaluations", worker_verbs="SELECT, INSERT"),
)  # fmt: skip

TRIGGERS = (
    "CREATE TRIGGER guard_rights BEFORE UPDATE ON core.users FOR EACH ROW EXECUTE FUNCTION core.guard_user_rights()",
    (
        "CREATE TRIGGER notify_live AFTER INSERT ON core.outbox_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
        " EXECUTE FUNCTION core.notify_events()"
    ),
    (
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON core.audit_log FOR EACH ROW"
        " EXECUTE FUNCTION core.refuse_audit_change()"
    ),
    "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON core.audit_log EXECUTE FUNCTION core.refuse_audit_change()",
    (
        "CREATE TRIGGER agency_default BEFORE INSERT OR UPDATE ON watch.api_snapshots FOR EACH ROW"
        " WHEN (NEW.client_id IS NULL) EXECUTE FUNCTION core.null_client_is_agency()"
    ),
    (
        "CREATE TRIGGER guard_parents BEFORE INSERT OR UPDATE OF client_id, parent_rule_id, parent_client_id"
        " ON watch.watchtower_rules FOR EACH ROW EXECUTE FUNCTION watch.guard_rule_parents()"
    ),
    (
        "CREATE TRIGGER fill_rule_client BEFORE INSERT ON watch.watchtower_alerts FOR EACH ROW"
        " WHEN (NEW.rule_client_id IS NULL OR NEW.client_id IS NULL OR NEW.fingerprint IS NULL)"
        " EXECUTE FUNCTION watch.fill_alert_rule_client()"
    ),
)


def functions() -> str:
    return (resources.files("belvedere.migrations") / "sql" / "0001_functions.sql").read_text()


def queue_schema() -> str:
    """Procrastinate's own schema inside the schema `jobs`."""
    return SchemaManager.get_schema()


def triggers() -> Iterator[str]:
    for table in STAMPED:
        name = table.split(".")[1]
        yield (
            f"CREATE TRIGGER update_{name}_updated_at BEFORE UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    yield from TRIGGERS


def partitions() -> Iterator[str]:
    for parent in ("api_records", "api_record_metrics"):
        yield f"CREATE TABLE watch.{parent}_default PARTITION OF watch.{parent} DEFAULT"
        yield from protect(f"watch.{parent}_default")
    yield "SELECT core.ensure_partitions((now() - interval '1 month')::date, 5)"


def owners() -> Iterator[str]:
    """Hand functions that look past row policies to roles that own nothing else."""
    given = {
        "authz_r": ("app.my_clients()", "app.my_write_clients()", "app.is_staff()", "app.is_staff_writer()",
                    "app.governs()", "app.is_first_run()", "watch.guard_rule_parents()",
                    "watch.fill_alert_rule_client()"),
        "vault_r": ("core.read_credential(uuid, text)", "core.list_credentials()", "core.delete_credential(uuid)",
                    "core.write_credential(uuid, integer, text, text, bytea, bytea, bytea, bytea, integer, text, timestamptz)",
                    "core.rewrap_credential(uuid, integer, bytea, bytea, bytea, bytea, integer)"),
        "auditor_r": ("core.append_audit(integer, text, text, text, text, jsonb, timestamptz)",),
    }  # fmt: skip
    for schema in ("app", "core", "watch"):
        yield f"GRANT CREATE ON SCHEMA {schema} TO authz_r, vault_r, auditor_r"
    for role, names in given.items():
        for name in names:
            yield f"ALTER FUNCTION {name} OWNER TO {role}"
    for schema in ("app", "core", "watch"):
        yield f"REVOKE CREATE ON SCHEMA {schema} FROM authz_r, vault_r, auditor_r"


def grants() -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA app, core, watch TO {', '.join(ALL_ROLES)}"
    yield "GRANT USAGE ON SCHEMA jobs TO service_role, inspector_r"
    yield "GRANT ALL ON ALL TABLES IN SCHEMA jobs TO service_role"
    yield "GRANT ALL ON ALL SEQUENCES IN SCHEMA jobs TO service_role"
    yield "GRANT SELECT ON ALL TABLES IN SCHEMA jobs TO inspector_r"
    yield "GRANT SELECT ON core.alembic_version TO authenticated, authn_r, service_role, worker_scoped, inspector_r"
    yield "GRANT INSERT ON watch.api_records, watch.api_record_metrics TO loader"
    for name in ("core.read_credential(uuid, text)", "core.list_credentials()", "core.delete_credential(uuid)",
                 "core.write_credential(uuid, integer, text, text, bytea, bytea, bytea, bytea, integer, text, timestamptz)",
                 "core.rewrap_credential(uuid, integer, bytea, bytea, bytea, bytea, integer)",
                 "core.append_audit(integer, text, text, text, text, jsonb, timestamptz)",
                 "core.enqueue_job(text, text, jsonb, integer, text, text, timestamptz)",
                 "core.ensure_partitions(date, integer)"):  # fmt: skip
        yield f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC"
    yield "GRANT EXECUTE ON FUNCTION core.read_credential(uuid, text) TO worker_scoped, service_role"
    yield "GRANT EXECUTE ON FUNCTION core.list_credentials() TO authenticated, worker_scoped, service_role"
    yield "GRANT EXECUTE ON FUNCTION core.delete_credential(uuid) TO authenticated, service_role"
    yield (
        "GRANT EXECUTE ON FUNCTION core.write_credential(uuid, integer, text, text, bytea, bytea, bytea, bytea, integer,"
        " text, timestamptz) TO authenticated, worker_scoped, service_role"
    )
    yield (
        "GRANT EXECUTE ON FUNCTION core.rewrap_credential(uuid, integer, bytea, bytea, bytea, bytea, integer)"
        " TO service_role"
    )
    yield (
        "GRANT EXECUTE ON FUNCTION core.append_audit(integer, text, text, text, text, jsonb, timestamptz)"
        " TO authenticated, authn_r, worker_scoped, service_role, vault_r"
    )
    yield (
        "GRANT EXECUTE ON FUNCTION core.enqueue_job(text, text, jsonb, integer, text, text, timestamptz)"
        " TO authenticated, authn_r, worker_scoped, service_role"
    )
    yield "GRANT EXECUTE ON FUNCTION core.ensure_partitions(date, integer) TO service_role"


def policies() -> Iterator[str]:
    for table in TENANTS:
        yield from tenant_policies(table)
    yield from reference_policies("watch.api_sources")
    yield from reference_policies("watch.metric_definitions")
    yield from _client_policies()
    yield from _people_policies()
    yield from _core_policies()


def _client_policies() -> Iterator[str]:
    yield "GRANT INSERT, UPDATE ON core.clients TO authenticated"
    yield policy("core.clients", "govern", "INSERT", "authenticated", "(SELECT app.governs())")
    yield policy("core.clients", "govern", "UPDATE", "authenticated", "(SELECT app.governs())")
    yield policy("core.clients", "authz", "SELECT", "authz_r", "true")
    yield policy("watch.watchtower_rules", "authz", "SELECT", "authz_r", "true")
    yield "GRANT SELECT ON core.clients, watch.watchtower_rules TO authz_r"
    yield "GRANT UPDATE (client_id) ON watch.watchtower_rules TO authz_r"
    # Freshness and notices move columns of an account or alert, never its client.
    for table in (
        "watch.source_accounts",
        "watch.watchtower_alerts",
        "core.deliveries",
        "watch.api_snapshots",
    ):
        yield f"REVOKE UPDATE ON {table} FROM authenticated"
    yield (
        "GRANT UPDATE (display_name, settings, credential_id, is_active, next_due_at, updated_at)"
        " ON watch.source_accounts TO authenticated"
    )
    yield (
        "GRANT UPDATE (state, is_acknowledged, acknowledged_at, acknowledged_by, ack_until, resolved_at,"
        " resolved_reason, resolved_by) ON watch.watchtower_alerts TO authenticated"
    )
    yield (
        "GRANT UPDATE (state, next_at, give_up_at, last_error, lease_token, lease_until, attempts, possible_repeat,"
        " sent_at) ON core.deliveries TO authenticated"
    )
    yield "GRANT UPDATE (status, error_message, error_code, completed_at) ON watch.api_snapshots TO authenticated"


PUBLIC_USER_COLUMNS = (
    "id, email, display_name, auth_provider, external_subject, role, is_staff, timezone, locale, is_active,"
    " last_login_at, created_at, updated_at, deleted_at"
)
CHANGEABLE_USER_COLUMNS = (
    "email, display_name, password_hash, role, is_staff, timezone, locale, is_active, deleted_at, updated_at"
)


def _people_policies() -> Iterator[str]:
    me = "(SELECT app.current_user_id())"
    governs = "(SELECT app.governs())"
    for table in (
        "core.users",
        "core.user_clients",
        "core.user_sessions",
        "core.api_tokens",
        "core.login_throttle",
    ):
        yield from protect(table)
        yield policy(table, "authn", "SELECT", "authn_r", "true")
        yield f"GRANT SELECT ON {table} TO authn_r"
    for table, own in (("core.users", "id"), ("core.user_clients", "user_id"), ("core.user_sessions", "user_id"),
                       ("core.api_tokens", "user_id")):  # fmt: skip
        yield policy(table, "own_or_govern", "SELECT", "authenticated", f"{own} = {me} OR {governs}")
        yield policy(table, "inspector", "SELECT", "inspector_r", "true")
    for table in ("core.users", "core.user_clients"):
        yield policy(table, "authz", "SELECT", "authz_r", "true")
        yield f"GRANT SELECT ON {table} TO authz_r"
        yield policy(table, "service", "SELECT", "service_role", "true")
    yield f"GRANT SELECT ({PUBLIC_USER_COLUMNS}) ON core.users TO authenticated, inspector_r, service_role"
    yield "GRANT INSERT ON core.users TO authenticated, authn_r"
    yield f"GRANT UPDATE ({CHANGEABLE_USER_COLUMNS}) ON core.users TO authenticated"
    yield "GRANT UPDATE (password_hash, last_login_at, updated_at) ON core.users TO authn_r"
    yield policy("core.users", "govern", "INSERT", "authenticated", governs)
    yield policy("core.users", "own_or_govern", "UPDATE", "authenticated", f"id = {me} OR {governs}")
    yield policy("core.users", "authn", "UPDATE", "authn_r", "true")
    yield policy("core.users", "first_owner", "INSERT", "authn_r", "(SELECT app.is_first_run())")
    yield "GRANT SELECT, INSERT, UPDATE, DELETE ON core.user_clients TO authenticated"
    yield "GRANT SELECT ON core.user_clients TO inspector_r, service_role"
    for verb in ("INSERT", "UPDATE", "DELETE"):
        yield policy("core.user_clients", "govern", verb, "authenticated", governs)
    yield from _session_policies(me, governs)


def _session_policies(me: str, governs: str) -> Iterator[str]:
    for table in ("core.user_sessions", "core.api_tokens"):
        yield f"GRANT SELECT, UPDATE ON {table} TO authenticated"
        yield policy(table, "own_or_govern", "UPDATE", "authenticated", f"user_id = {me} OR {governs}")
        yield f"GRANT INSERT, UPDATE ON {table} TO authn_r"
        yield policy(table, "authn", "INSERT", "authn_r", "true")
        yield policy(table, "authn", "UPDATE", "authn_r", "true")
    yield policy("core.user_sessions", "service", "SELECT", "service_role", "true")
    yield policy("core.user_sessions", "service", "DELETE", "service_role", "true")
    yield "GRANT SELECT (id, user_id, expires_at, revoked_at), DELETE ON core.user_sessions TO service_role"
    yield "GRANT INSERT ON core.api_tokens TO authenticated"
    yield policy("core.api_tokens", "own", "INSERT", "authenticated", f"user_id = {me}")
    columns = "id, user_id, created_at, expires_at, revoked_at"
    yield f"GRANT SELECT ({columns}, last_seen_at, stepped_up_at) ON core.user_sessions TO inspector_r"
    yield f"GRANT SELECT ({columns}, client_id, name, prefix, scopes, last_used_at) ON core.api_tokens TO inspector_r"
    yield "GRANT INSERT, UPDATE, DELETE ON core.login_throttle TO authn_r"
    for verb in ("INSERT", "UPDATE", "DELETE"):
        yield policy("core.login_throttle", "authn", verb, "authn_r", "true")


def _core_policies() -> Iterator[str]:
    yield from protect("core.creds_meta")
    for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        yield policy("core.creds_meta", "vault", verb, "vault_r", "true")
    yield "GRANT SELECT, INSERT, UPDATE, DELETE ON core.creds_meta TO vault_r"

    yield from protect("core.audit_log")
    yield policy("core.audit_log", "chain", "SELECT", "auditor_r", "true")
    yield policy("core.audit_log", "chain", "INSERT", "auditor_r", "true")
    yield "GRANT SELECT, INSERT ON core.audit_log TO auditor_r"
    yield policy("core.audit_log", "govern", "SELECT", "authenticated",
                 f"client_id = {'ANY ((SELECT app.my_clients())::int[])'} AND (SELECT app.governs())")  # fmt: skip
    for role in ("service_role", "inspector_r"):
        yield policy("core.audit_log", f"read_{role}", "SELECT", role, "true")
    yield "GRANT SELECT ON core.audit_log TO authenticated, service_role, inspector_r"

    yield policy(
        "core.outbox_events",
        "person",
        "INSERT",
        "authenticated",
        "client_id = ANY ((SELECT app.my_clients())::int[])",
    )
    yield "GRANT INSERT ON core.outbox_events TO authenticated"

    yield from protect("core.observability_logs")
    yield policy("core.observability_logs", "person", "SELECT", "authenticated",
                 "level IN ('INFO', 'WARN') AND (SELECT app.is_staff())"
                 " AND client_id = ANY ((SELECT app.my_clients())::int[])")  # fmt: skip
    yield policy("core.observability_logs", "writer", "INSERT", "log_writer", "true")
    for verb in ("SELECT", "DELETE"):
        yield policy("core.observability_logs", "service", verb, "service_role", "true")
    yield policy("core.observability_logs", "inspector", "SELECT", "inspector_r", "true")
    yield "GRANT SELECT ON core.observability_logs TO authenticated, service_role, inspector_r"
    yield "GRANT DELETE ON core.observability_logs TO service_role"
    yield "GRANT INSERT ON core.observability_logs TO log_writer"

    yield from protect("core.idempotency_keys")
    mine = "position(nullif(current_setting('app.user_id', true), '') in principal) > 0"
    for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        yield policy("core.idempotency_keys", "own", verb, "authenticated", f"coalesce({mine}, false)")
        yield policy("core.idempotency_keys", "service", verb, "service_role", "true")
    yield "GRANT SELECT, INSERT, UPDATE, DELETE ON core.idempotency_keys TO authenticated, service_role"

    yield from protect("core.rate_budgets")
    for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        yield policy("core.rate_budgets", "service", verb, "service_role", "true")
    yield policy("core.rate_budgets", "inspector", "SELECT", "inspector_r", "true")
    yield "GRANT SELECT, INSERT, UPDATE, DELETE ON core.rate_budgets TO service_role"
    yield "GRANT SELECT ON core.rate_budgets TO inspector_r"

    yield from reference_policies("core.installation", staff_verbs="")
    yield policy("core.installation", "service", "UPDATE", "service_role", "true")
    yield "GRANT UPDATE ON core.installation TO service_role"
    yield policy("core.installation", "govern", "UPDATE", "authenticated", "(SELECT app.governs())")
    yield "GRANT UPDATE (outbound_held, held_since, held_reason) ON core.installation TO authenticated"
