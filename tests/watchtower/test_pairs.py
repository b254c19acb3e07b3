"""Which record of the reading before stands beside which of this one."""

from hypothesis import example, given
from hypothesis import strategies as st
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity

from belvedere.watchtower.reading import Reading, holds_the_same, pair_rows

NAMES = st.lists(st.none() | st.sampled_from("abcde"), max_size=6)


def reading_of(names: list[str | None]) -> Reading:
    return Reading(make_frames([Entity(name, {}, {}) for name in names]))  # type: ignore[arg-type]  # files may lack ids


@given(NAMES, st.none() | NAMES)
@example(["a", "b"], None)
@example(["a", "a"], None)
@example(["a", None], None)
@example(["a", "b"], ["b", "a"])
def test_pairs_are_those_of_a_plain_search(now: list[str | None], before: list[str | None] | None):
    before = now if before is None else before
    last = {name: row for row, name in enumerate(before) if name is not None}
    expected = [(row, last[name]) for row, name in enumerate(now) if name in last]
    pairs = pair_rows(reading_of(now), reading_of(before))
    assert list(zip(*(rows.to_list() for rows in pairs), strict=True)) == expected


def test_readings_in_the_same_order_need_no_search():
    assert holds_the_same(reading_of(["a", "b"]), reading_of(["a", "b"]))
    for now, before in (
        (["a", "b"], ["b", "a"]),
        (["a", "a"], ["a", "a"]),
        ([None], [None]),
        (["a"], ["a", "b"]),
    ):
        assert not holds_the_same(reading_of(now), reading_of(before))
