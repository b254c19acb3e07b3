"""Times people type on pages of alerts and silences: what counts, what is refused beside its field, what is kept."""

from tests.ads.inbox_rows import add_ads_alert
from tests.people import BRANDT

PAST, AHEAD = "2026-11-01T10:00", "2026-11-22T10:00"


async def test_an_own_end_of_a_silence_counts_before_the_chosen_length(filled, olga):
    typed = {"client_id": str(BRANDT), "until": "4h", "until-own": AHEAD}
    assert (await olga.post("/silences", data=typed)).status_code == 303
    assert filled.one("SELECT ends_at - starts_at > interval '40 hours' FROM watch.silences")


async def test_a_past_end_of_a_silence_is_refused_beside_the_own_end(filled, olga):
    for until in ("4h", "own"):
        wrong = await olga.post(
            "/silences", data={"client_id": str(BRANDT), "until": until, "until-own": PAST, "reason": "Sale"}
        )
        assert wrong.status_code == 422
        assert 'id="until-own-error"' in wrong.text
        assert PAST in wrong.text
        assert "Sale" in wrong.text
    assert filled.one("SELECT count(*) FROM watch.silences") == 0


async def test_silence_of_everything_at_every_client_is_confirmed(filled, olga):
    wrong = await olga.post("/silences", data={"client_id": "", "until": "4h"})
    assert wrong.status_code == 422
    assert 'id="everything-error"' in wrong.text
    assert filled.one("SELECT count(*) FROM watch.silences") == 0
    sure = {"client_id": "", "until": "4h", "everything": "on"}
    assert (await olga.post("/silences", data=sure)).status_code == 303
    assert filled.one("SELECT count(*) FROM watch.silences") == 1


async def test_a_past_time_on_an_alert_stands_beside_its_field_and_keeps_the_note(filled, olga, ids):
    wrong = await olga.post(
        f"/alerts/{ids['alert']}/acknowledge",
        data={"until": "own", "take-own": PAST, "take-note": "Asked the shop"},
    )
    assert wrong.status_code == 422
    assert 'id="take-own-error"' in wrong.text
    assert "Asked the shop</textarea>" in wrong.text
    assert f'value="{PAST}"' in wrong.text
    wrong = await olga.post(f"/alerts/{ids['alert']}/snooze", data={"until": "own", "snooze-own": PAST})
    assert wrong.status_code == 422
    assert 'id="snooze-own-error"' in wrong.text
    assert not filled.one("SELECT is_acknowledged OR snoozed_until IS NOT NULL FROM watch.watchtower_alerts")


async def test_a_past_time_for_many_keeps_the_note_and_the_choice(filled, olga, ids):
    typed = {"id": [ids["alert"]], "until": "own", "ack-own": PAST, "ack-note": "Asked the shop"}
    wrong = await olga.post("/alerts/acknowledge", data=typed)
    assert wrong.status_code == 422
    assert 'id="ack-own-error"' in wrong.text
    assert "Asked the shop</textarea>" in wrong.text
    assert f'value="{ids["alert"]}" checked' in wrong.text
    wrong = await olga.post(
        "/alerts/snooze", data={"id": [ids["alert"]], "until": "own", "bulk-snooze-own": PAST}
    )
    assert 'id="bulk-snooze-own-error"' in wrong.text


async def test_for_good_means_for_good_whatever_time_was_typed(filled, olga, ids):
    path = f"/alerts/{ids['alert']}"
    assert (
        '<button class="btn btn-main" name="until" value="good">Acknowledge for good'
        in (await olga.get(path)).text
    )
    await olga.post(f"{path}/acknowledge", data={"until": "good", "take-own": AHEAD})
    assert filled.one("SELECT is_acknowledged AND ack_until IS NULL FROM watch.watchtower_alerts")


async def test_what_a_snooze_left_out_is_said(filled, olga, ids):
    ads = add_ads_alert(filled.admin, BRANDT, filled.clock.at)
    chosen = {"id": [ids["alert"]], "ads": [str(ads)], "until": "4h"}
    assert (await olga.post("/alerts/snooze", data=chosen)).status_code == 303
    page = (await olga.get("/alerts")).text
    assert "1 alert snoozed. 1 alert of advertising left out: they end with the figures" in page


async def test_a_stored_channel_is_called_by_its_name_and_removed_after_a_question(filled, olga, ids):
    address = "https://discord.com/api/webhooks/118000000000000001/" + "made-up-" * 8
    made = await olga.post(
        "/settings/channels",
        data={"kind": "discord_webhook", "name": "Harbour desk", "client_id": "0", "secret": address},
    )
    assert made.status_code == 303, made.text
    page = (await olga.get("/settings/channels")).text
    assert "Never used" in page
    assert "Never read" not in page
    assert "Remove channel</button>" in page
    filled.admin.execute(
        "UPDATE core.deliveries SET destination = 'webhook:' || (SELECT id FROM core.channels WHERE name = 'Harbour desk')"
    )
    for path in ("/deliveries", "/", f"/deliveries/{ids['delivery']}", f"/alerts/{ids['alert']}"):
        page = (await olga.get(path)).text
        assert "Harbour desk" in page, path
        assert "webhook:" not in page, path


async def test_the_form_calls_its_box_by_its_own_name(filled, olga):
    rule = {"name": "Opens", "client_id": "1", "field-0": "opne_rate", "condition-0": "less_than",
            "threshold-0": "20", "severity": "warning"}  # fmt: skip
    wrong = await olga.post("/rules", data=rule)
    assert wrong.status_code == 422
    assert "save with force" not in wrong.text
    assert "tick “Save although no data carries this field yet” below" in wrong.text
