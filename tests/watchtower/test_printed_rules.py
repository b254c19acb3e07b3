"""The rule language as the first specification prints it: each example goes in through the API by its printed field names
and fires as its text says; each word of its tables does what stands beside it.
"""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from tests.ads.inbox_rows import add_ads_alert
from tests.watchtower.oracle import Entity

from belvedere.core.context import Scope
from belvedere.watchtower.service import acknowledge, recheck_children


def thing(name: str, columns: dict[str, Any] | None = None, **metrics: str) -> Entity:
    return Entity(
        name, {"name": name, **(columns or {})}, {key: Decimal(value) for key, value in metrics.items()}
    )


async def create(http, headers, expect=201, **fields):
    answer = await http.post("/rules", json=fields, headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


def fired(world, rule: str | None = None) -> set[str]:
    rows = world.rows("SELECT external_id, rule_id::text FROM watchtower_alerts WHERE state = 'open'")
    return {row["external_id"] for row in rows if rule is None or row["rule_id"] == rule}


async def take_note(world, entity: str) -> None:
    """Acknowledge what is open on an entity; its children are looked at again at once."""
    rows = world.rows(
        "SELECT id, rule_id FROM watchtower_alerts WHERE state = 'open' AND external_id = %s", entity
    )
    async with world.db.write(Scope.service("olga")) as session:
        await acknowledge(session, [row["id"] for row in rows], actor="olga", now=world.now)


PRINTED = [
    ("status = 'failed'", ("status", "equals", "failed"), {"status": "failed"}, {"status": "sent"}, {}, {}),
    ("spend > 1000", ("spend", "greater_than", "1000"), {}, {}, {"spend": "1000.01"}, {"spend": "1000"}),
    ("open_rate < 15", ("open_rate", "less_than", "15"), {}, {}, {"open_rate": "14.99"}, {"open_rate": "15"}),
    ("tags contains 'high-value'", ("tags", "contains", "high-value"), {"tags": ["vip", "high-value"]}, {"tags": ["vip"]}, {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "columns", "others", "metrics", "more"),
    [pytest.param(*row[1:], id=row[0]) for row in PRINTED],
)
async def test_a_printed_condition_fires_where_it_holds_and_nowhere_else(
    http, olga, world, question, columns, others, metrics, more
):
    field, condition, threshold = question
    await create(
        http,
        olga,
        name="As printed",
        field_name=field,
        condition=condition,
        threshold_value=threshold,
        force=True,
    )
    await world.read([thing("breach", columns, **metrics), thing("fine", others, **more), thing("silent")])
    assert fired(world) == {"breach"}


async def test_status_changed_fires_on_a_value_that_differs_from_the_previous_snapshot(http, olga, world):
    await create(http, olga, name="As printed", field_name="status", condition="changed")
    await world.read([thing("a", {"status": "live"}), thing("b", {"status": "live"})])
    assert fired(world) == set()
    await world.read(
        [thing("a", {"status": "paused"}), thing("b", {"status": "live"}), thing("c", {"status": "new"})]
    )
    assert fired(world) == {"a"}
    (alert,) = world.alerts("open")
    assert (alert["current_value"], alert["previous_value"]) == ("paused", "live")


async def test_the_simple_rule_tells_its_discord_channel(http, olga, world):
    await create(
        http, olga, source_id=str(world.source()), name="Low Open Rate", field_name="open_rate", condition="less_than",
        threshold_value="15", severity="warning", notify_immediately=True, notify_discord=True,
        discord_channel_id="123456789",
    )  # fmt: skip
    await world.read([thing("a", open_rate="11.8"), thing("b", open_rate="40")])
    await world.read([thing("a", open_rate="1")], provider="klaviyo", endpoint="campaigns")
    assert fired(world) == {"a"}
    assert len(world.alerts()) == 1
    assert [(channel, to) for _, channel, to in world.deliveries()] == [("discord_bot", "123456789")]


async def test_the_compound_rule_needs_both_conditions(http, olga, world):
    group = str(uuid4())
    for name, field, condition, threshold in (
        ("Low ROAS + High Spend", "roas", "less_than", "2"),
        ("Low ROAS + High Spend (Spend)", "spend", "greater_than", "1000"),
    ):
        saved = await create(
            http, olga, name=name, field_name=field, condition=condition, threshold_value=threshold, group_id=group,
            logic_operator="AND",
        )  # fmt: skip
    assert saved["expression"] == "roas < 2 AND spend > 1000"
    await world.read([
        thing("both", roas="1.4", spend="1500"), thing("cheap", roas="1.4", spend="900"),
        thing("good", roas="3", spend="1500"), thing("unknown", roas="1.4"),
    ])  # fmt: skip
    assert fired(world) == {"both"}
    (alert,) = world.alerts("open")
    assert alert["title"].startswith("Low ROAS + High Spend") or "ROAS" in alert["title"]


async def test_the_comms_audit_rule_watches_communication_reports(http, olga, world):
    await create(
        http, olga, target_table="communication_reports", name="No Outreach for 7+ Days",
        field_name="days_since_team_message", condition="greater_than", threshold_value="7", severity="warning",
    )  # fmt: skip
    await world.read([thing("other", days_since_team_message="30")])
    place = {"provider": "internal", "endpoint": "communication_reports"}
    await world.read(
        [thing("quiet", days_since_team_message="8"), thing("talks", days_since_team_message="7")], **place
    )
    assert fired(world) == {"quiet"}


async def parent_and_child(http, olga, word):
    parent = await create(
        http, olga, name="No Communication", field_name="days_since_team_message", condition="greater_than",
        threshold_value="7", force=True,
    )  # fmt: skip
    return await create(
        http, olga, name="Low CVR (No Contact)", field_name="cvr", condition="less_than", threshold_value="2",
        parent_rule_id=parent["id"], dependency_condition=word, severity="critical",
    ), parent  # fmt: skip


@pytest.mark.parametrize(
    ("word", "states"),
    [("triggered", {"open"}), ("not_triggered", {"quiet"}), ("acknowledged", {"taken"})],
)
async def test_a_dependency_word_fires_in_its_state_of_the_parent_alone(http, olga, world, word, states):
    """Three entities, one in each state of the parent: every word lets exactly one of them fire."""
    child, parent = await parent_and_child(http, olga, word)
    loud = {"days_since_team_message": "9"}
    await world.read([
        thing("open", **loud, cvr="5"), thing("taken", **loud, cvr="5"),
        thing("quiet", days_since_team_message="1", cvr="5"),
    ])  # fmt: skip
    await take_note(world, "taken")
    await world.read([
        thing("open", **loud, cvr="1"), thing("taken", **loud, cvr="1"),
        thing("quiet", days_since_team_message="1", cvr="1"),
    ])  # fmt: skip
    assert fired(world, child["id"]) == states
    assert fired(world, parent["id"]) == {"open", "taken"}


async def test_acknowledging_the_parent_lets_an_acknowledged_child_fire_at_once(http, olga, world):
    child, parent = await parent_and_child(http, olga, "acknowledged")
    stored = world.ingest([thing("a", days_since_team_message="9", cvr="1")])
    await world.judge(stored)
    assert fired(world, child["id"]) == set()
    await take_note(world, "a")
    rule_id = world.rows("SELECT id FROM watchtower_rules WHERE id::text = %s", parent["id"])[0]["id"]
    async with world.db.write(Scope.client(1)) as session:
        await recheck_children(session, stored, [rule_id], world.now)
    assert fired(world, child["id"]) == {"a"}


@pytest.mark.parametrize("severity", ["info", "warning", "critical"])
async def test_a_severity_is_carried_to_the_alert_and_its_message(http, olga, world, severity):
    await create(
        http, olga, name="As printed", field_name="open_rate", condition="less_than", threshold_value="15",
        severity=severity, notify_email=True, email_recipients=["team@agency.example"],
    )  # fmt: skip
    await world.read([thing("a", open_rate="3")])
    assert [alert["severity"] for alert in world.alerts()] == [severity]
    assert [row["severity"] for row in world.rows("SELECT severity FROM core.deliveries")] == [severity]


async def test_a_rule_is_a_warning_unless_it_says_otherwise_and_no_other_word_is_taken(http, olga):
    question = {"name": "x", "field_name": "status", "condition": "changed"}
    assert (await create(http, olga, **question))["severity"] == "warning"
    await create(http, olga, expect=422, severity="urgent", **question)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"notify_discord": True, "discord_channel_id": "123456789"}, {("discord_bot", "123456789")}),
        ({"notify_email": True, "email_recipients": ["a@x.example", "b@x.example"]}, {("email", "a@x.example"), ("email", "b@x.example")}),
        ({"notify_discord": True, "discord_channel_id": "123456789", "notify_email": True, "email_recipients": ["a@x.example"]},
         {("discord_bot", "123456789"), ("email", "a@x.example")}),
        ({"notify_immediately": False, "notify_discord": True, "discord_channel_id": "123456789"}, set()),
        ({"discord_channel_id": "123456789", "email_recipients": ["a@x.example"]}, set()),
        ({}, set()),
    ],
    ids=["discord", "email", "both", "not at once", "channels off", "defaults"],
)  # fmt: skip
async def test_the_notification_options_say_who_is_told(http, olga, world, options, told):
    saved = await create(
        http,
        olga,
        name="As printed",
        field_name="open_rate",
        condition="less_than",
        threshold_value="15",
        **options,
    )
    assert saved["notify_immediately"] is options.get("notify_immediately", True)
    await world.read([thing("a", open_rate="3")])
    assert len(world.alerts()) == 1
    assert {(channel, to) for _, channel, to in world.deliveries()} == told


