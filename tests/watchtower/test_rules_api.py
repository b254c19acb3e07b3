"""Rules through the API: what is taken, what is refused and why, what closes when a question changes."""

from decimal import Decimal
from uuid import uuid4

import pytest
from tests.watchtower.oracle import Entity
from tests.watchtower.world import campaign


async def make(http, headers, expect=201, **fields):
    body = {
        "name": "Low open rate",
        "field_name": "open_rate",
        "condition": "less_than",
        "threshold_value": "15",
        **fields,
    }
    answer = await http.post("/rules", json={k: v for k, v in body.items() if v is not ...}, headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


def problem_at(answer: dict) -> tuple[str, str]:
    (error,) = answer["errors"]
    return error["pointer"], error["code"]


def codes(answer: dict) -> set[str]:
    return {note["code"] for note in answer["notes"]}


async def test_the_four_printed_examples_work_with_their_own_field_names(http, olga, world):
    simple = await http.post(
        "/rules",
        headers=olga,
        json={
            "source_id": str(world.source("omnisend", "campaigns")), "name": "Low Open Rate",
            "field_name": "open_rate", "condition": "less_than", "threshold_value": "15",
            "severity": "warning",
            "notify_immediately": True, "notify_discord": True, "discord_channel_id": "123456789",
        },
    )  # fmt: skip
    assert simple.status_code == 201, simple.text
    group = str(uuid4())
    for name, field, condition, limit in (
        ("Low ROAS + High Spend", "roas", "less_than", "2"),
        ("Low ROAS + High Spend (Spend)", "spend", "greater_than", "1000"),
    ):
        row = await http.post(
            "/rules",
            headers=olga,
            json={
                "name": name, "field_name": field, "condition": condition, "threshold_value": limit,
                "group_id": group, "logic_operator": "AND",
            },
        )  # fmt: skip
        assert row.status_code == 201, row.text
    assert row.json()["expression"] == "roas < 2 AND spend > 1000"
    dependent = await http.post(
        "/rules",
        headers=olga,
        json={
            "name": "Low CVR (No Contact)", "field_name": "cvr", "condition": "less_than",
            "threshold_value": "2",
            "parent_rule_id": simple.json()["id"], "dependency_condition": "triggered",
            "severity": "critical",
        },
    )  # fmt: skip
    assert dependent.status_code == 201, dependent.text
    audit = await http.post(
        "/rules",
        headers=olga,
        json={
            "target_table": "communication_reports", "name": "No Outreach for 7+ Days",
            "field_name": "days_since_team_message", "condition": "greater_than", "threshold_value": "7",
            "severity": "warning",
        },
    )  # fmt: skip
    assert audit.status_code == 201, audit.text
    assert audit.json()["client_id"] is None

    def ads(roas: str, spend: str) -> Entity:
        return Entity("c1", {"name": "BF"}, {"roas": Decimal(roas), "spend": Decimal(spend)})

    await world.read([ads("1.2", "1500")], provider="ads", endpoint="campaigns")
    await world.read([ads("1.2", "900")], provider="ads2", endpoint="campaigns")
    assert [alert["title"] for alert in world.alerts()] == ["ROAS 1.20× on BF"]
    reports = Entity("b", {"name": "Brandt"}, {"days_since_team_message": Decimal(9)})
    await world.read([reports], provider="internal", endpoint="communication_reports")
    assert world.alerts()[1]["title"] == "Days since the team wrote 9 on Brandt"


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"threshold_value": "lots"}, "/threshold_value", "not_a_number"),
        ({"threshold_value": "1,5"}, "/threshold_value", "not_a_number"),
        ({"threshold_value": ""}, "/threshold_value", "required"),
        ({"threshold_value": None}, "/threshold_value", "required"),
        ({"threshold_value": "1\x005"}, "/threshold_value", "not_text"),
        ({"threshold_value": "NaN"}, "/threshold_value", "not_a_number"),
        ({"field_name": "opne_rate"}, "/field_name", "unknown"),
        ({"field_name": "col:opens"}, "/field_name", "unknown_column"),
        ({"field_name": "extra:report.rate"}, "/field_name", "path"),
        ({"field_name": "metric:"}, "/field_name", "required"),
        ({"condition": "contains"}, "/condition", "wrong_kind"),
        ({"field_name": "record_date", "threshold_value": "15"}, "/threshold_value", "not_a_date"),
        ({"condition": "equals", "threshold_value": "high"}, "/threshold_value", "not_a_number"),
        ({"name": "  "}, "/name", "required"),
        ({"name": "a\x00b"}, "/name", "not_text"),
        ({"email_recipients": ["ops@x.example", "not an address"]}, "/email_recipients/1", "not_an_address"),
        (
            {"email_recipients": ["ops@x.example\nBcc: all@x.example"]},
            "/email_recipients/0",
            "not_an_address",
        ),
        ({"discord_channel_id": "#general"}, "/discord_channel_id", "not_a_channel"),
        (
            {"discord_channel_id": "https://evil.example/api/webhooks/1/x"},
            "/discord_channel_id",
            "not_a_channel",
        ),
        ({"parent_rule_id": str(uuid4()), "dependency_condition": "triggered"}, "/parent_rule_id", "unknown"),
        ({"parent_rule_id": str(uuid4())}, "/dependency_condition", "required"),
        ({"dependency_condition": "triggered"}, "/parent_rule_id", "required"),
        ({"source_id": str(uuid4())}, "/source_id", "unknown"),
        ({"target_table": "users"}, "/target_table", "unknown"),
    ],
)
async def test_a_rule_that_cannot_work_is_refused_with_its_field_named(http, olga, fields, pointer, code):
    answer = await make(http, olga, 422, **fields)
    assert problem_at(answer) == (pointer, code)
    assert answer["detail"]


