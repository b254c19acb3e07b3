"""When a reading is due and when it is late."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.sources.contracts import Freshness
from belvedere.sources.freshness import is_suspiciously_empty, judge_freshness, next_due, retry_due

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def state(age=None, *, interval=HOUR, failures=0, is_active=True):
    return judge_freshness(
        is_active=is_active,
        last_good_at=None if age is None else NOW - age,
        consecutive_failures=failures,
        last_error="The key was refused." if failures else None,
        interval=interval,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (state(timedelta(minutes=89)), Freshness.FRESH),
        (state(timedelta(minutes=90)), Freshness.LATE),
        (state(timedelta(minutes=19), interval=timedelta(minutes=5)), Freshness.FRESH),
        (state(timedelta(minutes=20), interval=timedelta(minutes=5)), Freshness.LATE),
        (state(timedelta(minutes=5), failures=2), Freshness.FRESH),
        (state(timedelta(minutes=5), failures=3), Freshness.FAILED),
        (state(timedelta(minutes=95), failures=1), Freshness.FAILED),
        (state(None), Freshness.NEVER),
        (state(None, failures=1), Freshness.FAILED),
        (state(timedelta(days=9), is_active=False), Freshness.OFF),
    ],
)
def test_an_account_is_fresh_late_failed_or_off(view, expected):
    assert view.state is expected
    assert view.reason


def test_a_failure_names_its_reason():
    assert "The key was refused." in state(timedelta(hours=5), failures=4).reason


moments = st.timedeltas(timedelta(0), timedelta(days=9000)).map(
    lambda since: datetime(2020, 1, 1, tzinfo=UTC) + since
)


@given(st.uuids(), st.integers(1, 525_600), moments)
def test_the_next_run_comes_once_within_an_interval_and_a_half(account_id, minutes, now):
    interval = timedelta(minutes=minutes)
    due = next_due(account_id, interval, now)
    assert interval / 2 <= due - now < interval * 1.5 + timedelta(seconds=1)
    assert next_due(account_id, interval, now) == due


def test_accounts_do_not_start_together():
    interval = timedelta(hours=24)
    starts = {next_due(uuid4(), interval, NOW).replace(second=0, microsecond=0) for _ in range(300)}
    assert len(starts) > 200


def test_long_absence_is_made_up_by_one_run():
    account = UUID(int=5)
    late = NOW + timedelta(days=40)
    assert next_due(account, HOUR, late) > late


def test_failures_are_tried_again_sooner_then_later():
    waits = [retry_due(n, HOUR * 24, NOW, permanent=False) - NOW for n in (1, 2, 3, 20)]
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4), timedelta(hours=24)]
    assert retry_due(1, HOUR, NOW, permanent=True) == NOW + HOUR
    assert retry_due(1, HOUR, NOW, permanent=False, retry_after=7200) == NOW + 2 * HOUR


def test_nothing_where_there_usually_is_something_is_suspicious():
    assert is_suspiciously_empty(0, [5, 0, 4])
    assert not is_suspiciously_empty(0, [0, 0, 4])
    assert not is_suspiciously_empty(0, [])
    assert not is_suspiciously_empty(1, [900])
