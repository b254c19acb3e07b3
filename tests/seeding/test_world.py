"""Keys and chance are functions of what was asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from belvedere.core.ids import uuid7_time
from belvedere.seeding.names import name_client, name_person
from belvedere.seeding.world import ClientPlan, World

NOW = datetime(2026, 11, 19, 23, 59, tzinfo=UTC)
CLIENT = ClientPlan(3, "Alder Roasters", "alder-roasters", "EUR", "Europe/Berlin")


def world(seed: int = 1, days: int = 10) -> World:
    return World(seed, days, NOW, (CLIENT,))


@given(st.integers(), st.text(), st.integers())
def test_a_key_is_a_valid_uuid_and_always_the_same(seed, part, number):
    key = world(seed).key("ads.campaigns", part, number)
    assert key == world(seed).key("ads.campaigns", part, number)
    assert key.version == 4
    assert UUID(str(key)) == key


def test_keys_of_another_seed_table_client_or_number_differ():
    first = world().key("ads.campaigns", 3, 1)
    others = {
        world(2).key("ads.campaigns", 3, 1),
        world().key("ads.alerts", 3, 1),
        world().key("ads.campaigns", 4, 1),
        world().key("ads.campaigns", 31),
    }
    assert first not in others
    assert len(others) == 4


@given(st.integers(min_value=978_307_200_000, max_value=4_070_908_800_000))
def test_a_key_at_an_instant_carries_it_to_the_millisecond(milliseconds):
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    found = uuid7_time(world().key_at(at, "watch.api_records", 1))
    assert abs(found - at) < timedelta(milliseconds=1)


def test_chance_of_one_part_does_not_depend_on_another():
    first = [world().random("ads", 1).random() for _ in range(2)]
    world().random("outreach", 1).random()
    assert first == [world().random("ads", 1).random()] * 2


def test_days_are_counted_back_from_the_last():
    days = list(world(days=3).dates())
    assert [str(day) for day in days] == ["2026-11-17", "2026-11-18", "2026-11-19"]


def test_a_thousand_clients_have_names_of_their_own():
    assert len({name_client(number).slug for number in range(1000)}) == 1000


def test_neighbours_among_people_have_names_of_their_own():
    names = [name_person(number) for number in range(100)]
    assert len(set(names)) == 100
