"""The catalogue as dbt sources: names, descriptions, types, and the tests that its constraints promise."""

import io
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from belvedere.core.catalogue import ABOUT, ColumnInfo, Relation

Listed = set[tuple[str, str, str]]
"""Schema, table and column of everything among the sources."""

HEAD = (
    "# dbt sources of Belvedere, written from the catalogue: ./dev docs, or `belvedere schema dbt`.\n"
    "# Reading needs a login in the role inspector_r; the how-to on dbt makes one.\n"
)
WORD_LIST = re.compile(
    r'CHECK \(\(+"?(?P<column>\w+)"?\)?(?:::text)? = ANY \(+ARRAY\[(?P<words>.*?)\]\)*(?:::text\[\])?\)+$'
)
WORD = re.compile(r"'((?:[^']|'')*)'::")


def render_dbt(relations: Sequence[Relation]) -> str:
    """`sources.yml`, version 2. Columns and tables that nobody may read through the reading login are left out."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    listed = {
        (found.schema, found.name, column.name)
        for found in relations
        for column in found.columns
        if found.readable and column.readable
    }
    sources = [source_of(name, list(group), listed) for name, group in by_schema(relations)]
    document = {"version": 2, "sources": sources}
    stream = io.StringIO()
    yaml.dump(document, stream)
    return HEAD + stream.getvalue()


def by_schema(relations: Sequence[Relation]) -> Any:
    return groupby((relation for relation in relations if relation.readable), key=lambda found: found.schema)


def source_of(schema: str, relations: Sequence[Relation], listed: Listed) -> dict[str, Any]:
    return {
        "name": schema,
        "description": ABOUT.get(schema, ""),
        "schema": schema,
        "tables": [table_of(relation, listed) for relation in relations],
    }


def table_of(relation: Relation, listed: Listed) -> dict[str, Any]:
    columns = [column_of(relation, column, listed) for column in relation.columns if column.readable]
    return {"name": relation.name, "description": relation.comment or "", "columns": columns}


def column_of(relation: Relation, column: ColumnInfo, listed: Listed) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": column.name,
        "description": column.comment or "",
        "data_type": column.type,
    }
    tests = tests_of(relation, column, listed)
    if tests:
        found["data_tests"] = tests
    return found


def tests_of(relation: Relation, column: ColumnInfo, listed: Listed) -> list[Any]:
    """What the constraints promise of one column, in dbt's words; a promise over several columns has none.

    A parent that is not among the sources cannot be named.
    """
    tests: list[Any] = ["not_null"] if column.not_null else []
    if any(key.kind in ("p", "u") and key.columns == (column.name,) for key in relation.constraints):
        tests.append("unique")
    words = accepted_words(relation, column.name)
    if words:
        tests.append({"accepted_values": {"arguments": {"values": words}}})
    return tests + [
        {"relationships": {"arguments": {"to": f"source('{schema}', '{table}')", "field": field}}}
        for schema, table, field in parents_of(relation, column.name)
        if (schema, table, field) in listed
    ]


def parents_of(relation: Relation, column: str) -> list[tuple[str, str, str]]:
    """What a column points to: of a key that carries the client too, only the column of its own."""
    found = []
    for key in relation.foreign_keys:
        own = [name for name in key.columns if not name.endswith("client_id")] or list(key.columns)
        if own == [column]:
            field = key.ref_columns[key.columns.index(column)]
            found.append((str(key.ref_schema), str(key.ref_table), field))
    return found


def accepted_words(relation: Relation, column: str) -> list[str]:
    """The words of a CHECK that a column holds one of them."""
    for key in relation.constraints:
        found = WORD_LIST.match(key.definition) if key.kind == "c" else None
        if found is not None and found["column"] == column:
            return [word.replace("''", "'") for word in WORD.findall(found["words"])]
    return []
