"""Whatever rules stand: exported, applied to an installation without rules and exported again, they are the same."""

import asyncio
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import login_url
from tests.watchtower.world import NOON

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.watchtower.code_apply import apply_rules, export_rules, plan_rules
from belvedere.watchtower.code_format import COLUMNS, canonical, defaults, parse_book, rule_document
from belvedere.watchtower.code_yaml import plain, read_yaml, write_yaml

WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)
LONG = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=80)
QUESTIONS = st.sampled_from([
    ("status", "equals", "failed"), ("open_rate", "less_than", "15.50"), ("status", "changed", None),
    ("spend", "between", "10 and 20"), ("status", "in", "paused, failed"), ("roas", "percent_change", "-30"),
    ("status", "changed_from_to", "live -> paused"), ("tags", "contains", "no"), ("name", "added", None),
    ("category", "is_null", None), ("name", "contains", "0x1F"), ("name", "equals", "null"),
])  # fmt: skip

EVENTS = {"changed", "changed_from_to", "added", "removed", "percent_change"}
"""Over the moment they are seen, so they cannot last."""


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    field, condition, threshold = draw(QUESTIONS)
    row: dict[str, Any] = {"field_name": field, "condition": condition, "threshold_value": threshold}
    choices: dict[str, st.SearchStrategy[Any]] = {
        "name": WORDS,
        "description": LONG,
        "severity": st.sampled_from(["info", "warning", "critical"]),
        "is_active": st.booleans(),
        "notify_immediately": st.booleans(),
        "notify_email": st.booleans(),
        "email_recipients": st.lists(
            st.sampled_from(["a@x.example", "b@x.example"]), max_size=2, unique=True
        ),
        "notify_time": st.times().map(lambda found: found.replace(microsecond=0)),
        "for_readings": st.integers(1, 5),
        "for_minutes": st.integers(1, 600),
        "data_lag_minutes": st.integers(1, 600),
        "no_data_policy": st.sampled_from(["ignore", "alert", "keep", "resolve"]),
        "repeat_minutes": st.integers(0, 600),
        "title_template": st.sampled_from(["{{ entity }}", "yes", "# no comment", "- a", "a: b"]),
        "logic_operator": st.sampled_from(["AND", "OR"]),
    }
    for name in draw(st.sets(st.sampled_from(sorted(choices)), max_size=6)):
        if not (name.startswith("for_") and condition in EVENTS):
            row[name] = draw(choices[name])
    if draw(st.booleans()):
        row |= {"min_volume_field": "sent_count", "min_volume": draw(st.decimals(0, 10**9, places=6))}
    return row


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A file of rules for every client and for one, some as groups, some with parents above them."""
    slugs = st.text("abc0-", min_size=1, max_size=4).filter(lambda slug: slug[0] != "-")
    document: dict[str, Any] = {"version": 1}
    known: list[str] = []
    for place in ("rules", "brandt"):
        found: dict[str, Any] = {}
        for slug in draw(st.lists(slugs, max_size=4, unique=True)):
            listed = draw(st.lists(rows(), min_size=1, max_size=3))
            head = listed[0]
            if known and draw(st.booleans()):
                head["parent_rule_id"] = "*/" + draw(st.sampled_from(known))
                head["dependency_condition"] = draw(
                    st.sampled_from(["triggered", "acknowledged", "not_triggered"])
                )
            found[slug] = rule_document([canonical({"name": slug, **row}) for row in listed], slug)
            if place == "rules" and len(known) < 3:
                known.append(slug)
        if found and place == "rules":
            document["rules"] = found
        elif found:
            document["clients"] = {"brandt": found}
    return document


@given(documents())
def test_what_is_written_is_read_as_it_was(document):
    text = write_yaml(document)
    assert plain(read_yaml(text, "")).keys() == document.keys()
    book = parse_book({"": text})
    again = {rule.key: rule_document(rule.rows, rule.slug) for rule in book.rules}
    written = {(None, slug): said for slug, said in document.get("rules", {}).items()}
    written |= {
        ("brandt", slug): said for slug, said in document.get("clients", {}).get("brandt", {}).items()
    }
    assert again == written


@pytest.fixture
def db_urls(database_url: str, template: str) -> tuple[str, str]:
    return login_url(database_url, template, "api"), login_url(database_url, template, "worker")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failing file is short enough as it comes
)
@given(document=documents())
def test_export_apply_export_is_the_same(db_urls, admin, people, document):
    def clear() -> None:
        admin.execute(
            "UPDATE watchtower_rules SET parent_rule_id = NULL, parent_client_id = NULL, dependency_condition = NULL"
        )
        admin.execute("DELETE FROM watchtower_rules WHERE builtin IS NULL")

    async def act() -> None:
        db = Database(*db_urls, pool_size=2)
        try:
            first = await put(db, write_yaml(document))
            clear()
            assert await put(db, write_yaml(first)) == first
        finally:
            await db.close()

    clear()
    asyncio.run(act())


async def put(db: Database, text: str) -> dict[str, Any]:
    """Apply a file, see that nothing is left to do, and export."""
    book = parse_book({"": text})
    async with db.write(Scope.service("terminal")) as session:
        await apply_rules(session, book, actor="terminal", now=NOON, force=True)
    async with db.read(Scope.service("terminal")) as session:
        assert (await plan_rules(session, book, prune=True)).steps == ()
        return await export_rules(session)


def test_every_column_of_a_rule_has_its_place_in_a_file():
    said = canonical({"name": "x", "field_name": "x", "condition": "changed"})
    assert set(said) == set(COLUMNS) == {*defaults(), "name", "field_name", "condition"}
    assert rule_document([{**said, "notify_time": time(8, 5), "min_volume": Decimal("1.50")}], "x") == {
        "field_name": "x", "condition": "changed", "notify_time": "08:05", "min_volume": 1.5,
    }  # fmt: skip
