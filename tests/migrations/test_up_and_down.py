"""From each revision to the newest and back, with rows in every table: nothing that stays is lost or changed."""

import time

import pytest
from tests.migrations.scratch import Rows, Scratch, Shape, fill_all, fill_new, scratch

from belvedere.core.errors import Conflict, Invalid
from belvedere.migrations.runner import head, read_plan, revisions

LEAPS = [
    pytest.param("embedded", "0001", id="embedded-0001"),
    pytest.param("embedded", "0005", id="embedded-0005"),
    pytest.param("15", "0001", id="15-0001"),
]
"""Longer ways in one go; the walk below stops at every revision."""
both = pytest.mark.parametrize(("server", "revision"), LEAPS, indirect=["server"])
EMPTY = {"jobs.procrastinate_periodic_defers", "jobs.procrastinate_workers"}
"""Only a running worker writes here."""
SHIPPED = {"core.installation", "watch.api_sources", "watch.metric_definitions"}
"""Rows that a revision puts in by itself are nobody's loss."""


def differences(found: Shape, expected: Shape) -> dict[str, list[str]]:
    return {name: sorted(found[name] ^ expected[name]) for name in found if found[name] != expected[name]}


def test_an_empty_database_is_migrated_by_one_call(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    with scratch(server) as place:
        started = time.perf_counter()
        assert place.migrate() == head()
        with capsys.disabled():
            print(  # noqa: T201 - said aloud, not judged
                f"\nan empty database took {time.perf_counter() - started:.1f} s to revision {head()}"
            )


def test_every_table_has_rows(full: Scratch) -> None:
    assert {table for table, (_, count, _) in full.rows().items() if count == 0} <= EMPTY


def test_the_way_up_and_down_keeps_the_rows_at_every_revision(server: str, shapes: dict[str, Shape]) -> None:
    first, *later = revisions()
    with scratch(server) as place:
        place.migrate(first)
        fill_all(place)
        for revision in later:
            before = place.rows()
            assert place.migrate(revision) == revision
            keeps(place.rows(before), before)
            fill_new(place, set(before))
        for revision in reversed(revisions()[:-1]):
            before = place.rows()
            assert place.migrate(revision) == revision
            assert differences(place.shape(), shapes[revision]) == {}
            keeps(before, place.rows(before))
        stayed = place.rows()
        assert place.migrate() == head()
        keeps(place.rows(stayed), stayed)
        assert differences(place.shape(), shapes[head()]) == {}


def keeps(all_rows: Rows, kept: Rows) -> None:
    """Tables of `kept` have the same rows in `all_rows`, over the columns that both know."""
    for table, (columns, count, _) in kept.items():
        assert all_rows[table][1] == count, table
        if all_rows[table][0] == columns:
            assert all_rows[table] == kept[table], table


@both
def test_rows_of_an_earlier_revision_are_all_there_after_the_way_up(
    server: str, shapes: dict[str, Shape], revision: str
) -> None:
    with scratch(server) as place:
        place.migrate(revision)
        fill_all(place)
        before = place.rows()
        assert place.migrate() == head()
        after = place.rows(before)
        assert {table: after[table] for table in before} == before
        assert differences(place.shape(), shapes[head()]) == {}


@both
def test_rows_of_what_stays_outlive_the_way_down_and_up_again(
    server: str, full: Scratch, shapes: dict[str, Shape], revision: str
) -> None:
    with scratch(server, full) as place:
        newest = place.rows()
        assert place.migrate(revision) == revision
        assert differences(place.shape(), shapes[revision]) == {}
        stayed = place.rows()
        for table, (columns, count, _) in stayed.items():
            assert count == newest[table][1], table
            if columns == newest[table][0]:
                assert stayed[table] == newest[table], table
        assert place.migrate() == head()
        again = place.rows(stayed)
        assert {table: again[table] for table in stayed} == stayed
        assert differences(place.shape(), shapes[head()]) == {}


def test_down_to_nothing_and_up_again(server: str, full: Scratch, shapes: dict[str, Shape]) -> None:
    with scratch(server, full) as place:
        assert place.migrate("base") == "base"
        assert differences(place.shape(), shapes["base"]) == {}
        assert place.migrate() == head()
        assert differences(place.shape(), shapes[head()]) == {}


def test_down_refuses_to_lose_rows_and_names_them(server: str, full: Scratch) -> None:
    with scratch(server, full) as place:
        before = (place.rows(), place.shape())
        with pytest.raises(Conflict, match="--discard-rows") as refusal:
            place.migrate("base", discard_rows=False)
        named = {problem.pointer: problem.detail for problem in refusal.value.errors}
        assert named["core.clients"] == "3 rows"
        assert set(named) == {table for table, (_, count, _) in before[0].items() if count} - SHIPPED
        with pytest.raises(Conflict) as refusal:
            place.migrate("0006", discard_rows=False)
        assert "support.support_curated_replies" in {problem.pointer for problem in refusal.value.errors}
        assert "ads.campaigns" not in {problem.pointer for problem in refusal.value.errors}
        assert (place.rows(), place.shape()) == before


@pytest.mark.parametrize("revision", ["base"])
def test_an_empty_installation_goes_down_without_more_words(
    server: str, newest: Scratch, shapes: dict[str, Shape], revision: str
) -> None:
    with scratch(server, newest) as place:
        assert place.migrate(revision, discard_rows=False) == revision
        assert differences(place.shape(), shapes[revision]) == {}


def test_the_plan_tells_the_way_and_changes_nothing(server: str) -> None:
    with scratch(server) as place:
        before, steps = read_plan(place.url)
        assert (before, [step for step, _ in steps]) == (None, revisions())
        place.migrate("0003")
        assert [step for step, _ in read_plan(place.url)[1]] == revisions()[3:]
        assert [step for step, _ in read_plan(place.url, "0001")[1]] == ["0003", "0002"]
        assert read_plan(place.url, "0003") == ("0003", [])
        assert read_plan(place.url, "base")[0] == "0003"
    with pytest.raises(Invalid, match="no revision 'nope'"):
        place.migrate("nope")
