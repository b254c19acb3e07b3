"""Runs of agents, approvals, feedback, quality control, queries, and the gym of language models."""
