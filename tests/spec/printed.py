"""Reads the printed specifications: which statements, tables, columns, indexes and words stand there, and on which line.

Only the test of completeness uses it: what it finds is held against the data files, which stand for themselves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TYPE = (
    r"(?:VARCHAR\[\]|VARCHAR\(\d+\)|(?:DECIMAL|NUMERIC)\(\d+,\s*\d+\)|TIMESTAMP WITH TIME ZONE|TIMESTAMPTZ|TIMESTAMP"
    r"|TEXT\[\]|[A-Z]+)"
)
SQL_COLUMN = re.compile(rf"^\s+(?:ADD COLUMN )?(\w+) ({TYPE})(.*)$")
WORDS_IN_COMMENT = re.compile(r"^'?\w+'?(?:, '?\w+'?)+$")
TABLE_HEADING = re.compile(r"^###\s+(?:\d+\.\s+)?`(\w+\*?)`")
INLINE_QUERY = re.compile(r"^\*\*[\w ]+\*\*: `(SELECT [^`]+)`")


@dataclass(frozen=True)
class Column:
    line: int
    name: str
    type: str
    null: bool
    default: str | None
    words: tuple[str, ...] = ()
    to: str | None = None
    on_delete: str | None = None
    unique: bool = False


@dataclass
class Table:
    line: int
    name: str
    columns: list[Column] = field(default_factory=list)
    unique: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    line: int
    sql: str

    @property
    def verb(self) -> str:
        return self.sql.split(None, 2)[0].upper()

    @property
    def kind(self) -> str:
        """`create table`, `create index`, `alter table`, `select` and so on."""
        found = re.match(
            r"(CREATE)(?: OR REPLACE)? (TABLE|INDEX|TRIGGER|FUNCTION|EXTENSION)|(ALTER TABLE)|(\w+)",
            self.sql,
            re.IGNORECASE,
        )
        assert found is not None
        return " ".join(part for part in found.groups() if part).lower()


def read_blocks(text: str, language: str = "sql") -> Iterator[tuple[int, list[str]]]:
    """Fenced blocks of a language with the line their content begins on."""
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.strip() == f"```{language}":
            start = number + 1
        elif start is not None and line.strip() == "```":
            yield start, lines[start - 1 : number - 1]
            start = None


def read_statements(text: str) -> list[Statement]:
    """Every statement of the SQL blocks and of the queries printed in a line of prose."""
    found = [item for start, lines in read_blocks(text) for item in split_statements(start, lines)]
    for number, line in enumerate(text.splitlines(), 1):
        query = INLINE_QUERY.match(line)
        if query:
            found.append(Statement(number, query.group(1)))
    return sorted(found, key=lambda item: item.line)


def split_statements(start: int, lines: list[str]) -> Iterator[Statement]:
    pending: list[str] = []
    began = start
    quoted = False
    for number, line in enumerate(lines, start):
        if not pending and (not line.strip() or line.strip().startswith("--")):
            continue
        if not pending:
            began = number
        pending.append(line.rstrip())
        quoted ^= line.count("$$") % 2 == 1
        if not quoted and line.split("--")[0].rstrip().endswith(";"):
            yield Statement(began, "\n".join(pending))
            pending = []


def read_formulas(text: str) -> list[tuple[int, str]]:
    """Lines of SQL blocks that are formulas and not statements: `CPC = spend_cents / clicks (NULL if …)`."""
    return [
        (number, line.strip())
        for start, lines in read_blocks(text)
        for number, line in enumerate(lines, start)
        if re.match(r"^\w+ = \w+ / \w+ \(NULL if", line)
    ]


def read_tables(text: str) -> list[Table]:
    """Tables given as CREATE TABLE or as Markdown rows of columns, and the columns that ALTER TABLE adds."""
    tables = [read_sql_table(item) for item in read_statements(text) if item.kind == "create table"]
    added = [read_sql_table(item) for item in read_statements(text) if "ADD COLUMN" in item.sql]
    return sorted([*tables, *added, *read_markdown_tables(text)], key=lambda table: table.line)


def read_sql_table(statement: Statement) -> Table:
    lines = statement.sql.splitlines()
    found = re.match(r"(?:CREATE TABLE|ALTER TABLE) (\w+)", lines[0])
    assert found is not None
    table = Table(statement.line, found.group(1))
    for number, line in enumerate(lines[1:], statement.line + 1):
        listed = re.match(r"^\s+(UNIQUE|PRIMARY KEY)\s?\(([\w, ]+)\)", line)
        if listed:
            names = tuple(name.strip() for name in listed.group(2).split(","))
            if listed.group(1) == "UNIQUE":
                table.unique.append((number, names))
            else:
                table.primary_key = names
            continue
        column = SQL_COLUMN.match(line)
        if column:
            table.columns.append(read_sql_column(number, *column.groups()))
    if not table.primary_key and lines[0].startswith("CREATE"):
        table.primary_key = ("id",)
    return table


def read_sql_column(number: int, name: str, kind: str, rest: str) -> Column:
    clauses, _, comment = rest.partition("--")
    default = re.search(r"DEFAULT ('[^']*'|[\w()]+)", clauses)
    reference = re.search(r"REFERENCES (\w+)\(id\)(?: ON DELETE (CASCADE|SET NULL))?", clauses)
    return Column(
        number, name, kind,
        null="NOT NULL" not in clauses and "PRIMARY KEY" not in clauses,
        default=default.group(1) if default else None,
        words=read_words(kind, comment.strip()),
        to=reference.group(1) if reference else None,
        on_delete=reference.group(2) if reference else None,
        unique="UNIQUE" in clauses,
    )  # fmt: skip


def read_words(kind: str, comment: str) -> tuple[str, ...]:
    """Words that the comment of a text column lists."""
    if not kind.startswith("VARCHAR"):
        return ()
    if comment.startswith("'ai_autonomous'"):
        return ("ai_autonomous",)
    return tuple(re.findall(r"\w+", comment)) if WORDS_IN_COMMENT.match(comment) else ()


def read_markdown_tables(text: str) -> Iterator[Table]:
    table: Table | None = None
    headings: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        heading = TABLE_HEADING.match(line)
        if heading:
            table = Table(number, heading.group(1), primary_key=("id",))
        elif line.startswith("#"):
            table = None
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if table is None or not cells:
            headings = []
        elif cells[0] == "Column":
            headings = cells
            yield table
        elif headings and not cells[0].startswith("-"):
            column = dict(zip(headings, cells, strict=True))
            table.columns.append(read_markdown_column(number, column))
            if column["Description"] == "Primary key":
                table.primary_key = (column["Column"].strip("`"),)
        unique = re.search(r"UNIQUE\(([^)]+)\)", line) or re.match(r"^- (`\w+`) UNIQUE$", line)
        if table is not None and unique:
            table.unique.append((number, tuple(re.findall(r"\w+", unique.group(1)))))


def read_markdown_column(number: int, cells: dict[str, str]) -> Column:
    text = cells["Description"]
    printed = cells["Default"].strip("`")
    empty = printed in {"NOT NULL", "NULL", "-"}
    null = cells["Nullable"] == "YES" if "Nullable" in cells else printed == "NULL"
    reference = re.match(r"FK to `(\w+)(?:\.id)?`", text)
    listed = re.match(r"^(?:Platform|Status): (\w+(?:, \w+)+)$", text)
    words = re.findall(r"\w+", listed.group(1)) if listed else re.findall(r"`(\w+)`", text.partition(":")[2])
    cascade = re.search(r"ON DELETE (CASCADE|SET NULL)", text)
    return Column(
        number, cells["Column"].strip("`"), cells["Type"],
        null=null,
        default=None if empty else printed,
        words=tuple(words),
        to=reference.group(1) if reference else None,
        on_delete=cascade.group(1) if cascade else None,
    )  # fmt: skip


def read_indexes(text: str) -> list[tuple[int, str, str, tuple[str, ...], str | None]]:
    """Line, name, table, columns and condition of each CREATE INDEX."""
    found = []
    for item in read_statements(text):
        match = re.match(r"CREATE INDEX (\w+) ON (\w+)\(([^)]+)\)(?: WHERE (.+))?;", item.sql)
        if match:
            columns = tuple(column.strip() for column in match.group(3).split(","))
            found.append((item.line, match.group(1), match.group(2), columns, match.group(4)))
    return found


def read_index_lines(text: str) -> list[tuple[int, str]]:
    """Indexes given in prose: one name or one list of columns for each."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        named = re.match(r"^- `(idx_\w+)` - ", line)
        if named:
            found.append((number, named.group(1)))
        listed = re.match(r"^(?:\*\*Indexes:\*\*|- Indexes:) (.+)$", line)
        if listed:
            found += [(number, part.strip(" .")) for part in re.findall(r"`([^`]+)`", listed.group(1))]
    return found


def read_policy_lines(text: str) -> list[tuple[int, str]]:
    """Lines that say who may read or write under row level security."""
    said = re.compile(r"^(?:\*\*RLS\*\*: |- (?:Authenticated users|Service role): )(.+)$")
    return [
        (number, match.group(1))
        for number, line in enumerate(text.splitlines(), 1)
        if (match := said.match(line))
    ]
