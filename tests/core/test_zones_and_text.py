from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.core import text
from belvedere.core.errors import Invalid
from belvedere.core.zones import (
    at_local,
    business_day,
    day_bounds,
    day_end,
    day_length,
    day_start,
    find_zone,
    local,
    utc,
)

D = Decimal
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")
ZONES = st.sampled_from([VIENNA, ZoneInfo("Europe/London"), ZoneInfo("America/New_York")])
DAYS = st.dates(date(1990, 1, 1), date(2037, 12, 30))
INSTANTS = st.datetimes(
    datetime.fromisoformat("1990-01-02"), datetime.fromisoformat("2037-12-30"), timezones=st.just(UTC)
)


@given(INSTANTS, ZONES)
def test_every_instant_lies_in_the_bounds_of_its_business_day(instant, zone):
    start, end = day_bounds(business_day(instant, zone), zone)
    assert start <= instant < end


@given(DAYS, ZONES)
def test_days_follow_each_other_without_gap_or_overlap(day, zone):
    assert day_end(day, zone) == day_start(day + timedelta(days=1), zone)
    assert business_day(day_start(day, zone), zone) == day
    assert business_day(day_end(day, zone) - timedelta(microseconds=1), zone) == day
    assert day_length(day, zone) in {timedelta(hours=hours) for hours in (23, 24, 25)}


def test_the_edges_of_the_years_are_shown_in_any_zone():
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    for name in ("Pacific/Kiritimati", "Europe/Vienna", "America/New_York", "UTC"):
        zone = find_zone(name)
        for instant in (first, last):
            assert abs(local(instant, zone) - instant) == timedelta(0)
            assert text.format_when(instant, NOON, zone)
            assert text.format_exact(instant, zone)
    assert local(NOON, VIENNA).hour == 13


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Vienna", date(2026, 3, 29), 23),
        ("Europe/Vienna", date(2026, 10, 25), 25),
        ("Europe/London", date(2026, 3, 29), 23),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
    ],
)
def test_the_changes_of_the_clock_make_short_and_long_days(zone, day, hours):
    assert day_length(day, find_zone(zone)) == timedelta(hours=hours)


def test_a_day_whose_midnight_is_skipped_begins_at_one():
    cairo = find_zone("Africa/Cairo")
    assert day_start(date(2026, 4, 24), cairo).astimezone(cairo).time() == time(1)


def test_a_local_time_that_is_skipped_or_doubled_names_one_instant():
    assert at_local(date(2026, 3, 29), time(2, 30), VIENNA) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert at_local(date(2026, 10, 25), time(2, 30), VIENNA) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "Europe/Atlantis", "../etc/passwd", "/etc/passwd", "vienna"])
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(Invalid, match="time zone"):
        find_zone(name)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        utc(datetime.fromisoformat("2026-01-01"))


def test_numbers_are_written_for_people():
    assert text.format_number(1284) == "1,284"
    assert text.format_number(D("-3.50")) == "−3.5"
    assert text.format_number(D("1000")) == "1,000"
    assert text.format_number(D("2.345"), 2) == "2.34"
    assert text.format_number(D("-0.001"), 2) == "0.00"
    assert text.format_number(None) == "–"
    assert text.format_short(2_412_345) == "2.41\u00a0M"
    assert text.format_short(9_999) == "9,999"
    assert text.format_short(D("999999")) == "1\u00a0M"
    assert text.format_short(-12_345) == "−12.3\u00a0k"
    assert text.format_unit(D("1.3"), "s") == "1.3\u00a0s"
    assert text.format_count(0, "open alert", "open alerts") == "no open alerts"
    assert text.format_count(1, "alert", "alerts") == "1\u00a0alert"
    assert text.format_count(1284, "alert", "alerts") == "1,284\u00a0alerts"


def test_money_and_percents_are_written_for_people():
    assert text.format_money(D("9184.2"), "EUR") == "€9,184.20"
    assert text.format_money(D("9184.6"), "EUR", whole=True) == "€9,185"
    assert text.format_money(D("999.60"), "EUR", whole=True) == "€999.60"
    assert text.format_money(D("-3"), "USD") == "−$3.00"
    assert text.format_money(D("-0.001"), "USD") == "$0.00"
    assert text.format_money(D("1234"), "JPY") == "¥1,234"
    assert text.format_money(D("40"), "CHF") == "CHF\u00a040.00"
    assert text.format_percent(D("31.62")) == "31.6%"
    assert text.format_percent(None) == "–"
    assert text.format_points(D("1.94")) == "+1.9\u00a0pp"
    assert text.format_points(D("-1.94")) == "−1.9\u00a0pp"
    assert text.format_points(D("0.01")) == "0.0\u00a0pp"
    assert text.format_ratio(D("2.9412")) == "2.94×"


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=-4), "0\u00a0s"),
        (timedelta(seconds=40), "40\u00a0s"),
        (timedelta(minutes=38, seconds=59), "38\u00a0min"),
        (timedelta(hours=2, minutes=41), "2\u00a0h\u00a041\u00a0min"),
        (timedelta(hours=2), "2\u00a0h"),
        (timedelta(hours=30), "1\u00a0day"),
        (timedelta(days=5, hours=23), "5\u00a0days"),
    ],
)
def test_ages_are_written_for_people(age, shown):
    assert text.format_age(age) == shown


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (datetime(2026, 11, 20, 13, 45, tzinfo=UTC), "14:45"),
        (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 11, 19, 17, 0, tzinfo=UTC), "Thu\u00a018:00"),
        (datetime(2026, 11, 12, 9, 0, tzinfo=UTC), "12\u00a0Nov"),
        (datetime(2025, 11, 12, 9, 0, tzinfo=UTC), "12\u00a0Nov\u00a02025"),
    ],
)
def test_times_are_written_for_people_in_their_zone(instant, shown):
    assert text.format_when(instant, datetime(2026, 11, 20, 15, 0, tzinfo=UTC), VIENNA) == shown


def test_the_exact_time_names_its_zone():
    shown = text.format_exact(datetime(2025, 11, 12, 13, 45, 3, tzinfo=UTC), VIENNA)
    assert shown == "12 Nov 2025, 14:45:03 Europe/Vienna"


def test_long_names_are_cut_at_the_end():
    assert text.cut("Kaffeehaus Brandt", 11) == "Kaffeehaus…"
    assert text.cut("Brandt", 6) == "Brandt"


@given(st.text(max_size=60), st.integers(1, 60))
def test_a_cut_text_never_exceeds_its_length(long, length):
    assert len(text.cut(long, length)) <= length
