"""Searching sorted numbers says what comparing each would, for any threshold, however fine or huge."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.watchtower.columns import NumberValues
from belvedere.watchtower.searches import Numbers
from belvedere.watchtower.threshold import parse_number, parse_threshold

values = st.lists(st.none() | st.integers(-30, 30), max_size=12)
thresholds = st.one_of(
    st.decimals(-35, 35, places=9), st.sampled_from([Decimal(10) ** 40, -(Decimal(10) ** 40), Decimal("0.5")])
)


@given(whole=values, threshold=thresholds, scale=st.sampled_from([0, 1, 6]))
def test_a_search_finds_exactly_what_compares(whole, threshold, scale):
    exact = [None if value is None else Decimal(value).scaleb(-scale) for value in whole]
    dtype = pl.Decimal(20, scale) if scale else pl.Int64
    column = NumberValues(
        pl.Series([None if v is None else (v if scale else int(v)) for v in exact], dtype=dtype)
    )
    mixed = Numbers(exact)
    limit = parse_threshold(f"{threshold:f}"[:60])
    assert limit.number is not None
    for order, holds in (
        (">", lambda value: value > limit.number),
        (">=", lambda value: value >= limit.number),
        ("<", lambda value: value < limit.number),
        ("<=", lambda value: value <= limit.number),
    ):
        expected = [row for row, value in enumerate(exact) if value is not None and holds(value)]
        assert column.ordered(order, limit).hits.to_list() == expected
        assert mixed.ordered(order, limit.number).to_list() == expected
    same = [row for row, value in enumerate(exact) if value == limit.number]
    assert column.equal(limit).hits.to_list() == mixed.within(limit.number, limit.number).to_list() == same


@given(whole=values, ends=st.tuples(thresholds, thresholds), scale=st.sampled_from([0, 1, 6]))
def test_a_range_holds_both_its_ends(whole, ends, scale):
    exact = [None if value is None else Decimal(value).scaleb(-scale) for value in whole]
    column = NumberValues(pl.Series(exact, dtype=pl.Decimal(20, scale)))
    low, high = (parse_threshold(f"{end:f}"[:60]) for end in sorted(ends))
    expected = [
        row for row, value in enumerate(exact) if value is not None and low.number <= value <= high.number
    ]
    assert column.within(low, high).hits.to_list() == expected
    assert Numbers(exact).within(low.number, high.number).to_list() == expected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1,200", "1200"), ("15 %", "15"), ("$40", "40"), ("−3.5", "-3.5"), ("1.5×", "1.5"), (" 7 ", "7"),
        ("1,5", None), ("1.200,50", None), ("ten", None), ("NaN", None), ("Infinity", None), ("", None),
        ("12,34", None), ("١٥", None), ("1_000", None), ("0x10", None),
    ],
)  # fmt: skip
def test_numbers_as_people_type_them(typed, meant):
    assert parse_number(typed) == (None if meant is None else Decimal(meant))
