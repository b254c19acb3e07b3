"""The reference of the database, from the catalogue of a migrated one: a page and a picture per schema, and dbt sources.

Nothing of one moment stands in it: no counts, no monthly parts, no object numbers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from belvedere.core.catalogue import ABOUT, SCHEMAS, ColumnInfo, PolicyInfo, Relation, read_with
from belvedere.core.catalogue_dbt import render_dbt
from belvedere.core.diagram import render_svg, short_type
from tools.reference import HEAD, table

WHO = {
    "authenticated": "people", "anon": "visitors of a public link", "authn_r": "sign-in", "worker_scoped": "jobs of one client",
    "service_role": "the service", "inspector_r": "psql and BI", "loader": "the loader of bulk rows", "log_writer": "the writer of logs",
    "vault_r": "the vault", "authz_r": "the answer to “whose clients”", "auditor_r": "the audit log's own function",
    "owner_r": "the owner of the schema", "public": "everybody",
}  # fmt: skip
MAY = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "delete", "ALL": "do anything with"}
ROWS = (
    (r"true", "every row"),
    (r"\(?\(?client_id = ANY \(+ ?SELECT app\.my_clients\(\) AS my_clients\)+(::integer\[\])?\)+", "rows of their clients"),
    (r"\(?\(?client_id = ANY \(+ ?SELECT app\.my_write_clients\(\) AS my_write_clients\)+(::integer\[\])?\)+",
     "rows of clients they may change"),
    (r"\(client_id = \( SELECT app\.active_client\(\) AS active_client\)\)", "rows of their client"),
    (r"\(client_id = ANY \(ARRAY\[0, \( SELECT app\.active_client\(\) AS active_client\)\]\)\)",
     "rows of their client and of the agency"),
    (r"\( SELECT app\.governs\(\) AS governs\)", "every row, if they govern"),
    (r"\(\(client_id = ANY \(\( SELECT app\.my_clients\(\) AS my_clients\)::integer\[\]\)\) AND \( SELECT app\.governs\(\) AS governs\)\)",
     "rows of their clients, if they govern"),
    (r"\(id = ANY \(\( SELECT app\.my_clients\(\) AS my_clients\)::integer\[\]\)\)", "their clients"),
    (r"\(id = \( SELECT app\.active_client\(\) AS active_client\)\)", "their client"),
    (r"\((user_)?id = \( SELECT app\.current_user_id\(\) AS current_user_id\)\)", "their own rows"),
    (r"\(\((user_)?id = \( SELECT app\.current_user_id\(\) AS current_user_id\)\) OR \( SELECT app\.governs\(\) AS governs\)\)",
     "their own rows, and every row if they govern"),
    (r"\( SELECT app\.is_staff\(\) AS is_staff\)", "every row, if they are staff"),
    (r"\( SELECT app\.is_staff_writer\(\) AS is_staff_writer\)", "every row, if they are staff who may change things"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All relations, and what of them people and the reading login may see."""

    relations: list[Relation]
    by_people: list[Relation]
    by_reader: list[Relation]


def read_catalogue(url: str) -> Catalogue:
    """Read a migrated database as a superuser, as people and as the login of psql and BI tools."""
    with psycopg.connect(url, autocommit=True) as connection:

        def seen_by(role: str) -> list[Relation]:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            found = read_with(connection)
            connection.execute("RESET ROLE")
            return found

        return Catalogue(read_with(connection), seen_by("authenticated"), seen_by("inspector_r"))


def render_schema_pages(catalogue: Catalogue) -> dict[str, str]:
    """File name below docs/reference -> text."""
    closed = {
        (relation.full_name, column.name)
        for relation in catalogue.by_people
        for column in relation.columns
        if not relation.readable or not column.readable
    }
    pages = {
        "tables.md": render_index(catalogue.relations),
        "schema/README.md": render_overview(catalogue.relations),
        "sources.yml": render_dbt(catalogue.by_reader),
    }
    for name in SCHEMAS:
        found = [relation for relation in catalogue.relations if relation.schema == name]
        pages[f"schema/{name}.md"] = render_schema(name, found, closed)
        pages[f"schema/{name}.svg"] = render_svg(found, title=f"Tables of {name} and the keys between them")
    return pages


def plain(words: str | None) -> str:
    """Words as Markdown that shows them as they are."""
    return re.sub(r"([*<>\[\]`\\])", r"\\\1", words or "")


def code(words: str) -> str:
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def heading(relation: Relation) -> str:
    """Names that differ only in their capitals must not share an address."""
    return relation.name if relation.name == relation.name.lower() else f"{relation.name}, quoted"


def anchor_of(relation: Relation) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", heading(relation).lower()).strip("-")


def render_index(relations: Sequence[Relation]) -> str:
    rows = [
        (
            f"[{relation.name}](schema/{relation.schema}.md#{anchor_of(relation)})",
            relation.schema,
            relation.kind,
        )
        for relation in sorted(relations, key=lambda found: (found.name.lower(), found.name, found.schema))
    ]
    return (
        f"{HEAD}# Tables\n\nEvery table and view by name. Times are `timestamptz` in UTC; `client_id` 0 is the agency itself."
        f" By schema, with diagrams: [schema](schema/README.md).\n\n" + table(("Table", "Schema", "Kind"), rows)
    )  # fmt: skip


