"""Runs of agents, approvals, feedback, quality control, queries, and the gym of language models."""

from belvedere.agents.tables_approvals import agent_approval
from belvedere.agents.tables_runs import agent_run

__all__ = ["agent_approval", "agent_run"]
