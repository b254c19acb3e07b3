"""What is written from the catalogue: SQL that makes the same schema again, Mermaid, the picture, dbt sources."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

import psycopg
import pytest
from ruamel.yaml import YAML
from tests.workbench import on_database

from belvedere.core.catalogue import SCHEMAS, ColumnInfo, Constraint, Relation, read_needs, read_with
from belvedere.core.catalogue_dbt import accepted_words, render_dbt
from belvedere.core.catalogue_ddl import place, quoted, render_ddl
from belvedere.core.diagram import around, render_mermaid, render_svg
from belvedere.core.diagram_layout import Box, place_boxes


@pytest.fixture
def relations(admin: psycopg.Connection) -> list[Relation]:
    return read_with(admin)


def bare(relation: Relation) -> Relation:
    """What the SQL promises to make again: not the counts, triggers and policies.

    PostgreSQL writes casts inside a list of words in another place when it reads its own words again.
    """
    constraints, indexes = (
        tuple(
            replace(thing, definition=re.sub(r"::(text|character varying)(\[\])?|[()]", "", thing.definition))
            for thing in things
        )
        for things in (relation.constraints, relation.indexes)
    )
    return replace(
        relation, estimate=0, bytes=0, parts=0, triggers=(), policies=(), row_security=False, row_security_forced=False,
        readable=True, definition=None, constraints=constraints, indexes=indexes,
    )  # fmt: skip


def test_the_sql_makes_the_same_tables_again(admin: psycopg.Connection, relations):
    tables = [relation for relation in relations if not relation.is_view]
    with admin.transaction(force_rollback=True):
        for relation in relations:
            kind = {"view": "VIEW", "materialised view": "MATERIALIZED VIEW"}.get(relation.kind, "TABLE")
            admin.execute(f'DROP {kind} IF EXISTS "{relation.schema}"."{relation.name}" CASCADE')
        admin.execute(render_ddl(tables, needs=[]))
        made = [bare(relation) for relation in read_with(admin)]
    for one, other in zip(made, tables, strict=True):
        assert one == bare(other), one.full_name


def test_the_sql_of_views_runs_after_their_tables(admin: psycopg.Connection, relations):
    views = [relation for relation in relations if relation.is_view]
    with admin.transaction(force_rollback=True):
        for view in views:
            kind = "VIEW" if view.kind == "view" else "MATERIALIZED VIEW"
            admin.execute(f'DROP {kind} IF EXISTS "{view.schema}"."{view.name}" CASCADE')
        admin.execute(render_ddl(views))
        assert [r.full_name for r in read_with(admin) if r.is_view] == [r.full_name for r in views]


@pytest.fixture
def empty_database(admin: psycopg.Connection, database_url: str) -> Iterator[psycopg.Connection]:
    name = f"belvedere_empty_{os.getpid()}"
    admin.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(on_database(database_url, name), autocommit=True) as connection:
        yield connection
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("schema", [None, *SCHEMAS])
def test_the_sql_runs_in_an_empty_database(admin: psycopg.Connection, empty_database, relations, schema):
    chosen = [relation for relation in relations if schema in (None, relation.schema)]
    needs = read_needs(admin, SCHEMAS if schema is None else [schema])
    sql = render_ddl(chosen, needs=needs)
    empty_database.execute(sql)
    made = {relation.full_name for relation in read_with(empty_database)}
    remarked = {view.full_name for view in chosen if view.is_view and f"-- CREATE VIEW {place(view)} " in sql}
    assert made == {relation.full_name for relation in chosen} - remarked
    if schema is None:
        assert not remarked
        assert "-- ALTER TABLE" not in sql


def test_names_are_quoted_where_they_must_be():
    assert [quoted(name) for name in ("plain", "Agent Run", "user", 'a"b')] == [
        "plain", '"Agent Run"', '"user"', '"a""b"',
    ]  # fmt: skip


def test_every_schema_has_its_picture_and_its_words(relations):
    for schema in SCHEMAS:
        found = [relation for relation in relations if relation.schema == schema]
        root = ET.fromstring(render_svg(found, title=schema))
        said = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {relation.name for relation in found if not relation.is_view} <= said
        lines = render_mermaid(found).splitlines()
        assert lines[0] == "erDiagram"
        assert all(
            re.fullmatch(r"    [\w]+ \{|        [\w()\[\]-]+ \w+(?: [A-Z, ]+)?|    \}|    \w+ [|}o]+--[|{o]+ \w+ : \w+", line)
            for line in lines[1:]
        )  # fmt: skip
        assert render_svg(found, title=schema) == render_svg(found[::-1][::-1], title=schema)


def test_the_neighbourhood_of_a_table_is_its_parents_and_children(relations):
    watch = [relation for relation in relations if relation.schema == "watch"]
    near = {relation.name for relation in around(watch, "api_records")}
    assert near == {"api_records", "api_snapshots", "api_record_metrics"}


def test_boxes_never_lie_on_each_other():
    boxes = [Box(f"t{n}", 100 + 7 * n, 60 + 31 * (n % 9)) for n in range(60)]
    edges = [(f"t{n // 3}", f"t{n}") for n in range(40)] + [("t5", "t1"), ("t1", "t5"), ("t2", "t2")]
    placed = place_boxes(boxes, edges)
    assert len(placed.spots) == len(boxes)
    for one in boxes:
        for other in boxes:
            a, b = placed.spots[one.name], placed.spots[other.name]
            apart = (a.x + one.width <= b.x or b.x + other.width <= a.x
                     or a.y + one.height <= b.y or b.y + other.height <= a.y)  # fmt: skip
            assert apart or one is other
        spot = placed.spots[one.name]
        assert spot.x + one.width <= placed.width
        assert spot.y + one.height <= placed.height


def test_dbt_sources_carry_what_the_constraints_promise(admin: psycopg.Connection):
    admin.execute("SET ROLE inspector_r")
    document = YAML(typ="safe").load(render_dbt(read_with(admin)))
    assert document["version"] == 2
    sources = {source["name"]: source for source in document["sources"]}
    tables = {table["name"]: table for table in sources["watch"]["tables"]}
    columns = {column["name"]: column for column in tables["api_snapshots"]["columns"]}
    assert columns["id"]["data_tests"] == ["not_null", "unique"]
    assert {
        "accepted_values": {"arguments": {"values": ["pending", "processing", "completed", "failed"]}}
    } in columns["status"]["data_tests"]
    assert {
        "relationships": {"arguments": {"to": "source('watch', 'source_accounts')", "field": "id"}}
    } in columns["account_id"]["data_tests"]
    listed = {(source, table["name"]) for source in sources for table in sources[source]["tables"]}
    assert ("core", "creds_meta") not in listed
    told = [
        test["relationships"]["arguments"]["to"]
        for source in document["sources"] for table in source["tables"] for column in table["columns"]
        for test in column.get("data_tests", []) if isinstance(test, dict) and "relationships" in test
    ]  # fmt: skip
    assert {tuple(re.findall(r"'(\w+)'", words)) for words in told} <= listed


def test_words_of_a_check_are_read_with_their_quotes():
    definition = (
        "CHECK (((word)::text = ANY ((ARRAY['it''s'::character varying, 'b'::character varying])::text[])))"
    )
    relation = Relation("ads", "t", "table", (ColumnInfo("word", "text", "text"),),
                        constraints=(Constraint("c", "c", definition, ("word",)),))  # fmt: skip
    assert accepted_words(relation, "word") == ["it's", "b"]
    assert accepted_words(relation, "other") == []
