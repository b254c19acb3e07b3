"""What PostgreSQL does for each statement: the plan is asked for on the same connection, under the same role."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

EXPLAIN = "EXPLAIN (ANALYZE, VERBOSE, BUFFERS, TIMING OFF, FORMAT JSON) "
CHANGES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|set_config)\b", re.IGNORECASE)
QUESTION = re.compile(r"(\s|--[^\n]*\n)*(SELECT|WITH)\b", re.IGNORECASE)
PASSED = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
LARGE = 10_000
"""Rows from which on a table must not be read from end to end."""
SHARE = 0.05
"""The most of a large table that a question may look at: a client of fifty has 2 percent of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    statement: str
    root: dict[str, Any]

    @property
    def blocks(self) -> int:
        """Blocks of 8 kB that were touched."""
        return int(self.root["Shared Hit Blocks"]) + int(self.root["Shared Read Blocks"])

    def nodes(self) -> Iterator[dict[str, Any]]:
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.get("Plans", ()))
            yield node

    def scanned(self, sizes: dict[str, int]) -> set[str]:
        """Large tables that are read from end to end, by name or, past an index, in fact: by the rows that were looked at."""
        read: Counter[str] = Counter()
        whole = set()
        for node in self.nodes():
            if "Relation Name" not in node:
                continue
            table = table_of(f"{node['Schema']}.{node['Relation Name']}")
            seen = node["Actual Rows"] + sum(node.get(name, 0) for name in PASSED)
            read[table] += round(seen * node["Actual Loops"])
            if node["Node Type"] == "Seq Scan" and read[table] > LARGE:
                whole.add(table)
        return whole | {
            table for table, rows in read.items() if rows > max(LARGE, sizes.get(table, 0) * SHARE)
        }

    def outline(self) -> str:
        """The plan in a few lines, for a failing test."""
        lines: list[str] = []
        self._draw(self.root, 0, lines)
        return "\n".join(lines)

    def _draw(self, node: dict[str, Any], depth: int, lines: list[str]) -> None:
        where = node.get("Index Name") or node.get("Relation Name") or ""
        rows = f"rows {node['Actual Rows']} x {node['Actual Loops']}"
        blocks = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
        lines.append(f"{'  ' * depth}{node['Node Type']} {where} ({rows}, {blocks} blocks)")
        for child in node.get("Plans", ()):
            self._draw(child, depth + 1, lines)


def table_of(name: str) -> str:
    return re.sub(r"_(p\d{6}|default)$", "", name)


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """The plan of every question that any engine asks while the block runs, with what it really touched."""
    plans: list[Plan] = []
    asking = False

    def ask(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        nonlocal asking
        if asking or CHANGES.search(statement) or not QUESTION.match(statement):
            return
        asking = True
        try:
            found = connection.exec_driver_sql(EXPLAIN + statement, parameters).scalar_one()
        finally:
            asking = False
        plans.append(Plan(statement, found[0]["Plan"]))

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", ask)
