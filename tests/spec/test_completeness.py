"""Nothing that a specification prints is missing from its data file, and nothing stands there that is not printed."""

from collections.abc import Callable

import pytest
from tests.spec.data import SPECS, Item, find_texts
from tests.spec.printed import (
    Column,
    read_formulas,
    read_index_lines,
    read_indexes,
    read_policy_lines,
    read_statements,
    read_tables,
)


@pytest.fixture(scope="module")
def read_text() -> Callable[[str], str]:
    folder = find_texts()
    if folder is None:
        pytest.skip("the printed specifications are not beside the checkout (BELVEDERE_SHARED_SEEDS)")
    return lambda number: (folder / SPECS[number]["file"]).read_text()


every_specification = pytest.mark.parametrize("number", SPECS)


@every_specification
def test_each_table_and_column_is_kept_as_printed(read_text: Callable[[str], str], number: str) -> None:
    kept = {item["line"]: item for item in SPECS[number].get("table", [])}
    printed = read_tables(read_text(number))
    assert [(table.line, table.name) for table in printed] == [
        (line, item["name"]) for line, item in kept.items()
    ]
    for table in printed:
        item = kept[table.line]
        assert [describe(column) for column in table.columns] == [
            describe_kept(column) for column in item["columns"]
        ]
        assert list(table.primary_key) == item.get("primary_key", [])
        unique = [(column.line, (column.name,)) for column in table.columns if column.unique] + table.unique
        assert unique == [(key["line"], tuple(key["columns"])) for key in item.get("unique", [])]


def describe(column: Column) -> tuple[object, ...]:
    return (
        column.line,
        column.name,
        column.type,
        not column.null,
        column.default or "",
        column.to,
        column.on_delete,
    )


def describe_kept(column: Item) -> tuple[object, ...]:
    # A word of a Markdown cell is kept as the SQL literal it stands for.
    default = column.get("default", "")
    return (
        column["line"], column["name"], column["type"], column.get("required", False),
        Default(default), column.get("to"), column.get("on_delete"),
    )  # fmt: skip


class Default(str):
    """Equal to its printed form with or without the quotes that a Markdown cell leaves out; NULL is no default."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return str(self) == other or str(self).strip("'") == other or (not self and other == "NULL")

    __hash__ = str.__hash__


@every_specification
def test_each_statement_is_kept_verbatim(read_text: Callable[[str], str], number: str) -> None:
    printed = [
        (item.line, item.sql)
        for item in read_statements(read_text(number))
        if item.kind not in ("create table", "create index") and "ADD COLUMN" not in item.sql
    ]
    kept = [(item["line"], item["sql"].strip()) for item in SPECS[number].get("statement", [])]
    assert printed == kept


@every_specification
def test_each_index_is_kept(read_text: Callable[[str], str], number: str) -> None:
    text = read_text(number)
    kept = SPECS[number].get("index", [])
    created = [
        (line, name, table, list(columns), where) for line, name, table, columns, where in read_indexes(text)
    ]
    if created:
        assert created == [
            (item["line"], item["name"], item["table"], item["columns"], item.get("where")) for item in kept
        ]
        return
    printed = read_index_lines(text)
    assert [line for line, _ in printed] == [item["line"] for item in kept]
    for (_, words), item in zip(printed, kept, strict=True):
        assert item.get("name") == words or all(column.split()[0] in words for column in item["columns"])


@every_specification
def test_each_word_of_an_enumeration_is_kept(read_text: Callable[[str], str], number: str) -> None:
    printed = [
        (column.line, table.name, column.name, list(column.words))
        for table in read_tables(read_text(number))
        for column in table.columns
        if column.words
    ]
    kept = SPECS[number].get("words", [])
    assert printed == [(item["line"], item["table"], item["column"], item["words"]) for item in kept]


@every_specification
def test_each_formula_and_policy_is_kept(read_text: Callable[[str], str], number: str) -> None:
    text = read_text(number)
    for printed, kind in ((read_formulas(text), "formula"), (read_policy_lines(text), "policy")):
        assert printed == [(item["line"], item["says"]) for item in SPECS[number].get(kind, [])]


@every_specification
def test_what_is_only_named_stands_on_its_line(read_text: Callable[[str], str], number: str) -> None:
    lines = read_text(number).splitlines()
    for item in SPECS[number].get("named", []) + SPECS[number].get("trigger", []):
        word = item["name"] if "name" in item else item["table"]
        assert word.lower() in lines[item["line"] - 1].lower(), item
    for item in SPECS[number].get("said", []):
        assert all(word in lines[item["line"] - 1] for word in item["words"]), item
    for kind in ("indexed", "materialised", "retention"):
        for item in SPECS[number].get(kind, []):
            assert item["says"] in lines[item["line"] - 1], item


@every_specification
def test_each_heading_that_names_a_table_is_known(read_text: Callable[[str], str], number: str) -> None:
    """Tables of the third specification that have a heading and no columns."""
    known = {item["name"] for kind in ("table", "named") for item in SPECS[number].get(kind, [])}
    for line in read_text(number).splitlines():
        if line.startswith("### `") and "*" not in line:
            assert line.split("`")[1] in known, line


def test_the_seeded_rows_are_those_printed(read_text: Callable[[str], str]) -> None:
    lines = read_text("000").splitlines()
    for rows in SPECS["000"]["seeded"].values():
        for line, *values in rows:
            cells = [cell.strip().strip("`") for cell in lines[line - 1].split("|")[1:-1]]
            printed = [("" if cell == "universal" else cell.split(" min")[0]) for cell in cells]
            assert printed == [str(value) for value in values]


@every_specification
def test_no_line_of_a_table_or_index_is_left_unread(read_text: Callable[[str], str], number: str) -> None:
    text = read_text(number)
    statements = read_statements(text)
    tables = {table.line: table for table in read_tables(text)}
    for item in statements:
        if item.kind == "create table" or "ADD COLUMN" in item.sql:
            table = tables[item.line]
            inner = [line for line in item.sql.splitlines()[1:] if line.strip(" ;") not in {"", ")"}]
            listed = sum(line.strip().startswith(("UNIQUE", "PRIMARY KEY")) for line in inner)
            assert len(inner) - listed == len(table.columns)
    assert sum(item.kind == "create index" for item in statements) == len(read_indexes(text))
    markdown = [table for table in tables.values() if text.splitlines()[table.line - 1].startswith("###")]
    assert count_rows_of_columns(text) == sum(len(table.columns) for table in markdown)


def count_rows_of_columns(text: str) -> int:
    """Rows below a heading row that begins with the word Column."""
    inside, rows = False, 0
    for line in text.splitlines():
        inside = line.startswith("|") and (inside or line.split("|")[1].strip() == "Column")
        rows += inside and line.startswith("| `")
    return rows
