"""Runs of agents, approvals, feedback, quality control, the language-model port."""
