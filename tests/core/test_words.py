"""Searching by words."""

import pytest

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
            f"SELECT {words_of('%s::text')} @@ to_tsquery('simple', %s)".replace("#$%&", "#$%%&"),
            [f"left{mark}Right", words_query(f"RIG{mark}left")],
        ).fetchone()
        assert row == (True,), mark
