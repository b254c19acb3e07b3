"""Commands about the database's shape: its tables, a diagram, SQL and dbt sources, from PostgreSQL's own catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.output import err, out, print_json, print_table
from belvedere.cli.session import open_here
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    import psycopg

    from belvedere.core.catalogue import Relation

schema = typer.Typer(help="What stands in the database.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")]


def add_commands(app: typer.Typer) -> None:
    app.add_typer(schema, name="schema")


@contextmanager
def open_catalogue() -> Iterator[psycopg.Connection[Any]]:
    """As the reading login of psql and BI tools."""
    import psycopg

    with open_here() as installation:
        installation.prepare()
        with psycopg.connect(installation.login_url("psql"), autocommit=True) as connection:
            yield connection


def read_all() -> list[Relation]:
    """Every relation, as the reading login sees it."""
    from belvedere.core.catalogue import read_with

    with open_catalogue() as connection:
        return read_with(connection)


def choose_schema(relations: list[Relation], name: str | None) -> list[Relation]:
    from belvedere.core.catalogue import SCHEMAS, near_words
    from belvedere.core.errors import NotFound

    if name is None or name in SCHEMAS:
        return [relation for relation in relations if name in (None, relation.schema)]
    raise NotFound(
        f"There is no schema {name}. There are: {', '.join(SCHEMAS)}.{near_words(name, SCHEMAS)}",
        code="table_unknown",
    )


@schema.command()
def tables(
    name: Annotated[str | None, typer.Argument(metavar="SCHEMA", help="Only this schema.")] = None,
    as_json: Json = False,
) -> None:
    """Print tables and views with what they hold.

    Example: belvedere schema tables watch
    """
    found = choose_schema(read_all(), name)
    if as_json:
        print_json([summary(relation) for relation in found])
        return
    print_table(
        ("table", "kind", "rows", "what it holds"),
        [(relation.full_name, relation.kind, rows_of(relation), relation.comment) for relation in found],
        empty="There are no tables in this schema.",
    )


def summary(relation: Relation) -> dict[str, Any]:
    return {
        "schema": relation.schema, "name": relation.name, "kind": relation.kind, "comment": relation.comment,
        "estimated_rows": relation.estimate, "bytes": relation.bytes, "columns": len(relation.columns),
    }  # fmt: skip


def rows_of(relation: Relation) -> str | None:
    return None if relation.estimate is None else f"{relation.estimate:,}"


@schema.command()
def show(
    table: Annotated[str, typer.Argument(help="schema.table, or the table alone.")], as_json: Json = False
) -> None:
    """Print one table: columns, keys, indexes, checks and row policies.

    Example: belvedere schema show watch.api_records
    """
    import dataclasses

    relation = choose_table(read_all(), table)
    if as_json:
        print_json(dataclasses.asdict(relation))
        return
    out.print(f"{relation.full_name}, a {relation.kind}", style="bold")
    out.print(relation.comment or "")
    out.print("")
    print_table(
        ("column", "type", "null", "default", "what it holds"),
        [(column.name, column.type, "" if column.not_null else "null", default_words(column), column.comment or "")
         for column in relation.columns],
        empty="It has no columns.",
    )  # fmt: skip
    print_rest(relation)


def default_words(column: Any) -> str:
    if column.generated is not None:
        return f"= {column.generated}"
    return "counted up" if column.identity else column.default or ""


def print_rest(relation: Relation) -> None:
    lines = [f"{key.name}  {key.definition}" for key in relation.constraints]
    lines += [index.definition for index in relation.indexes if not index.key]
    lines += [trigger.definition for trigger in relation.triggers]
    lines += [f"policy {rule.name}  {rule.verb} for {', '.join(rule.roles)}" for rule in relation.policies]
    if lines:
        out.print("")
    for line in lines:
        out.print(line)


def choose_table(relations: list[Relation], word: str) -> Relation:
    from belvedere.core.catalogue import choose

    found = choose(relations, word)
    if len(found) > 1:
        raise Invalid(f"{word} is a schema. Name a table of it, such as {found[0].full_name}.")
    return found[0]


@schema.command()
def diagram(
    name: Annotated[str, typer.Argument(metavar="SCHEMA", help="The schema to draw.")],
    form: Annotated[str, typer.Option("--format", help="mermaid or svg.")] = "mermaid",
    target: Out = None,
) -> None:
    """Draw a schema: tables, columns and the keys between them.

    Example: belvedere schema diagram watch --format svg --out watch.svg
    """
    from belvedere.core.diagram import render_mermaid, render_svg

    if form not in ("mermaid", "svg"):
        raise Invalid(f"--format: {form!r} is not one of mermaid, svg.")
    found = choose_schema(read_all(), name)
    write(render_mermaid(found) if form == "mermaid" else render_svg(found, title=f"Schema {name}"), target)


@schema.command()
def ddl(
    word: Annotated[
        str | None, typer.Argument(metavar="[SCHEMA|TABLE]", help="Only this schema or table.")
    ] = None,
    target: Out = None,
) -> None:
    """Print the SQL that makes tables, indexes, keys, views and comments.

    Example: belvedere schema ddl watch.api_records
    """
    from belvedere.core.catalogue import SCHEMAS, choose, read_needs, read_with
    from belvedere.core.catalogue_ddl import render_ddl

    with open_catalogue() as connection:
        relations = read_with(connection)
        found = relations if word is None else choose(relations, word)
        whole = SCHEMAS if word is None else (word,)
        needs = read_needs(connection, whole) if word is None or word in SCHEMAS else None
    write(render_ddl(found, needs=needs), target)


@schema.command()
def dbt(target: Out = None) -> None:
    """Print dbt sources of every table the reading login sees, with tests from its constraints.

    Example: belvedere schema dbt --out models/sources.yml
    """
    from belvedere.core.catalogue_dbt import render_dbt

    write(render_dbt(read_all()), target)


def write(words: str, target: Path | None) -> None:
    if target is None:
        import sys

        sys.stdout.write(words)
        return
    try:
        target.write_text(words, encoding="utf-8")
    except OSError as error:
        raise Invalid(f"--out: {target} cannot be written: {error.strerror}.") from error
    err.print(f"Wrote {target}.")
