"""Rows of the tables of support, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {}
CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""
BREAKS: dict[str, str] = {}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
