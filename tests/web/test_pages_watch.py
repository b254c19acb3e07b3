"""The pages around rules and alerts by HTTP: silences, packs, files, why, bulk acts on all that match, and who may."""

import pytest
from tests.people import BRANDT

RULE = {
    "name": "Weekly opens",
    "client_id": "1",
    "field-0": "open_rate",
    "condition-0": "less_than",
    "threshold-0": "20",
    "severity": "warning",
    "for_readings": "2",
    "for_minutes": "3",
    "for_minutes_unit": "h",
    "recovery_threshold": "25",
    "recover_after": "2",
    "min_volume_field": "spend",
    "min_volume": "1,000",
    "data_lag": "1",
    "data_lag_unit": "days",
    "no_data_policy": "keep",
    "notify": "now_weekly",
    "notify_time": "07:30",
    "notify_day": "3",
    "notify_zone": "Europe/Vienna",
    "repeat": "0",
    "repeat_unit": "h",
    "remind": "2",
    "remind_unit": "days",
    "title_template": "{{ title }}!",
    "is_active": "on",
}


async def test_every_setting_of_the_builder_is_stored_and_shown_again(filled, olga):
    answer = await olga.post("/rules", data=RULE)
    assert answer.status_code == 303, answer.text
    row = filled.admin.execute(
        "SELECT threshold_value, for_readings, for_minutes, recovery_threshold, recover_after, min_volume_field, min_volume::int,"
        " data_lag_minutes, no_data_policy, notify_immediately, notify_schedule, notify_day_of_week, notify_zone, repeat_minutes,"
        " remind_minutes, title_template FROM watch.watchtower_rules WHERE name = 'Weekly opens'"
    ).fetchone()
    assert row == (
        "20", 2, 180, "25", 2, "spend", 1000, 1440, "keep", True, "weekly", 3, "Europe/Vienna", 0, 2880, "{{ title }}!",
    )  # fmt: skip
    path = answer.headers["location"].split("?")[0]
    page = (await olga.get(f"{path}/edit")).text
    for words in (
        'name="threshold-0" type="text" value="20"',
        'value="07:30"',
        'value="1000"',
        '<option value="keep" selected',
    ):
        assert words in page, words
    page = (await olga.get(path)).text
    assert "2 readings in a row and at least 3\u00a0h" in page
    assert "every 2\u00a0days" in page


async def test_what_cannot_be_stands_beside_its_field(filled, olga):
    wrong = {
        **RULE,
        "for_readings": "many",
        "min_volume": "",
        "title_template": "{{ nothing.at.all }",
        "condition-0": "between",
    }
    page = (await olga.post("/rules", data=wrong)).text
    for name in ("for_readings", "min_volume", "title_template", "upper-0"):
        assert f'id="{name}-error"' in page, name
    assert 'value="many"' in page


async def test_all_wrong_fields_of_all_conditions_are_named_at_once(filled, olga):
    second = {
        "join-1": "AND",
        "source-1": "same",
        "field-1": "no_such_thing",
        "condition-1": "less_than",
        "threshold-1": "lots",
    }
    third = {
        "join-2": "OR",
        "source-2": "same",
        "field-2": "spend",
        "condition-2": "greater_than",
        "threshold-2": "money",
    }
    wrong = {**RULE, "name": "", "threshold-0": "few", "recovery_threshold": "much", "email_recipients": "nobody", "email": "on",
             "for_readings": "many", **second, **third}  # fmt: skip
    names = (
        "name",
        "for_readings",
        "threshold-0",
        "recovery_threshold",
        "email_recipients",
        "field-1",
        "threshold-2",
    )
    page = (await olga.post("/rules", data=wrong)).text
    assert [name for name in names if f'id="{name}-error"' not in page] == []
    assert not filled.one("SELECT count(*) FROM watch.watchtower_rules WHERE threshold_value = 'money'")
    tried = (await olga.post("/rules/draft", data={**wrong, "try": "on"})).text
    named = tried.split('data-wrong="')[1].split('"')[0].split()
    assert {"threshold-0", "field-1", "threshold-2", "recovery_threshold"} <= set(named), named
    stored = await filled.rule(name="Stored")
    version = filled.one("SELECT version FROM watch.watchtower_rules WHERE id = %s", stored)
    page = (await olga.post(f"/rules/{stored}", data={**wrong, "version": str(version)})).text
    assert [name for name in names if f'id="{name}-error"' not in page] == []