def render_overview(relations: Sequence[Relation]) -> str:
    rows = []
    for name in SCHEMAS:
        found = [relation for relation in relations if relation.schema == name]
        views = sum(relation.is_view for relation in found)
        rows.append((f"[{name}]({name}.md)", str(len(found) - views), str(views), ABOUT[name]))
    return (
        f"{HEAD}# The schemas\n\nOne database, {len(SCHEMAS)} schemas. Each page has a diagram, then every table with its columns,"
        " keys, indexes, checks and row policies. The queue's own schema `jobs` belongs to its library and may change with it.\n\n"
        + table(("Schema", "Tables", "Views", "What it holds"), rows)
        + "\nIn the program: the page Tables, `belvedere schema tables`, and the routes under `/api/v1/tables`"
        " ([Browse tables](../../howto/browse-tables.md)). For dbt: `docs/reference/sources.yml`, explained"
        " in [Use dbt](../../howto/dbt.md).\n\n## How to read the diagrams\n\nParents stand left of their children. A bar is “one”, a fork"
        " “many”. PK is the primary key, FK a foreign key, UK a unique value. An arrow behind a type leads to a table of another schema."
        " The key from `client_id` to `core.clients`, which nearly every table has, is left out.\n"
    )


def render_schema(name: str, relations: Sequence[Relation], closed: set[tuple[str, str]]) -> str:
    rows = [
        (f"[{relation.name}](#{anchor_of(relation)})", relation.kind, plain(relation.comment))
        for relation in relations
    ]
    parts = [
        f"{HEAD}# Schema {name}\n\n{ABOUT[name]}\n\n[![Diagram of {name}]({name}.svg)]({name}.svg)\n",
        table(("Table", "Kind", "What it holds"), rows),
        *("\n".join(relation_parts(relation, closed)) for relation in relations),
    ]
    return "\n".join(parts)


def relation_parts(relation: Relation, closed: set[tuple[str, str]]) -> Iterator[str]:
    yield f"## {heading(relation)}\n\n{plain(relation.comment)}{told_of_kind(relation)}\n"
    yield table(
        ("Column", "Type", "", "Default", "What it holds"),
        [column_row(relation, column, closed) for column in relation.columns],
    )
    keys = [f"{code(key.name)} {code(key.definition)}" for key in relation.constraints if key.kind != "c"]
    checks = [f"{code(key.name)} {code(key.definition)}" for key in relation.constraints if key.kind == "c"]
    indexes = [code(index.definition) for index in relation.indexes if not index.key]
    triggers = [code(trigger.definition) for trigger in relation.triggers]
    for title, lines in (("Keys", keys), ("Checks", checks), ("Indexes", indexes), ("Triggers", triggers)):
        if lines:
            yield f"{title}:\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"
    yield from policy_parts(relation)


def told_of_kind(relation: Relation) -> str:
    if relation.parted_by:
        return f" Parted by month: {code(relation.parted_by)}."
    if relation.kind == "materialised view":
        return " A materialised view, refreshed by a job."
    return f" A view; its SQL: `belvedere schema ddl {relation.full_name}`." if relation.is_view else ""


def column_row(relation: Relation, column: ColumnInfo, closed: set[tuple[str, str]]) -> tuple[str, ...]:
    default = code(column.default) if column.default else "counted up" if column.identity else ""
    if column.generated:
        default = f"computed: {code(column.generated)}"
    told = plain(column.comment)
    if (relation.full_name, column.name) in closed:
        told += " Closed to people."
    null = "" if relation.is_view else "required" if column.not_null else "may be NULL"
    return code(column.name), code(short_type(column.type)), null, default, told.strip()


def policy_parts(relation: Relation) -> Iterator[str]:
    if relation.is_view:
        if relation.kind == "view":
            yield "It reads with the rights of who asks, so the row policies of its tables hold.\n"
        return
    if not relation.policies:
        words = "nobody reads it but its owner" if relation.row_security else "who has a grant sees every row"
        yield f"No row policies: {words}.\n"
        return
    told: dict[tuple[str, str], list[str]] = {}
    for policy in relation.policies:
        for role in policy.roles:
            told.setdefault((WHO.get(role, role), rows_of(policy)), []).append(policy.verb)
    lines = [
        f"- {who[0].upper()}{who[1:]} may {joined([MAY[verb] for verb in MAY if verb in verbs])} {rows}."
        for (who, rows), verbs in sorted(told.items())
    ]
    yield "Row policies:\n\n" + "\n".join(lines) + "\n"


def rows_of(policy: PolicyInfo) -> str:
    """Which rows a policy lets through: in words where the words are known, else its own expression."""
    expression = policy.sees or policy.check or "true"
    if policy.sees and policy.check and policy.sees != policy.check:
        return f"rows where {code(policy.sees)}, leaving {code(policy.check)}"
    for pattern, words in ROWS:
        if re.fullmatch(pattern, expression):
            return words
    return f"rows where {code(expression)}"


def joined(words: Sequence[Any]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
