"""What the revision of agents adds beside its tables: policies, grants, triggers, parts and views.

The facts of dashboards and the log of decisions stand in `core`, because every domain writes them.
"""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import (
    MY_CLIENTS,
    MY_WRITE_CLIENTS,
    TenantTable,
    policy,
    tenant_policies,
    verbs,
)

TENANTS: tuple[TenantTable, ...] = (
    TenantTable("agents.agent_run", person_verbs="", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("agents.agent_run_steps", person_verbs="", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("agents.agent_qc", person_verbs="", worker_verbs="SELECT, INSERT"),
    TenantTable("agents.agent_approval", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("agents.agent_feedback", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("agents.agent_query", worker_verbs="SELECT, INSERT, UPDATE"),
    TenantTable("agents.ai_gym_performance"),
    TenantTable("agents.ai_gym_comparisons"),
    TenantTable("core.dashboard_fact"),
    TenantTable(
        "core.decision_log",
        person_verbs="",
        worker_verbs="SELECT, INSERT",
        service_verbs="SELECT, INSERT",
    ),
)

STAMPED = ("agents.agent_run", "agents.agent_approval", "agents.agent_feedback", "core.dashboard_fact")
SPELLINGS = {
    "agents.agent_approval": "AgentApproval",
    "agents.agent_feedback": "AgentFeedback",
    "agents.agent_query": "AgentQuery",
    "core.dashboard_fact": "DashboardFact",
    "core.decision_log": "DecisionLog",
}
"""Tables whose first specification writes them in mixed case, quoted by some clients and folded by others."""

PERSON_GRANTS = {"agents.agent_feedback": "SELECT, INSERT", "core.decision_log": "SELECT"}
"""What people may do where a policy of its own opens it."""


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    for table in TENANTS:
        yield from open_tenant(table)
    yield from feedback_policies()
    yield from decision_policies()
    yield read_sql("0003_agents.sql")
    yield "SELECT core.plan_partitions('agents.ai_gym_performance', 'time', 'created_at', 4, 24)"
    for name in STAMPED:
        yield (
            f"CREATE TRIGGER update_{name.split('.')[1]}_updated_at BEFORE UPDATE ON {name} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    for table in TENANTS:
        if table.name in SPELLINGS:
            yield from spell(table)


def open_tenant(table: TenantTable) -> Iterator[str]:
    """The policies of one table; a role without verbs gets no grant."""
    return (statement for statement in tenant_policies(table) if not statement.startswith("GRANT  ON"))


def feedback_policies() -> Iterator[str]:
    """People give feedback in their own name only."""
    yield policy(
        "agents.agent_feedback",
        "person",
        "INSERT",
        "authenticated",
        f"client_id = {MY_WRITE_CLIENTS} AND operator_id = (SELECT app.current_user_id())",
    )
    yield "GRANT INSERT ON agents.agent_feedback TO authenticated"


def decision_policies() -> Iterator[str]:
    """A client's people read what was decided for them; what touches security and the system is for agency staff."""
    yield policy(
        "core.decision_log",
        "person",
        "SELECT",
        "authenticated",
        f"client_id = {MY_CLIENTS} AND (area NOT IN ('security', 'system') OR (SELECT app.is_staff()))",
    )
    yield "GRANT SELECT ON core.decision_log TO authenticated"
    # The audit log writes down each use of a credential, and nothing else.
    yield policy("core.decision_log", "chain", "INSERT", "auditor_r", "area = 'security'")
    yield "GRANT INSERT ON core.decision_log TO auditor_r"


def spell(table: TenantTable) -> Iterator[str]:
    """Views under both spellings of the first specification, as writable as their table."""
    schema = table.name.split(".")[0]
    spelling = SPELLINGS[table.name]
    granted = {
        "authenticated": PERSON_GRANTS.get(table.name, table.person_verbs),
        "worker_scoped": table.worker_verbs,
        "service_role": table.service_verbs,
        "inspector_r": "SELECT",
    }
    for view in (f"{schema}.{spelling.lower()}", f'{schema}."{spelling}"'):
        yield f"CREATE VIEW {view} WITH (security_invoker = true) AS SELECT * FROM {table.name}"
        yield f"COMMENT ON VIEW {view} IS 'The rows of {table.name} under the name {spelling}.'"
        yield f"SELECT core.copy_comments('{table.name}', '{view}')"
        for role, words in granted.items():
            if verbs(words):
                yield f"GRANT {words} ON {view} TO {role}"


def undo() -> Iterator[str]:
    """Back to the schema as it was before the revision."""
    yield "DROP TRIGGER note_credential ON core.audit_log"
    for table in reversed(TENANTS):
        yield f"DROP TABLE {table.name} CASCADE"
    yield "DELETE FROM core.partition_plans WHERE table_name = 'agents.ai_gym_performance'"
    yield "DROP FUNCTION agents.seal_approval()"
    yield "DROP FUNCTION agents.hash_approval(text, text, jsonb, jsonb, text, timestamptz)"
    yield "DROP FUNCTION core.seal_decision(), core.refuse_decision_change(), core.note_credential_decision()"
    yield "DROP FUNCTION core.copy_comments(regclass, regclass)"
