"""Searching by words."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists, sampled_from

from belvedere.core.words import MARKS, words_of, words_query


@pytest.mark.parametrize(
    ("search", "asked"),
    [
        (None, None),
        ("", None),
        (" \x00 ", None),
        ("Advent", "'Advent':*"),
        ("meta_ads cpa", "'meta':* & 'ads':* & 'cpa':*"),
        ("a'b\\c", "'a':* & 'b':* & 'c':*"),
        ("---", ""),
    ],
)
def test_a_search_becomes_the_beginnings_of_words(search, asked):
    assert words_query(search) == asked


def test_every_mark_parts_words_in_the_database_as_in_a_search(admin):
    for mark in MARKS:
        row = admin.execute(
            f"SELECT {words_of('%s::text')} @@ to_tsquery('simple', %s)",
            [f"left{mark}Right", words_query(f"RIG{mark}left")],
        ).fetchone()
        assert row == (True,), mark


@given(
    text=lists(
        sampled_from([*MARKS, "a", "b1", "2", "30", "e", "E5", "http", "www", "com", "ä", " ", "amp", "lt"]),
        max_size=14,
    )
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_few_replaced_marks_give_the_words_of_all_marks_replaced(admin, text):
    said = "".join(text)
    apart = "".join(" " if letter in MARKS else letter for letter in said)
    (same,) = admin.execute(
        f"SELECT {words_of('%s::text')} = to_tsvector('simple', %s)", [said, apart]
    ).fetchone()
    assert same, said
