from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.core.ids import new_id, uuid7_batch, uuid7_bytes, uuid7_floor, uuid7_strings, uuid7_time

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
INSTANTS = st.datetimes(
    datetime.fromisoformat("2001-01-01"), datetime.fromisoformat("2900-01-01"), timezones=st.just(UTC)
)


def to_millisecond(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@given(INSTANTS)
def test_an_id_carries_version_variant_and_the_millisecond_of_its_instant(instant: datetime):
    made = new_id(instant)
    assert (made.version, made.variant) == (7, RFC_4122)
    # An instant a little before the last one used in this process counts on from there.
    assert timedelta(0) <= uuid7_time(made) - to_millisecond(instant) <= timedelta(seconds=61)


@given(INSTANTS, st.lists(st.tuples(st.integers(0, 40), st.integers(-30, 5000)), max_size=20))
def test_ids_rise_within_a_batch_and_across_calls_even_when_the_clock_steps_back(start, calls):
    now, made = start, [new_id(start)]
    for count, step in calls:
        now += timedelta(milliseconds=step)
        made += uuid7_batch(count, now)
    assert made == sorted(set(made))


def test_an_instant_far_in_the_past_keeps_its_own_time():
    new_id(NOW)
    past = NOW - timedelta(days=400)
    assert uuid7_time(new_id(past)) == past


def test_the_three_forms_of_a_batch_are_the_same_kind_of_id():
    strings = uuid7_strings(1000, NOW)
    assert strings.dtype == pl.String
    assert strings.name == "id"
    assert strings.is_sorted()
    assert strings.n_unique() == 1000
    assert all(str(UUID(text)) == text and UUID(text).version == 7 for text in strings)
    assert len(uuid7_bytes(7, NOW)) == 7 * 16
    assert strings[-1] < str(uuid7_batch(1, NOW)[0])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_small_and_empty_batches_have_their_exact_length(count):
    assert len(uuid7_batch(count, NOW)) == count
    assert len(uuid7_strings(count, NOW)) == count


def test_a_large_batch_stays_unique_and_ordered_over_every_carry_of_the_counter():
    raw = uuid7_bytes(300_000, NOW)
    series = pl.Series([raw[i : i + 16] for i in range(0, len(raw), 16)])
    assert series.n_unique() == 300_000
    assert series.is_sorted()
    assert {byte >> 4 for byte in raw[6::16]} == {7}
    assert {byte >> 6 for byte in raw[8::16]} == {2}


def test_a_counter_that_runs_out_moves_to_the_next_millisecond():
    from belvedere.core.ids import _COUNTER_LIMIT, _Sequence

    sequence = _Sequence()
    sequence.reserve(1, 1000)
    sequence._next = _COUNTER_LIMIT - 2
    first, second = sequence.reserve(5, 1000)
    assert first == (1000, _COUNTER_LIMIT - 2, 2)
    assert (second[0], second[2]) == (1001, 3)


@given(INSTANTS)
def test_the_floor_parts_older_ids_from_younger_ones(instant: datetime):
    floor = uuid7_floor(instant)
    assert floor.version == 7
    assert uuid7_time(floor) == to_millisecond(instant)
    assert new_id(instant) >= floor
    assert uuid7_floor(instant - timedelta(milliseconds=1)) < floor


def test_what_cannot_be_an_id_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        new_id(datetime.fromisoformat("2026-01-01"))
    with pytest.raises(ValueError, match="1970"):
        new_id(datetime(1960, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="negative"):
        uuid7_bytes(-1, NOW)
    with pytest.raises(ValueError, match="not a UUIDv7"):
        uuid7_time(UUID(int=0))
