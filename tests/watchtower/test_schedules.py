"""Boundaries of digests: both changes of the clock, zones that do not know, and what must hold for all of them."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from belvedere.watchtower.contracts import NotifySchedule
from belvedere.watchtower.schedules import (
    Schedule,
    boundaries_after,
    boundary_before,
    choose_zone,
    last_boundary,
    next_boundary,
)

DAILY, WEEKLY = NotifySchedule.DAILY, NotifySchedule.WEEKLY
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
HOUR = timedelta(hours=1)

# Zone, time of day, local day of the change, and the one boundary of that day in UTC.
CHANGES = (
    (
        "Europe/Berlin",
        time(2, 30),
        date(2026, 3, 29),
        "2026-03-29T01:00",
    ),  # left out: 03:00, the first instant after
    (
        "Europe/Berlin",
        time(2, 30),
        date(2026, 10, 25),
        "2026-10-25T00:30",
    ),  # repeated: the first, still in summer
    ("Europe/Berlin", time(9), date(2026, 3, 29), "2026-03-29T07:00"),
    ("Europe/Berlin", time(9), date(2026, 10, 25), "2026-10-25T08:00"),
    ("America/New_York", time(2, 30), date(2026, 3, 8), "2026-03-08T07:00"),
    ("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30"),
    ("America/New_York", time(9), date(2026, 3, 8), "2026-03-08T13:00"),
    ("America/New_York", time(9), date(2026, 11, 1), "2026-11-01T14:00"),
    ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "2026-10-03T15:30"),  # half an hour is left out
    ("Australia/Lord_Howe", time(1, 45), date(2026, 4, 5), "2026-04-04T14:45"),  # half an hour is repeated
    ("Australia/Lord_Howe", time(9), date(2026, 10, 4), "2026-10-03T22:00"),
    ("Australia/Lord_Howe", time(9), date(2026, 4, 5), "2026-04-04T22:30"),
    ("Asia/Kolkata", time(2, 30), date(2026, 3, 29), "2026-03-28T21:00"),
    ("Asia/Kolkata", time(9), date(2026, 10, 25), "2026-10-25T03:30"),
)


def instant(word: str) -> datetime:
    return datetime.fromisoformat(word).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "clock", "day", "expected"), CHANGES, ids=str)
def test_a_day_of_a_change_has_one_boundary_item_22(zone, clock, day, expected):
    schedule = Schedule(DAILY, clock, zone)
    noon_before = datetime.combine(day - timedelta(days=1), time(12), tzinfo=ZoneInfo(zone))
    after = datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(zone))
    found = list(takewhile(lambda each: each < after, boundaries_after(schedule, noon_before)))
    assert found == [instant(expected)]
    assert last_boundary(schedule, instant(expected)) == instant(expected)
    assert last_boundary(schedule, instant(expected) - timedelta(seconds=1)) < instant(expected)


@pytest.mark.parametrize(("zone", "clock", "day", "expected"), CHANGES, ids=str)
def test_a_weekly_digest_on_that_day_too_item_22(zone, clock, day, expected):
    sunday_first = day.isoweekday() % 7
    schedule = Schedule(WEEKLY, clock, zone, sunday_first)
    assert next_boundary(schedule, instant(expected) - HOUR) == instant(expected)
    assert next_boundary(schedule, instant(expected)) - instant(expected) > timedelta(days=6, hours=22)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23), ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23), ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5), ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kolkata", date(2026, 3, 29), 24),
    ],
)  # fmt: skip
def test_the_window_over_a_change_is_as_long_as_the_day_item_22(zone, day, hours):
    schedule = Schedule(DAILY, time(9), zone)
    boundary = next_boundary(schedule, datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)))
    assert boundary - boundary_before(schedule, boundary) == timedelta(hours=hours)


@pytest.mark.parametrize("day", range(7))
def test_days_count_from_sunday_item_22(day):
    boundary = next_boundary(Schedule(WEEKLY, time(9), "UTC", day), instant("2026-11-20T12:00"))
    assert boundary.isoweekday() % 7 == day


def test_what_a_rule_leaves_out_is_nine_on_mondays_item_22():
    assert Schedule.of(WEEKLY, None, None, "UTC") == Schedule(WEEKLY, time(9), "UTC", 1)
    assert Schedule.of(DAILY, None, 5, "UTC") == Schedule(DAILY, time(9), "UTC", 1)
    assert Schedule.of(DAILY, time(7, 15, 42), None, "UTC").clock == time(7, 15)
    assert Schedule.of(WEEKLY, None, 0, "UTC").words == "Sundays at 09:00"


def test_the_zone_is_the_rules_the_clients_the_agencys_or_utc_item_22():
    assert choose_zone("Asia/Tokyo", "Europe/Vienna", "Europe/London").name == "Asia/Tokyo"
    assert choose_zone(None, "Europe/Vienna", "Europe/London").name == "Europe/Vienna"
    assert choose_zone(" ", None, "Europe/London").name == "Europe/London"
    assert choose_zone(None, None, None).name == "UTC"


def test_a_broken_zone_falls_to_the_next_with_a_note_item_22():
    found = choose_zone("Mars/Olympus", "Europe/Vienna", "UTC")
    assert (found.name, found.note) == (
        "Europe/Vienna",
        "“Mars/Olympus” is not a time zone; Europe/Vienna counts instead.",
    )
    both = choose_zone("Mars/Olympus", "nowhere", None)
    assert both.name == "UTC"
    assert both.note == "“Mars/Olympus” and “nowhere” are not time zones; UTC counts instead."


# The strategy takes limits on a wall clock and puts the zone there itself.
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
schedules = st.builds(
    Schedule, st.sampled_from([DAILY, WEEKLY]), clocks, st.sampled_from([*ZONES, "Africa/Cairo", "Pacific/Chatham"]),
    st.integers(0, 6),
)  # fmt: skip


def few(schedule: Schedule, moment: datetime, count: int = 6) -> list[datetime]:
    walk = boundaries_after(schedule, moment)
    return [next(walk) for _ in range(count)]


@settings(deadline=None)
@given(schedules, moments)
def test_boundaries_increase_and_none_lies_between_item_21(schedule, moment):
    found = few(schedule, moment)
    for before, after in pairwise(found):
        assert before < after
        assert boundary_before(schedule, after) == before
        assert last_boundary(schedule, after) == after
        assert last_boundary(schedule, after - timedelta(microseconds=1)) == before
        assert next_boundary(schedule, before) == after
    assert last_boundary(schedule, moment) <= moment < found[0]


@settings(deadline=None)
@given(schedules, moments)
def test_each_local_day_or_week_has_exactly_one_item_22(schedule, moment):
    zone = ZoneInfo(schedule.zone)
    days = [each.astimezone(zone).date() for each in few(schedule, moment, 10)]
    step = timedelta(days=1 if schedule.kind is DAILY else 7)
    assert all(after - before == step for before, after in pairwise(days))
    if schedule.kind is WEEKLY:
        assert {day.isoweekday() % 7 for day in days} == {schedule.day}


@settings(deadline=None, max_examples=60)
@given(schedules, moments)
def test_each_moment_is_in_exactly_one_window_item_21(schedule, moment):
    ends = few(schedule, moment - timedelta(days=9), 25)
    windows = [(boundary_before(schedule, end), end) for end in ends]
    assert sum(start < moment <= end for start, end in windows) == 1


@settings(deadline=None, max_examples=60)
@given(schedules, moments, st.integers(2, 400))
def test_cronsim_walked_in_one_go_gives_the_same_item_22(schedule, moment, days):
    """Found from a start anywhere, a boundary is the one of a single long walk."""
    zone = ZoneInfo(schedule.zone)
    start = (
        (moment - timedelta(days=days))
        .astimezone(zone)
        .replace(hour=12, minute=0, second=0, microsecond=0, fold=0)
    )
    found = None
    for local in CronSim(schedule.expression, start):
        found = local.astimezone(UTC)
        if found > moment:
            break
    assert found == next_boundary(schedule, moment)


@settings(deadline=None, max_examples=60)
@given(schedules, moments)
def test_the_wall_clock_alone_gives_the_same_item_22(schedule, moment):
    """A second way to the same answer, without cron: look at every minute of the day on the wall."""
    boundary = next_boundary(schedule, moment)
    zone = ZoneInfo(schedule.zone)
    wall = datetime.combine(boundary.astimezone(zone).date(), schedule.clock)
    shown = wall.replace(tzinfo=zone).astimezone(UTC)
    if shown.astimezone(zone).replace(tzinfo=None) == wall:
        assert boundary == shown
        return
    # The clocks never show it: the first instant whose wall clock is past it.
    minute = timedelta(minutes=1)
    assert boundary.astimezone(zone).replace(tzinfo=None) > wall
    assert (boundary - minute).astimezone(zone).replace(tzinfo=None) < wall
