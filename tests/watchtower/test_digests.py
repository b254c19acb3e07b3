"""What a digest says, to whom, and when it says nothing."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from tests.watchtower.digest_world import MONDAY_NINE, DigestWorld

from belvedere.watchtower.digests_gather import MOST_LINES

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SOON = MONDAY_NINE + MINUTE
TEAM = "team@brandt.example"


@pytest.fixture
def house(world, runtime) -> DigestWorld:
    return DigestWorld(world, runtime)


def lists(digest) -> dict[str, list[str]]:
    """{list: titles} over every client of a digest."""
    found: dict[str, list[str]] = {}
    for group in digest["body"]["groups"]:
        for part in group["lists"]:
            found.setdefault(part["list"], []).extend(line["title"] for line in part["lines"])
    return found


async def test_both_immediate_and_schedule_is_marked_already_sent_item_20(house):
    rule = house.rule(notify_immediately=True)
    house.alert(rule, MONDAY_NINE - HOUR, title="Spend 0 on Advent", told_at=MONDAY_NINE - HOUR)
    house.alert(house.rule(name="Later"), MONDAY_NINE - HOUR, title="CPA 61 on Search")
    await house.at(SOON)
    (text,) = house.texts()
    assert "• Warning: Spend 0 on Advent (already sent)" in text
    assert "• Warning: CPA 61 on Search\n" in f"{text}\n"


async def test_a_value_that_moved_since_the_title_is_said_item_21(house):
    def read(value):
        return [
            {
                "field": "spend",
                "label": "Spend",
                "unit": "currency",
                "limit": "5",
                "value": value,
                "result": True,
            }
        ]

    rule = house.rule()
    for title, latest in (("Spend 4 on A", "1.5"), ("Spend 4 on B", "4")):
        reason = json.dumps({"conditions": read("4"), "latest": read(latest)})
        house.alert(rule, MONDAY_NINE - HOUR, title=title, reason=reason)
    await house.at(SOON)
    (text,) = house.texts()
    assert "• Warning: Spend 4 on A (now €1.50)" in text
    assert "• Warning: Spend 4 on B\n" in f"{text}\n"


async def test_neither_immediate_nor_schedule_tells_nobody_item_20(house):
    rule = house.rule(notify_schedule=None)
    house.alert(rule, MONDAY_NINE - HOUR)
    assert await house.minutes(MONDAY_NINE, MONDAY_NINE + DAY, HOUR) == []
    assert house.digests() == []
    assert house.messages() == []


async def test_a_schedule_without_a_channel_tells_nobody_item_20(house):
    house.alert(house.rule(notify_email=False), MONDAY_NINE - HOUR)
    assert await house.at(SOON) == []


async def test_the_window_is_open_at_its_start_and_closed_at_its_end_item_21(house):
    rule = house.rule()
    for title, opened in (
        ("at the start", MONDAY_NINE - DAY),
        ("just in", MONDAY_NINE - DAY + timedelta(microseconds=1)),
        ("at the end", MONDAY_NINE),
        ("just out", MONDAY_NINE + timedelta(microseconds=1)),
    ):
        house.alert(rule, opened, title=title)
    await house.at(MONDAY_NINE - DAY + MINUTE)
    assert set(lists(house.digests()[0])["new"]) == {"at the start"}
    await house.at(SOON)
    second = house.digests()[1]
    assert set(lists(second)["new"]) == {"just in", "at the end"}
    assert lists(second)["open"] == ["at the start"]
    await house.at(SOON + DAY)
    assert lists(house.digests()[2])["new"] == ["just out"]


async def test_an_alert_stands_in_one_list_item_21(house):
    rule = house.rule()
    house.alert(rule, MONDAY_NINE - 30 * HOUR, title="old and open")
    house.alert(rule, MONDAY_NINE - 30 * HOUR, title="old and gone", resolved_at=MONDAY_NINE - HOUR)
    house.alert(rule, MONDAY_NINE - 5 * HOUR, title="new and gone", resolved_at=MONDAY_NINE - HOUR)
    house.alert(
        rule, MONDAY_NINE - 5 * HOUR, title="gone after", resolved_at=MONDAY_NINE + timedelta(seconds=20)
    )
    house.alert(rule, MONDAY_NINE - 40 * HOUR, title="long gone", resolved_at=MONDAY_NINE - 26 * HOUR)
    await house.at(MONDAY_NINE - DAY + MINUTE)
    await house.at(SOON)
    digest = house.digests()[1]
    assert {name: set(titles) for name, titles in lists(digest).items()} == {
        "new": {"new and gone", "gone after"}, "open": {"old and open"}, "resolved": {"old and gone"},
    }  # fmt: skip
    assert (digest["new_count"], digest["open_count"], digest["resolved_count"]) == (2, 1, 1)
    assert digest["body"]["title"] == "Daily digest: 2 new, 1 still open, 1 resolved"
    assert "new and gone (resolved 08:00)" in house.texts()[1]


async def test_acknowledged_and_snoozed_are_shown_as_such_item_21(house):
    rule = house.rule()
    taken = {
        "is_acknowledged": True,
        "acknowledged_at": MONDAY_NINE,
        "acknowledged_by": "alice@brandt.example",
    }
    house.alert(rule, MONDAY_NINE - HOUR, title="taken", **taken)
    house.alert(rule, MONDAY_NINE - HOUR, title="asleep", snoozed_until=MONDAY_NINE + 5 * HOUR)
    house.alert(rule, MONDAY_NINE - HOUR, title="awake again", snoozed_until=MONDAY_NINE)
    house.alert(rule, MONDAY_NINE - HOUR, title="hushed", held_reason="silenced")
    await house.at(SOON)
    (text,) = house.texts()
    assert "taken (taken on by Alice)" in text
    assert "asleep (snoozed until 14:00)" in text
    assert "awake again\n" in f"{text}\n"
    assert "hushed (silenced)" in text


async def test_the_worst_come_first_and_the_rest_is_a_number_item_21(house):
    rule = house.rule()
    for number in range(MOST_LINES + 5):
        house.alert(rule, MONDAY_NINE - HOUR + number * MINUTE, title=f"info {number}", severity="info")
    house.alert(rule, MONDAY_NINE - 3 * HOUR, title="worst", severity="critical")
    await house.at(SOON)
    (digest,), (message,) = house.digests(), house.messages()
    assert lists(digest)["new"][0] == "worst"
    assert len(lists(digest)["new"]) == MOST_LINES
    assert "and 6 more" in message["message"]["text"]
    assert message["message"]["url"] == f"/digests/{digest['id']}"
    assert message["severity"] == "critical"
    assert (message["kind"], message["subject_type"], message["subject_id"]) == (
        "digest",
        "digest",
        digest["id"],
    )


async def test_stale_sources_are_told_at_the_boundary_item_21(house):
    house.rule()
    account = (
        "INSERT INTO source_accounts (id, client_id, source_id, account_key, last_good_at)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)"
    )
    source = house.world.source()
    for client, key, good in (
        (1, "default", MONDAY_NINE - 7 * HOUR),
        (1, "fresh", MONDAY_NINE),
        (2, "other", MONDAY_NINE - DAY),
    ):
        house.world.admin.execute(account, [client, source, key, good])
    await house.at(SOON)
    (digest,), (text,) = house.digests(), house.texts()
    assert digest["stale_count"] == 1
    assert digest["state"] == "sent"
    assert "Daily digest: 1 stale source" in text
    assert "• omnisend campaigns: The last good reading is 7" in text


async def test_nothing_to_tell_is_not_sent_item_21(house):
    house.rule()
    await house.at(SOON)
    (digest,) = house.digests()
    assert (digest["state"], house.messages()) == ("empty", [])


async def test_all_clear_is_said_where_it_is_asked_item_21(house):
    house.rule(digest_all_clear=True)
    house.rule(name="Another")
    await house.at(SOON)
    assert [digest["state"] for digest in house.digests()] == ["all_clear"]
    assert "Daily digest: all clear" in house.texts()[0]


async def test_five_silent_days_are_told_once_item_21(house):
    rule = house.rule()
    for day in range(12):
        await house.at(SOON + day * DAY)
    assert [digest["state"] for digest in house.digests()] == ["empty"] * 12
    (text,) = house.texts()
    assert text.startswith("Daily digest: nothing to report since Sun 15 Nov")
    told = [number for number, digest in enumerate(house.digests()) if "silence" in digest["body"]]
    assert told == [4]
    # Something to tell ends the silence; the next one is told again.
    house.alert(rule, MONDAY_NINE + 12 * DAY - HOUR, resolved_at=MONDAY_NINE + 12 * DAY - MINUTE)
    for day in range(12, 20):
        await house.at(SOON + day * DAY)
    assert [row["message"]["title"].partition(": ")[2] for row in house.messages()] == [
        "nothing to report since Sun 15 Nov", "1 new", "nothing to report since Sat 28 Nov",
    ]  # fmt: skip


async def test_a_weekly_digest_is_silent_for_two_weeks_before_that_is_told_item_21(house):
    house.rule(notify_schedule="weekly")
    for week in range(4):
        await house.at(SOON + 7 * week * DAY)
    assert ["silence" in digest["body"] for digest in house.digests()] == [False, True, False, False]


async def test_one_message_over_all_rules_of_a_destination_item_21(house):
    for name in ("Low open rate", "High CPA"):
        house.alert(
            house.rule(name=name, notify_discord=True, discord_channel_id="118"),
            MONDAY_NINE - HOUR,
            title=name,
        )
    house.alert(house.rule(notify_schedule="weekly"), MONDAY_NINE - HOUR, title="of the week")
    await house.at(SOON)
    made = {(row["schedule"], row["channel"], row["destination"]): row for row in house.digests()}
    assert set(made) == {("daily", "discord_bot", "118"), ("daily", "email", TEAM), ("weekly", "email", TEAM)}
    assert set(lists(made["daily", "discord_bot", "118"])["new"]) == {"Low open rate", "High CPA"}
    assert lists(made["weekly", "email", TEAM])["new"] == ["of the week"]


async def test_two_times_at_one_destination_share_their_windows_item_21(house):
    morning, evening = house.rule(), house.rule(name="Evening", notify_time=time(17))
    house.alert(morning, MONDAY_NINE + HOUR, title="of the morning rule")
    house.alert(evening, MONDAY_NINE + 2 * HOUR, title="of the evening rule")
    await house.at(SOON)
    await house.at(SOON + 8 * HOUR)
    await house.at(SOON + DAY)
    first, second, third = house.digests()
    assert lists(first) == {}
    assert set(lists(second)["new"]) == {"of the morning rule", "of the evening rule"}
    assert "new" not in lists(third)
    assert third["window_start"] == second["boundary_at"] == MONDAY_NINE + 8 * HOUR


async def test_a_rule_for_every_client_goes_to_the_clients_own_channel_else_to_its_own_item_21(house):
    house.world.admin.execute(
        "UPDATE core.clients SET email_recipients = ARRAY['own@marlow.example'] WHERE id = 2"
    )
    rule = house.rule(client_id=0, email_recipients=["all@agency.example"])
    for client, title in ((1, "at Brandt"), (2, "at Marlow"), (3, "at Tidewater")):
        house.alert(rule, MONDAY_NINE - HOUR, client=client, title=title)
    await house.at(SOON)
    made = {row["destination"]: row for row in house.digests()}
    assert {address: row["client_id"] for address, row in made.items()} == {
        "all@agency.example": 0,
        "own@marlow.example": 2,
    }
    assert lists(made["own@marlow.example"])["new"] == ["at Marlow"]
    groups = made["all@agency.example"]["body"]["groups"]
    assert [(group["client"], group["lists"][0]["lines"][0]["title"]) for group in groups] == [
        ("Kaffeehaus Brandt", "at Brandt"), ("Tidewater Outdoor", "at Tidewater"),
    ]  # fmt: skip
    said = {row["destination"]: row["message"] for row in house.messages()}
    assert "Kaffeehaus Brandt\nNew (1)\n• Warning: at Brandt" in said["all@agency.example"]["text"]
    assert said["all@agency.example"]["client_name"] == "All clients"
    assert "Brandt" not in str(said["own@marlow.example"])


async def test_an_override_does_not_make_a_digest_of_the_rule_it_replaces_item_21(house):
    house.world.admin.execute(
        "UPDATE core.clients SET email_recipients = ARRAY['own@marlow.example'] WHERE id = 2"
    )
    rule = house.rule(client_id=0, notify_email=True, email_recipients=None)
    house.rule(client_id=2, overrides_rule_id=rule, overrides_client_id=0, notify_schedule=None)
    assert await house.at(SOON) == []


async def test_only_the_first_row_of_a_group_decides_item_21(house):
    from uuid import uuid4

    group = uuid4()
    head = house.rule(group_id=group, position=0, notify_schedule=None)
    house.rule(group_id=group, position=1)
    house.alert(head, MONDAY_NINE - HOUR)
    assert await house.at(SOON) == []


async def test_switched_off_rules_and_paused_clients_are_not_told_item_21(house):
    off = house.rule(is_active=False)
    house.alert(off, MONDAY_NINE - HOUR)
    house.alert(house.rule(client_id=2, email_recipients=["m@marlow.example"]), MONDAY_NINE - HOUR, client=2)
    house.world.admin.execute("UPDATE core.clients SET status = 'paused' WHERE id = 2")
    assert await house.at(SOON) == []
    # Another rule that is on takes what was found before along.
    house.rule(name="On")
    await house.at(SOON)
    assert house.digests()[0]["new_count"] == 1


async def test_a_rules_zone_comes_before_the_clients_and_the_agencys_item_22(house):
    house.world.admin.execute("UPDATE core.clients SET timezone = 'Asia/Tokyo' WHERE id = 0")
    house.rule(notify_zone="America/New_York", email_recipients=["rule@example.com"])
    house.rule(notify_zone=None, email_recipients=["client@example.com"])
    house.rule(notify_zone=None, client_id=0, email_recipients=["agency@example.com"])
    house.rule(notify_zone="Mars/Olympus", email_recipients=["broken@example.com"])
    midnight = datetime(2026, 11, 18, tzinfo=UTC)
    await house.minutes(midnight + MINUTE, midnight + 23 * HOUR, HOUR)
    made = {row["destination"]: (row["zone"], row["boundary_at"].hour) for row in house.digests()}
    assert made == {
        "rule@example.com": ("America/New_York", 14), "client@example.com": ("Europe/Vienna", 8),
        "agency@example.com": ("Asia/Tokyo", 0), "broken@example.com": ("Europe/Vienna", 8),
    }  # fmt: skip
    (broken,) = house.digests(destination="broken@example.com")
    assert broken["body"]["notes"] == ["“Mars/Olympus” is not a time zone; Europe/Vienna counts instead."]