async def test_a_percent_typed_as_a_fraction_is_asked_about_beside_its_field(filled, olga):
    form = {**RULE, "threshold-0": "0.15", "recovery_threshold": "", "notify": "now"}
    page = (await olga.post("/rules/draft", data={**form, "try": "on"})).text
    assert "Did you mean 15%?" in page.split('id="doubt-0"')[1].split("</p>")[0]
    sure = (await olga.post("/rules/draft", data={**form, "threshold-0": "15", "try": "on"})).text
    assert "Did you mean" not in sure
    saved = await olga.post("/rules", data=form)
    assert saved.status_code == 303
    assert "Did you mean 15%?" in (await olga.get(saved.headers["location"])).text


async def test_matches_name_the_field_of_words_and_each_channel_shows_its_form(filled, olga):
    form = {**RULE, "field-0": "status", "condition-0": "equals", "threshold-0": "sent", "for_readings": "1", "min_volume": "",
            "min_volume_field": "", "recovery_threshold": "", "try": "on", "title_template": "", "data_lag": "", "for_minutes": ""}  # fmt: skip
    page = (await olga.post("/rules/draft", data={**form, "discord": "on"})).text
    matches = page.split("Matches now")[1].split("</table>")[0]
    assert "sent" in matches
    assert "Status" in matches
    said = page.split("The message of the first")[1].split("</section>")[0]
    assert 'class="embed' in said
    assert "<pre" not in said
    both = (
        await olga.post(
            "/rules/draft", data={**form, "discord": "on", "email": "on", "email_recipients": "a@b.example"}
        )
    ).text
    said = both.split("The message of the first")[1].split("</section>")[0]
    assert [word in said for word in ("<summary>Discord", "<summary>E-mail", 'class="embed', "<pre")] == [
        True
    ] * 4


async def test_each_condition_takes_its_boxes(filled, olga):
    stored = {
        "in": ({"threshold-0": "1, 2"}, "1, 2"),
        "changed_from_to": ({"threshold-0": "", "upper-0": "5"}, "* -> 5"),
        "percent_change": ({"threshold-0": "30", "direction-0": "either"}, "±30"),
        "is_null": ({"threshold-0": "left over"}, None),
        "no_data": ({"threshold-0": ""}, None),
    }
    base = {
        "client_id": "1",
        "field-0": "open_rate",
        "severity": "info",
        "notify": "never",
        "is_active": "on",
    }
    for word, (boxes, limit) in stored.items():
        answer = await olga.post(
            "/rules", data={**base, "name": word, "condition-0": word, **boxes, "force": "on"}
        )
        assert answer.status_code == 303, (word, answer.text)
        assert (
            filled.one("SELECT threshold_value FROM watch.watchtower_rules WHERE name = %s", word) == limit
        ), word
        page = (await olga.get(f"{answer.headers['location'].split('?')[0]}/edit")).text
        assert f'<option value="{word}" selected' in page, word


async def test_a_client_with_its_own_rule_is_named_beside_what_the_one_for_all_finds(filled, olga):
    wide = await filled.rule(client_id=None, name="Wide")
    own = await filled.rule(name="Own & gentle", threshold_value="1", overrides_rule_id=wide)
    form = {**RULE, "rule_id": str(wide), "client_id": "", "for_readings": "1"}
    for word in ("on", "history"):
        page = (await olga.post("/rules/draft", data={**form, "try": word})).text
        assert "Kaffeehaus Brandt has its own:" in page, page
        assert f'href="/rules/{own}">Own &amp; gentle</a>' in page
        assert "No reading" not in page


