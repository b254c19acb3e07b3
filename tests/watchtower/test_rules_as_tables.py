"""What a rule does over a run of readings."""

from uuid import UUID

import pytest
from tests.watchtower.table import SOURCE, play

from belvedere.watchtower.contracts import Condition, LogicOperator, Rule

GROUP = UUID(int=77)


def rule(field="open_rate", condition="less_than", limit: str | None = "15", number=1, **more) -> Rule:
    return Rule(
        id=UUID(int=number), name=f"{field} {condition}", field_name=field, condition=Condition(condition),
        threshold_value=limit, client_id=1, source_id=SOURCE, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "moves"),
    [
        ("open_rate: 20 14 _ 16", ". o . x"),
        ("open_rate: 20 14 13 16", ". o + x"),
        ("open_rate: 14 15 14", "o x o"),
        ("open_rate: 14.999999 15.000001", "o x"),
        ("open_rate: 14 - 14", "o . +"),
        ("open_rate: 14 - - 14", "o . x o"),
        ("open_rate: _ _", ". ."),
    ],
)
def test_a_threshold_opens_and_recovers(readings, moves):
    assert play([rule()], readings) == moves


def test_nothing_closes_on_a_partial_reading():
    assert play([rule()], "open_rate: 14 20 20", partial=frozenset({1})) == "o . x"
    assert play([rule()], "open_rate: 14 - - 20", partial=frozenset({1, 2})) == "o . . x"


def test_a_partial_reading_may_open():
    assert play([rule()], "open_rate: 20 14", partial=frozenset({1})) == ". o"


def test_a_change_is_told_once_and_a_first_reading_is_silent():
    changed = rule("status", "changed", None)
    assert play([changed], "status: sent sent paused paused sent") == ". . o . +"
    assert play([changed], "status: sent _ sent") == ". o +"


def test_a_change_to_a_value():
    assert play([rule("status", "changed", "failed")], "status: sent paused failed") == ". . o"


def test_both_halves_of_a_group_must_hold_on_the_same_entity():
    rows = [
        rule("roas", "less_than", "2", 1, group_id=GROUP),
        rule("open_rate", "greater_than", "10", 2, group_id=GROUP, position=1),
    ]
    assert play(rows, "roas: 1 1 3 1\nopen_rate: 5 20 20 _") == ". o x ."


def test_an_or_fires_on_what_is_known():
    rows = [
        rule("roas", "less_than", "2", 1, group_id=GROUP),
        rule(
            "open_rate", "greater_than", "60", 2, group_id=GROUP, position=1, logic_operator=LogicOperator.OR
        ),
    ]
    assert play(rows, "roas: 1 _ 3 3\nopen_rate: _ 70 _ 5") == "o + . x"


def test_a_group_with_a_row_that_is_off_does_not_run():
    rows = [
        rule("roas", "less_than", "2", 1, group_id=GROUP),
        rule("open_rate", "greater_than", "10", 2, group_id=GROUP, position=1, is_active=False),
    ]
    with pytest.raises(StopIteration):
        play(rows, "roas: 1\nopen_rate: 20")