async def test_a_source_and_a_target_that_contradict_are_refused(http, olga, world):
    source = str(world.source("internal", "clients"))
    answer = await make(http, olga, 422, source_id=source, target_table="communication_reports")
    assert problem_at(answer) == ("/target_table", "contradiction")
    answer = await make(http, olga, 422, source_id=str(world.source()), target_table="clients")
    assert problem_at(answer) == ("/target_table", "contradiction")


async def test_force_takes_a_field_that_is_still_to_come(http, olga):
    assert "unknown" in codes(await make(http, olga, field_name="ctr_next_week", force=True))


async def test_a_name_in_two_places_needs_its_prefix(http, olga, world):
    world.admin.execute(
        "INSERT INTO metric_definitions (metric_name, display_name) VALUES ('amount', 'Amount')"
    )
    answer = await make(http, olga, 422, field_name="amount")
    assert problem_at(answer) == ("/field_name", "ambiguous")
    assert "metric:amount" in answer["detail"]
    await make(http, olga, field_name="col:amount")
    await make(http, olga, field_name="metric:amount")


async def test_thresholds_are_taken_as_people_type_them(http, olga):
    for text in ("1,200", "15 %", "−3", "15.5", 15, 0.5):
        await make(http, olga, threshold_value=text)
    await make(http, olga, field_name="spend", threshold_value="$40")


async def test_a_fraction_for_a_percent_gets_a_question(http, olga):
    answer = await make(http, olga, threshold_value="0.15")
    assert "Did you mean 15%?" in next(
        note["detail"] for note in answer["notes"] if note["code"] == "fraction"
    )
    assert "fraction" not in codes(await make(http, olga, threshold_value="0.15 %"))


async def test_notes_say_who_will_not_be_told(http, olga):
    assert "no_channel" in codes(await make(http, olga))
    assert "in_app_only" in codes(await make(http, olga, notify_immediately=False))
    assert "no_address" in codes(await make(http, olga, client_id=1, notify_email=True))
    assert "client_address" in codes(await make(http, olga, notify_discord=True))
    nowhere = await make(http, olga, notify_schedule="daily", notify_immediately=False)
    assert "no_channel" in codes(nowhere)


async def test_a_group_on_two_sources_is_saved_and_says_that_it_waits(http, olga, world):
    group = str(uuid4())
    await make(http, olga, group_id=group, source_id=str(world.source()))
    second = await make(
        http, olga, group_id=group, source_id=str(world.source("shop", "orders")), field_name="spend"
    )
    assert {"across_sources", "never_matches"} <= codes(second)
    assert second["position"] == 1