async def test_a_rule_is_copied_paused(filled, olga, ids):
    page = (await olga.get(f"/rules/new?copy={ids['rule']}")).text
    assert "Low open rate (copy)" in page
    assert 'name="is_active" value=""' in page


async def test_why_is_answered_on_the_page_of_the_rule(filled, olga, ids):
    page = (await olga.get(f"/rules/{ids['rule']}?thing=r2")).text
    assert "Did not fire" in page
    page = (await olga.get(f"/rules/{ids['rule']}?thing=a1")).text
    assert "open_rate" in page
    assert "a record that is not there" not in (await olga.get(f"/rules/{ids['rule']}?thing=zzz")).text
    named = (await olga.get(f"/rules/{ids['rule']}", params={"thing": "roast of the month"})).text
    assert "Did not fire: open rate" in named
    page = (await olga.get(f"/rules/{ids['rule']}?thing=r2&reading=nope")).text
    assert "There is no reading of this id." in page


async def test_all_that_match_are_taken_and_given_back(filled, olga, ids):
    await filled.rule(name="Any spend", field_name="spend", condition="greater_than", threshold_value="1")
    await filled.read({"id": "a1", "name": "Advent preview", "open_rate": "10", "spend": "41"},
                      {"id": "r2", "name": "Roast of the month", "open_rate": "31", "spend": "12"})  # fmt: skip
    rule = str(filled.one("SELECT id FROM watch.watchtower_rules WHERE name = 'Any spend'"))
    await olga.post(
        "/alerts/acknowledge", data={"matching": "on", "f-rule": rule, "ack-note": "Planned", "until": "4h"}
    )
    taken = "SELECT count(*) FROM watch.watchtower_alerts WHERE is_acknowledged"
    assert filled.one(taken) == 2
    assert filled.one("SELECT count(*) FROM watch.alert_events WHERE note = 'Planned'") == 2
    at = filled.one("SELECT acknowledged_at FROM watch.watchtower_alerts WHERE is_acknowledged LIMIT 1")
    await olga.post("/alerts/undo", data={"act": "acknowledge", "at": at.isoformat()})
    assert filled.one(taken) == 0


async def test_snoozed_alerts_rest_in_their_tab_and_come_back_by_undo(filled, olga, ids):
    await olga.post("/alerts/snooze", data={"id": [ids["alert"]], "until": "tomorrow"})
    assert "No open alerts" in (await olga.get("/alerts")).text
    page = (await olga.get("/alerts?view=snoozed")).text
    assert "Advent preview" in page
    assert "Snoozed until" in page
    await olga.post("/alerts/undo", data={"act": "snooze", "at": filled.clock.at.isoformat()})
    assert "Advent preview" in (await olga.get("/alerts")).text


@pytest.mark.parametrize(("act", "undo"), [("acknowledge", "unacknowledge"), ("snooze", "unsnooze")])
async def test_an_undo_after_somebody_resolved_it_says_so(filled, olga, ids, act, undo):
    alert = f"/alerts/{ids['alert']}"
    await olga.post(f"{alert}/{act}", data={"until": "tomorrow"})
    await olga.post(f"{alert}/resolve", data={})
    await olga.post(f"{alert}/{undo}", data={})
    assert "resolved already" in (await olga.get("/alerts")).text
    assert filled.one("SELECT state FROM watch.watchtower_alerts WHERE id = %s", ids["alert"]) == "resolved"


@pytest.mark.parametrize("zone", ["Europe/Vienna", "Pacific/Kiritimati", "America/New_York"])
async def test_the_last_year_there_is_breaks_no_page(filled, olga, ids, zone):
    await olga.post(f"/alerts/{ids['alert']}/snooze", data={"until": "own", "snooze-own": "9999-12-31T23:59"})
    await olga.post(
        "/silences",
        data={"client_id": str(BRANDT), "until": "own", "until-own": "9999-12-31T23:59", "reason": "x"},
    )
    filled.admin.execute("UPDATE core.users SET timezone = %s", [zone])
    for page in ("/alerts?view=snoozed", "/silences", f"/alerts/{ids['alert']}"):
        assert (await olga.get(page)).status_code == 200, page