@pytest.mark.parametrize(
    "schedule",
    [
        {"notify_schedule": "daily", "notify_time": "08:30:00"},
        *(
            {"notify_schedule": "weekly", "notify_time": "17:00:00", "notify_day_of_week": day}
            for day in range(7)
        ),
    ],
    ids=lambda schedule: f"{schedule['notify_schedule']}-{schedule.get('notify_day_of_week', '')}",
)
async def test_the_printed_schedules_are_kept(http, olga, schedule):
    saved = await create(http, olga, name="x", field_name="status", condition="changed", **schedule)
    assert {name: saved[name] for name in schedule} == schedule


@pytest.mark.parametrize(
    "schedule", [{"notify_schedule": "hourly"}, {"notify_schedule": "weekly", "notify_day_of_week": 7}]
)
async def test_no_other_schedule_is_taken(http, olga, schedule):
    await create(http, olga, expect=422, name="x", field_name="status", condition="changed", **schedule)


async def test_a_percent_is_0_to_100_and_a_fraction_is_asked_about_item_8(http, olga, world):
    question = {"name": "x", "field_name": "open_rate", "condition": "less_than"}
    asked = await create(http, olga, threshold_value="0.15", **question)
    assert "Did you mean 15" in next(note["detail"] for note in asked["notes"] if note["code"] == "fraction")
    meant = await create(http, olga, threshold_value="0.15 %", **question)
    assert "fraction" not in {note["code"] for note in meant["notes"]}
    await world.read([thing("a", open_rate="0.14"), thing("b", open_rate="14")])
    assert fired(world) == {"a"}