async def test_circles_and_deep_chains_of_parents_are_refused(http, olga):
    parent = await make(http, olga, name="1")
    first = parent
    for number in range(2, 9):
        parent = await make(
            http, olga, name=str(number), parent_rule_id=parent["id"], dependency_condition="triggered"
        )
    answer = await make(http, olga, 422, parent_rule_id=parent["id"], dependency_condition="triggered")
    assert problem_at(answer) == ("/parent_rule_id", "too_deep")
    link = {"parent_rule_id": parent["id"], "dependency_condition": "not_triggered"}
    answer = await http.patch(f"/rules/{first['id']}", json=link, headers=olga)
    assert answer.status_code == 422
    assert problem_at(answer.json()) == ("/parent_rule_id", "cycle")
    link["parent_rule_id"] = first["id"]
    answer = await http.patch(f"/rules/{first['id']}", json=link, headers=olga)
    assert problem_at(answer.json()) == ("/parent_rule_id", "cycle")


async def test_a_parent_is_the_head_of_its_group(http, olga):
    group = str(uuid4())
    await make(http, olga, group_id=group)
    second = await make(http, olga, group_id=group, field_name="roas")
    answer = await make(http, olga, 422, parent_rule_id=second["id"], dependency_condition="triggered")
    assert problem_at(answer) == ("/parent_rule_id", "not_head")


async def test_a_parent_with_children_is_kept_unless_they_are_set_free(http, olga):
    parent = await make(http, olga)
    child = await make(http, olga, parent_rule_id=parent["id"], dependency_condition="triggered")
    answer = await http.delete(f"/rules/{parent['id']}", headers=olga)
    assert (answer.status_code, answer.json()["code"]) == (409, "rule_has_children")
    assert (await http.delete(f"/rules/{parent['id']}?detach=true", headers=olga)).status_code == 204
    freed = (await http.get(f"/rules/{child['id']}", headers=olga)).json()
    assert (freed["parent_rule_id"], freed["version"]) == (None, 2)


async def test_a_new_question_is_a_new_version_and_closes_the_old_alerts(http, olga, world):
    rule = await make(http, olga, client_id=1, notify_discord=True, discord_channel_id="123456789")
    await world.read([campaign(rate="11.8")])
    renamed = await http.patch(f"/rules/{rule['id']}", json={"name": "Opens"}, headers=olga)
    assert (renamed.json()["version"], len(world.alerts("open"))) == (1, 1)
    edited = await http.patch(f"/rules/{rule['id']}", json={"threshold_value": "12"}, headers=olga)
    assert edited.json()["version"] == 2
    assert [alert["resolved_reason"] for alert in world.alerts()] == ["rule_changed"]
    assert [kind for kind, _, _ in world.deliveries()] == ["opened", "resolved"]
    await world.read([campaign(rate="11.8")])
    assert len(world.alerts("open")) == 1
    await http.patch(f"/rules/{rule['id']}", json={"is_active": False}, headers=olga)
    assert world.alerts("open") == []
    changes = [
        row["data"]["change"]
        for row in world.rows("SELECT data FROM core.outbox_events WHERE type = 'rule.changed'")
    ]
    assert sorted(changes) == ["created", "disabled", "updated", "updated"]


async def test_a_second_row_makes_the_first_another_question(http, olga, world):
    group = str(uuid4())
    first = await make(http, olga, client_id=1, group_id=group)
    await world.read([campaign(rate="11.8")])
    await make(http, olga, client_id=1, group_id=group, field_name="roas")
    assert [alert["resolved_reason"] for alert in world.alerts()] == ["rule_changed"]
    assert (await http.get(f"/rules/{first['id']}", headers=olga)).json()["version"] == 2


async def test_a_pasted_webhook_address_is_sealed_and_never_kept(http, olga, world):
    address = "https://discord.com/api/webhooks/1234567890123456789/" + "s" * 68
    rule = await make(http, olga, client_id=1, notify_discord=True, discord_channel_id=address)
    assert rule["discord_channel_id"].startswith("webhook:")
    kept = world.rows("SELECT to_jsonb(r)::text AS text FROM watchtower_rules r")[0]["text"]
    assert "s" * 20 not in kept
    await world.read([campaign(rate="11.8")])
    assert [channel for _, channel, _ in world.deliveries()] == ["discord_webhook"]


