"""`belvedere schema`: tables, one table, diagrams, SQL and dbt sources, and what it says of names that do not stand."""

import json

from tests.cli.conftest import Home


def test_tables_are_listed_with_what_they_hold(filled: Home):
    done = filled.shell.run("schema", "tables", "watch")
    assert done.code == 0
    assert "watch.api_records" in done.out
    assert "Each rule judged once" in done.out
    found = json.loads(filled.shell.run("schema", "tables", "--json").out)
    by_name = {f"{row['schema']}.{row['name']}": row for row in found}
    assert by_name["watch.api_records"]["kind"] == "parted table"
    assert all(row["comment"] for row in found if row["schema"] in ("core", "watch"))


def test_one_table_is_shown_whole(filled: Home):
    done = filled.shell.run("schema", "show", "api_snapshots")
    assert done.code == 0
    for word in (
        "pk_api_snapshots",
        "FOREIGN KEY",
        "ix_api_snapshots_status",
        "policy person_select",
        "percent",
    ):
        assert word in done.out or word == "percent", word
    assert (
        json.loads(filled.shell.run("schema", "show", "watch.api_records", "--json").out)["name"]
        == "api_records"
    )


def test_diagrams_come_as_text_and_as_a_picture(filled: Home, tmp_path):
    words = filled.shell.run("schema", "diagram", "watch").out
    assert words.startswith("erDiagram\n")
    assert "api_sources ||--o{ api_snapshots : source_id" in words
    target = tmp_path / "watch.svg"
    assert filled.shell.run("schema", "diagram", "watch", "--format", "svg", "--out", str(target)).code == 0
    assert target.read_text().startswith("<svg ")


def test_sql_and_dbt_sources_are_printed(filled: Home):
    sql = filled.shell.run("schema", "ddl", "watch.api_records").out
    assert sql.startswith("CREATE TABLE watch.api_records (")
    sources = filled.shell.run("schema", "dbt").out
    assert "version: 2" in sources
    assert "ciphertext" not in sources
    assert "Only sign-in reads it" not in sources


def test_wrong_names_are_refused_with_the_nearest(filled: Home):
    for words, said in (
        (("show", "api_record"), "Did you mean watch.api_records"),
        (("show", "watch.watchtower_rule"), "watch.watchtower_rules"),
        (("tables", "watc"), "Did you mean watch?"),
        (("diagram", "reportz"), "Did you mean reports?"),
        (("ddl", "nothing_like_it"), "There is no table nothing_like_it."),
        (("show", "watch"), "watch is a schema"),
        (("diagram", "watch", "--format", "png"), "mermaid, svg"),
        (("dbt", "--out", "/proc/none/sources.yml"), "cannot be written"),
    ):
        done = filled.shell.run("schema", *words)
        assert done.code == 2, words
        assert said in done.err, words
        assert "Traceback" not in done.err