async def test_a_chain_of_parents_has_no_circle_and_an_end_item_17(http, olga, world):
    question = {"name": "x", "field_name": "status", "condition": "changed"}
    ids = [(await create(http, olga, **question))["id"]]
    for _ in range(7):
        child = {"parent_rule_id": ids[-1], "dependency_condition": "triggered"}
        ids.append((await create(http, olga, **question, **child))["id"])
    too_deep = await create(
        http, olga, expect=422, **question, parent_rule_id=ids[-1], dependency_condition="triggered"
    )
    assert too_deep["errors"][0]["pointer"] == "/parent_rule_id"
    circle = {"parent_rule_id": ids[-1], "dependency_condition": "triggered"}
    answer = await http.patch(f"/rules/{ids[0]}", json=circle, headers=olga)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "cycle")
    with pytest.raises(psycopg.Error, match="through its parents"):
        world.admin.execute(
            "UPDATE watchtower_rules SET parent_rule_id = %s, parent_client_id = 0, dependency_condition = 'triggered'"
            " WHERE id = %s",
            [ids[-1], ids[0]],
        )
    assert (await http.delete(f"/rules/{ids[0]}", headers=olga)).status_code == 409
    assert (await http.delete(f"/rules/{ids[0]}?detach=true", headers=olga)).status_code == 204


async def test_one_set_of_words_for_severity_and_the_platforms_own_is_kept_item_19(world):
    for word in ("LOW", "MEDIUM", "HIGH", "CRITICAL"):
        add_ads_alert(world.admin, 1, world.now, severity=word)
        with pytest.raises(psycopg.errors.CheckViolation):
            world.rule(severity=word)
    inbox = world.rows("SELECT severity, severity_raw FROM ads.alert_inbox")
    found = {row["severity_raw"]: row["severity"] for row in inbox}
    assert found == {"LOW": "info", "MEDIUM": "warning", "HIGH": "warning", "CRITICAL": "critical"}
