"""Runs of agents with their steps."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from belvedere.agents.contracts import RunKind, RunStatus, RunTrigger, StepKind, StepStatus
from belvedere.core.schema import (
    belongs_to,
    created_at,
    derived,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)


def count_of(name: str, comment: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"), comment=comment)


def cost_micros() -> Column[int]:
    return count_of(
        "cost_micros", "Price of the calls in millionths of a US dollar, as billed; failed calls count."
    )


def cost_usd() -> Column[object]:
    """By a product: a quotient of numerics keeps only so many digits, and large sums would lose their last ones."""
    return derived(
        "cost_usd",
        "cost_micros::numeric * 0.000001",
        kind=Numeric(20, 6),
        comment="The same price in US dollars.",
    )


def sha256_of(name: str, comment: str, *, required: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=not required, comment=comment)


agent_run = Table(
    "agent_run",
    metadata,
    uuid_key(),
    tenant(),
    Column("agent", Text, nullable=False, comment="Name of the agent that ran, such as ads.budget_advisor."),
    Column("agent_version", Text, comment="Version of its prompt and code; NULL when it has none."),
    Column("kind", Text, nullable=False, server_default=text("'task'"), comment="What sort of run it is."),
    Column("status", Text, nullable=False, server_default=text("'queued'"), comment="How far the run has come."),
    Column("trigger", Text, nullable=False, server_default=text("'schedule'"), comment="What started the run."),
    Column("parent_run_id", UUID(as_uuid=True), comment="The run that started this one; NULL for a first one."),
    Column("requested_for_user", UUID(as_uuid=True), ForeignKey("core.users.id"),
           comment="The person on whose behalf it runs; NULL when nobody asked."),
    Column("model_provider", Text, comment="Who runs the language model; NULL when none was used."),
    Column("model_name", Text, comment="The language model of most of the calls; NULL when none was used."),
    count_of("input_tokens", "Tokens sent to models, all steps together."),
    count_of("output_tokens", "Tokens received from models, all steps together."),
    cost_micros(),
    cost_usd(),
    Column("latency_ms", BigInteger, comment="Milliseconds from start to finish; NULL while it runs."),
    sha256_of("input_hash", "SHA-256 of what the run was given."),
    sha256_of("output_hash", "SHA-256 of what the run gave back; NULL while it runs or when it failed."),
    Column("error_code", Text, comment="Short name of the failure; NULL unless it failed."),
    Column("error_message", Text, comment="The failure in words, without personal data; NULL unless it failed."),
    Column("correlation_id", Text, comment="The request or job that the run belongs to."),
    document("metadata", comment="Further named values of the run."),
    instant("started_at", comment="When work began (UTC); NULL while queued."),
    instant("finished_at", comment="When the run ended (UTC); NULL until then."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    belongs_to("parent_run_id", "agents.agent_run", name="fk_agent_run_parent"),
    CheckConstraint(one_of("kind", RunKind), name="kind_known"),
    CheckConstraint(one_of("status", RunStatus), name="status_known"),
    CheckConstraint(one_of("trigger", RunTrigger), name="trigger_known"),
    CheckConstraint("parent_run_id <> id", name="not_its_own_parent"),
    CheckConstraint("input_tokens >= 0", name="input_tokens_not_negative"),
    CheckConstraint("output_tokens >= 0", name="output_tokens_not_negative"),
    CheckConstraint("cost_micros >= 0", name="cost_not_negative"),
    CheckConstraint("latency_ms >= 0", name="latency_not_negative"),
    CheckConstraint("octet_length(input_hash) = 32", name="input_hash_is_sha256"),
    CheckConstraint("octet_length(output_hash) = 32", name="output_hash_is_sha256"),
    CheckConstraint("finished_at >= started_at", name="finished_after_started"),
    CheckConstraint(
        "(status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="ended_has_finished_at"
    ),
    Index("ix_agent_run_client_id_created_at", "client_id", "created_at"),
    Index("ix_agent_run_client_id_updated_at", "client_id", "updated_at"),
    Index("ix_agent_run_client_id_agent_created_at", "client_id", "agent", "created_at"),
    Index("ix_agent_run_parent", "client_id", "parent_run_id", postgresql_where=text("parent_run_id IS NOT NULL")),
    Index("ix_agent_run_requested_for_user", "requested_for_user",
          postgresql_where=text("requested_for_user IS NOT NULL")),
    Index("ix_agent_run_unfinished", "started_at", postgresql_where=text("finished_at IS NULL")),
    schema="agents",
    comment="Each run of an agent: what started it, how it ended, what it cost and how long it took.",
)  # fmt: skip

agent_run_steps = Table(
    "agent_run_steps",
    metadata,
    uuid_key(),
    tenant(),
    Column("run_id", UUID(as_uuid=True), nullable=False, comment="The run that the step is part of."),
    Column("position", Integer, nullable=False, comment="Place of the step in its run, counted from 1."),
    Column("parent_position", Integer, comment="Place of the step that this one is inside of; NULL for a top one."),
    Column("kind", Text, nullable=False, comment="Whether a model was asked, a tool called or texts looked up."),
    Column("name", Text, nullable=False, comment="The model, the tool or the collection that was used."),
    Column("status", Text, nullable=False, server_default=text("'completed'"), comment="How the step ended."),
    Column("model_provider", Text, comment="Who runs the language model; NULL when the step used none."),
    Column("model_name", Text, comment="The language model; NULL when the step used none."),
    count_of("input_tokens", "Tokens sent; 0 when the step used no model."),
    count_of("output_tokens", "Tokens received; 0 when the step used no model."),
    cost_micros(),
    cost_usd(),
    Column("latency_ms", BigInteger, comment="Milliseconds the step took; NULL while it runs."),
    sha256_of("input_hash", "SHA-256 of what the step was given."),
    sha256_of("output_hash", "SHA-256 of what it gave back; NULL while it runs or when it failed."),
    Column("error_message", Text, comment="The failure in words, without personal data; NULL unless it failed."),
    document("detail", comment="What a replay needs: parameters, keys of the texts found, sizes."),
    instant("started_at", now=True, comment="When the step began (UTC)."),
    instant("finished_at", comment="When the step ended (UTC); NULL until then."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "run_id", "position"),
    belongs_to("run_id", "agents.agent_run", name="fk_agent_run_steps_run", ondelete="CASCADE"),
    CheckConstraint(one_of("kind", StepKind), name="kind_known"),
    CheckConstraint(one_of("status", StepStatus), name="status_known"),
    CheckConstraint("position >= 1", name="position_positive"),
    CheckConstraint("parent_position >= 1 AND parent_position < position", name="parent_before"),
    CheckConstraint("input_tokens >= 0", name="input_tokens_not_negative"),
    CheckConstraint("output_tokens >= 0", name="output_tokens_not_negative"),
    CheckConstraint("cost_micros >= 0", name="cost_not_negative"),
    CheckConstraint("latency_ms >= 0", name="latency_not_negative"),
    CheckConstraint("octet_length(input_hash) = 32", name="input_hash_is_sha256"),
    CheckConstraint("octet_length(output_hash) = 32", name="output_hash_is_sha256"),
    CheckConstraint("finished_at >= started_at", name="finished_after_started"),
    Index("ix_agent_run_steps_client_id_created_at", "client_id", "created_at"),
    schema="agents",
    comment="The steps of a run, in order: each model asked, tool called and collection searched, with cost and time.",
)  # fmt: skip