async def test_people_see_and_change_rules_of_their_own_clients(http, olga, token_of, people, world):
    alice, charlie = token_of(people.alice), token_of(people.charlie)
    own = await make(http, olga, client_id=1)
    everyones = await make(http, olga)
    listed = (await http.get("/rules", headers=alice)).json()["data"]
    assert [rule["id"] for rule in listed] == [own["id"]]
    assert (await http.get(f"/rules/{own['id']}", headers=charlie)).status_code == 404
    assert (await http.get(f"/rules/{everyones['id']}", headers=charlie)).status_code == 404
    assert (await http.patch(f"/rules/{own['id']}", json={"name": "x"}, headers=charlie)).status_code in (
        403,
        404,
    )
    assert (await http.patch(f"/rules/{own['id']}", json={"name": "x"}, headers=alice)).status_code == 403
    world.admin.execute("UPDATE core.user_clients SET role = 'analyst' WHERE user_id = %s", [people.alice.id])
    world.admin.execute("UPDATE core.users SET role = 'analyst' WHERE id = %s", [people.alice.id])
    await make(http, alice, client_id=1)
    for client in (None, 2):
        answer = await http.post(
            "/rules",
            json={
                "name": "x",
                "field_name": "roas",
                "condition": "less_than",
                "threshold_value": "1",
                "client_id": client,
            },
            headers=alice,
        )
        assert answer.status_code in (403, 404)


async def test_a_rule_that_came_by_sql_is_shown_with_what_is_wrong(http, olga, world):
    rule = world.rule(field_name="col:nothing")
    assert codes((await http.get(f"/rules/{rule}", headers=olga)).json()) == {"unknown_column"}


async def test_rules_come_in_pages_with_filters(http, olga):
    for number in range(5):
        await make(http, olga, name=f"Rule {number}", client_id=1 if number % 2 else None)
    first = (await http.get("/rules?limit=3&search=rule ", headers=olga)).json()
    second = (
        await http.get(f"/rules?limit=3&search=rule &cursor={first['meta']['next_cursor']}", headers=olga)
    ).json()
    names = [rule["name"] for rule in first["data"] + second["data"]]
    assert sorted(names) == [f"Rule {number}" for number in range(5)]
    assert second["meta"]["has_more"] is False
    assert len((await http.get("/rules?client_id=1", headers=olga)).json()["data"]) == 2
    assert len((await http.get("/rules?search=rule 3", headers=olga)).json()["data"]) == 1
    assert (await http.get("/rules?cursor=nonsense", headers=olga)).status_code == 422


async def test_evaluations_say_what_a_rule_saw(http, olga, world):
    rule = await make(http, olga, client_id=1)
    await world.read([campaign(rate="11.8"), campaign("b", None)])
    (evaluation,) = (await http.get(f"/rules/{rule['id']}/evaluations", headers=olga)).json()["data"]
    assert (evaluation["entities"], evaluation["matched"], evaluation["no_data"]) == (2, 1, 1)


@pytest.mark.parametrize(
    "written",
    ["0.1", "0.30000000000000004", "12345678901234567890.123456789", "100000000000000000000001", "-0.5"],
)
async def test_a_limit_written_as_a_number_keeps_every_digit(http, olga, world, written):
    body = (
        f'{{"source_id": "{world.source()}", "name": "exact", "field_name": "open_rate", "condition": "less_than",'
        f' "threshold_value": {written}, "force": true}}'
    )
    headers = {**olga, "Content-Type": "application/json"}
    saved = await http.post("/rules", content=body, headers=headers)
    assert saved.status_code == 201, saved.text
    assert saved.json()["threshold_value"] == written
    again = await http.patch(
        f"/rules/{saved.json()['id']}",
        content=f'{{"threshold_value": {written}9, "force": true}}',
        headers=headers,
    )
    assert again.json()["threshold_value"] == f"{written}9"