async def test_the_inbox_filters_and_groups(filled, olga, ids):
    assert "Advent preview" in (await olga.get(f"/alerts?source={ids['source']}&since=24h&group=client")).text
    assert "No alert matches" in (await olga.get("/alerts?severity=info")).text
    assert 'id="group-1"><span>Kaffeehaus Brandt' in (await olga.get("/alerts?group=client")).text
    assert 'id="group-1"><span>Low open rate' in (await olga.get("/alerts?group=rule")).text


async def test_a_silence_begins_and_ends_on_the_page(filled, olga):
    wrong = await olga.post("/silences", data={"client_id": str(BRANDT), "until": "own", "until-own": ""})
    assert wrong.status_code == 422
    assert 'id="until-own-error"' in wrong.text
    await olga.post("/silences", data={"client_id": str(BRANDT), "until": "4h", "reason": "Stock is counted"})
    page = (await olga.get("/silences")).text
    assert "Stock is counted" in page
    silence = filled.one("SELECT id FROM watch.silences")
    assert (await olga.post(f"/silences/{silence}/end")).status_code == 303
    assert "Nobody is kept quiet" in (await olga.get("/silences")).text
    assert "Stock is counted" in (await olga.get("/silences?show=all")).text


async def test_packs_are_written_once_and_rules_travel_as_a_file(filled, olga):
    page = (await olga.get("/rules/packs")).text
    name = page.split('action="/rules/packs/')[1].split('"')[0]
    assert (await olga.post(f"/rules/packs/{name}", data={"client": ""})).status_code == 303
    count = "SELECT count(*) FROM watch.watchtower_rules WHERE builtin IS NULL"
    written = filled.one(count)
    assert written > 1
    await olga.post(f"/rules/packs/{name}", data={"client": ""})
    assert filled.one(count) == written
    text = (await olga.get("/rules/export.yaml")).text
    assert "open_rate" in text
    plan = await olga.post("/rules/import", data={"text": text, "act": "plan"})
    assert "What it would change" in plan.text
    wrong = await olga.post("/rules/import", data={"text": "version: [", "act": "plan"})
    assert wrong.status_code == 422


async def test_the_health_page_says_what_was_judged(filled, olga):
    page = (await olga.get("/rules/health")).text
    assert "judged in 24 hours" in page
    assert "Slowest sources" in page


async def test_viewers_only_look_and_strangers_see_nothing(filled, ids):
    async with await filled.signed_in(filled.people.bob) as bob:
        for path in ("/rules/health", "/rules/packs", "/silences"):
            page = await bob.get(path)
            assert page.status_code == 200, path
            assert "Write these rules" not in page.text
            assert "Begin silence" not in page.text
        assert (await bob.post("/silences", data={"client_id": "1", "until": "4h"})).status_code == 403
        assert (
            await bob.post("/alerts/snooze", data={"id": [ids["alert"]], "until": "4h"})
        ).status_code == 403
        assert (await bob.post("/rules/import", data={"text": "version: 1"})).status_code == 403
    async with await filled.signed_in(filled.people.charlie) as charlie:
        assert (
            await charlie.post("/alerts/snooze", data={"id": [ids["alert"]], "until": "4h"})
        ).status_code == 404
        assert (await charlie.post(f"/alerts/{ids['alert']}/snooze", data={"until": "4h"})).status_code == 404
        await charlie.post("/alerts/resolve", data={"matching": "on"})
    assert filled.one("SELECT count(*) FROM watch.watchtower_alerts WHERE state = 'resolved'") == 0
    assert filled.one("SELECT count(*) FROM watch.silences") == 0


async def test_a_rule_that_comes_along_says_what_it_watches_and_what_may_change(filled, olga, ids):
    own = filled.one("SELECT id FROM watch.watchtower_rules WHERE builtin = 'source_failing'")
    page = (await olga.get(f"/rules/{own}")).text
    assert "how well sources are read" in page
    assert "cannot be deleted" in page
    assert "comes with Belvedere" not in (await olga.get(f"/rules/{ids['rule']}")).text
