"""The generated pages of the schema: complete, the same each time, and in words."""

from dataclasses import replace

import psycopg
import pytest
from tools.reference_schema import Catalogue, plain, read_catalogue, render_schema_pages, rows_of

from belvedere.core.catalogue import SCHEMAS, PolicyInfo, read_with
from tests.docs.pages import DOCS


@pytest.fixture
def catalogue(database_url: str) -> Catalogue:
    return read_catalogue(database_url)


def test_every_table_and_column_stands_on_the_page_of_its_schema(catalogue):
    pages = render_schema_pages(catalogue)
    for relation in catalogue.relations:
        page = pages[f"schema/{relation.schema}.md"]
        assert f"\n## {relation.name}" in page, relation.full_name
        assert all(f"| `{column.name}` |" in page for column in relation.columns), relation.full_name
        assert f"schema/{relation.schema}.md" in pages["tables.md"]
    for name in SCHEMAS:
        assert pages[f"schema/{name}.svg"].startswith("<svg ")
        assert f"({name}.svg)" in pages[f"schema/{name}.md"]


def test_nothing_of_one_moment_stands_in_it(catalogue, admin: psycopg.Connection):
    with admin.transaction(force_rollback=True):
        admin.execute("INSERT INTO core.clients (name, slug) VALUES ('Marlow', 'marlow')")
        admin.execute("SELECT core.ensure_partitions('2031-01-01', 2)")
        admin.execute("ANALYZE core.clients")
        later = read_with(admin)
    assert render_schema_pages(replace(catalogue, relations=later, by_reader=later)) == render_schema_pages(
        replace(catalogue, by_reader=catalogue.relations)
    )


def test_secrets_are_marked_as_closed(catalogue):
    page = render_schema_pages(catalogue)["schema/core.md"]
    users = page.partition("\n## users\n")[2].partition("\n## ")[0]
    closed = [line.split("`")[1] for line in users.splitlines() if "Closed to people." in line]
    assert closed == ["password_hash"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("true", "every row"),
        ("(client_id = ANY (( SELECT app.my_clients() AS my_clients)::integer[]))", "rows of their clients"),
        ("(client_id = ( SELECT app.active_client() AS active_client))", "rows of their client"),
        ("(level = 'INFO'::text)", "rows where `(level = 'INFO'::text)`"),
    ],
)
def test_policies_are_told_in_words_where_the_words_are_known(expression, words):
    assert rows_of(PolicyInfo("p", "SELECT", ("authenticated",), expression, None)) == words


def test_comments_are_shown_as_they_are():
    assert plain("a <b> [c] *d* `e`") == "a \\<b\\> \\[c\\] \\*d\\* \\`e\\`"


def test_the_sources_for_dbt_stand_in_the_docs():
    assert (DOCS / "reference" / "sources.yml").read_text().startswith("# dbt sources of Belvedere")
