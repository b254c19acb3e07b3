"""Charts tell the truth: gaps stay gaps, the limit is always in view, the table says the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from belvedere.web.charts import LineChart, Point, line_chart, segments, sparkline, ticks
from belvedere.web.presentation import Reader

NOW = datetime(2026, 11, 20, 13, 52, tzinfo=UTC)
READER = Reader(NOW, "UTC")


def points(*values, limit=None):
    return [
        Point(NOW - timedelta(hours=len(values) - place), None if value is None else Decimal(str(value)),
              breach=limit is not None and value is not None and value < limit)
        for place, value in enumerate(values)
    ]  # fmt: skip


def test_a_gap_breaks_the_line_and_is_hatched():
    drawn = line_chart(LineChart("CVR", points(2, 3, None, 2, 1)), READER)
    assert drawn.has_gaps
    assert drawn.svg.count('class="gap"') == 1
    assert drawn.svg.split('class="ln" d="')[1].split('"')[0].count("M") == 2
    assert [value for _, value, _ in drawn.rows][2] == "–"


def test_breaches_are_marked_and_counted_in_words():
    chart = LineChart("CVR", points(2, 1, 0.5, limit=1.2), unit="percent", limit=Decimal("1.2"))
    drawn = line_chart(chart, READER)
    assert drawn.svg.count('class="dia"') == 2
    assert "2 readings in breach" in drawn.finding
    assert "limit 1.2%" in drawn.finding
    assert drawn.finding in drawn.svg.unescape()


def test_a_long_stretch_of_breaches_is_marked_where_there_is_room_and_at_its_ends():
    values = [*[2] * 10, *[1] * 90, *[2] * 3, 1, *[2] * 97]
    chart = LineChart("CVR", points(*values, limit=1.2), unit="percent", limit=Decimal("1.2"))
    drawn = line_chart(chart, READER)
    places = [float(part.split("%")[0]) for part in drawn.svg.split('<svg x="')[1:]]
    lone = places.pop()
    assert (places[0], places[-1], lone) == (5.0, 49.5, 51.5)
    assert all(later - earlier >= 3.2 for earlier, later in pairwise(places[:-1]))
    assert len(places) < 16
    assert "91 readings in breach" in drawn.finding
    assert sum(is_breach for _, _, is_breach in drawn.rows) == 91


def test_a_chart_without_readings_says_so_and_draws_nothing():
    drawn = line_chart(LineChart("CVR", points(None, None)), READER)
    assert drawn.svg == ""
    assert drawn.finding == "CVR: no reading yet."


def test_one_reading_is_a_dot():
    assert 'class="lone"' in line_chart(LineChart("CVR", points(2)), READER).svg


def test_titles_from_outside_are_escaped():
    assert "<script>" not in line_chart(LineChart('"><script>', points(1, 2)), READER).svg


def test_a_sparkline_needs_two_readings_and_is_red_only_in_breach():
    assert sparkline([Decimal(1), None]) == ""
    assert "breach" not in sparkline([Decimal(1), Decimal(2)])
    assert "breach" in sparkline([Decimal(1), None, Decimal(1)], breach=True)


@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(-(10**9), 10**9, places=4))
def test_ticks_enclose_the_values_and_stay_few(one, other):
    low, high = min(one, other), max(one, other)
    marks = ticks(low, high)
    assert marks[0] <= low
    assert marks[-1] >= high
    assert 2 <= len(marks) <= 8
    assert marks == sorted(set(marks))


@given(st.lists(st.one_of(st.none(), st.decimals(-(10**6), 10**6, places=2)), max_size=40))
def test_segments_keep_every_reading_and_never_bridge_a_gap(values):
    runs = segments([Point(NOW, value) for value in values])
    assert [place for run in runs for place, _ in run] == [
        place for place, value in enumerate(values) if value is not None
    ]
    for run in runs:
        places = [place for place, _ in run]
        assert places == list(range(places[0], places[0] + len(places)))


@given(
    st.lists(st.one_of(st.none(), st.decimals(-(10**6), 10**6, places=2)), max_size=30),
    st.decimals(-(10**6), 10**6, places=2),
)
def test_any_readings_can_be_drawn(values, limit):
    drawn = line_chart(LineChart("Any", [Point(NOW, value) for value in values], limit=limit), READER)
    assert len(drawn.rows) == len(values)
