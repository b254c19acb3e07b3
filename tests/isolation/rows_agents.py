"""Rows of the tables of agents, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {
    "agents.agent_run": "INSERT INTO agents.agent_run (id, client_id, agent) VALUES (%(id)s, %(c)s, %(text)s)",
    "agents.agent_approval": "INSERT INTO agents.agent_approval (id, client_id, run_id, action_type, target,"
    " requested_by) VALUES (%(id)s, %(c)s, %(agents_agent_run)s, 'ads.budget.change', %(text)s, 'ads.advisor')",
}
CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""
BREAKS: dict[str, str] = {}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
