"""Runs of agents, approvals, feedback, quality control, queries, and the gym of language models."""

from belvedere.agents.tables_approvals import agent_approval
from belvedere.agents.tables_gym import ai_gym_comparisons, ai_gym_performance
from belvedere.agents.tables_queries import agent_query
from belvedere.agents.tables_reviews import agent_feedback, agent_qc
from belvedere.agents.tables_runs import agent_run, agent_run_steps

__all__ = [
    "agent_approval",
    "agent_feedback",
    "agent_qc",
    "agent_query",
    "agent_run",
    "agent_run_steps",
    "ai_gym_comparisons",
    "ai_gym_performance",
]
