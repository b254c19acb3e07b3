"""The Alerts page over both origins: one list, one way to act, the same keys."""

import re

import pytest
from tests.ads.inbox_rows import add_ads_alert
from tests.people import BRANDT, MARLOW


@pytest.fixture
def ads(filled):
    """A fresh alert of advertising beside the one of the watch tower."""
    return add_ads_alert(filled.admin, BRANDT, filled.clock.at)


async def test_both_origins_stand_on_the_page_and_the_filter_chooses(filled, olga, ads):
    page = (await olga.get("/alerts")).text
    assert "Advent preview" in page
    assert "ROAS drop: google_ads" in page
    assert f'href="/alerts/ads/{ads}"' in page
    assert "Alerts (2)" in page
    assert "ROAS drop" not in (await olga.get("/alerts?origin=watch")).text
    only = (await olga.get("/alerts?origin=ads")).text
    assert "Advent preview" not in only
    assert re.search(r'<option value="ads"[^>]*selected', only)
    assert "watch tower" in only
    everything = (await olga.get("/alerts?view=all&origin=nonsense")).text
    assert "Advent preview" in everything
    assert "ROAS drop" in everything


async def test_the_detail_of_an_alert_of_advertising_says_what_and_why(filled, olga, ads):
    page = (await olga.get(f"/alerts/ads/{ads}")).text
    page = page[page.index('id="detail"') :]
    for words in (
        "roas_drop on google_ads",
        "Why it fired",
        "Kaffeehaus Brandt",
        'data-key="a"',
        'data-key="r"',
    ):
        assert words in page, words
    for words in ("Snooze…", "Add comment", "rule <a", "Alert #"):
        assert words not in page, words
    assert (await olga.get("/alerts/ads/not-an-id")).status_code in (404, 422)
    assert (await olga.get("/alerts/ads/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_an_alert_of_advertising_is_taken_and_offered_back(filled, olga, ads):
    path = f"/alerts/ads/{ads}"
    assert (await olga.post(f"{path}/acknowledge")).headers["location"] == path
    page = (await olga.get(path)).text
    assert "Olga took this on" in page
    assert f'action="{path}/unacknowledge"' in page
    assert "Undo" in page
    assert "ROAS drop" not in (await olga.get("/alerts")).text
    assert "ROAS drop" in (await olga.get("/alerts?view=acknowledged")).text
    await olga.post(f"{path}/unacknowledge")
    assert "ROAS drop" in (await olga.get("/alerts")).text
    await olga.post(f"{path}/resolve", data={"close-note": "Bid was wrong"})
    page = (await olga.get(path)).text
    assert "Closed by Olga: Closed by hand." in page
    assert f'action="{path}/acknowledge"' not in page


async def test_all_shown_of_both_origins_move_at_once(filled, olga, ads, ids):
    page = (await olga.get("/alerts")).text
    assert f'name="ads" value="{ads}"' in page
    await olga.post("/alerts/acknowledge", data={"id": [ids["alert"]], "ads": [str(ads)]})
    assert filled.one("SELECT acknowledged_by FROM ads.alerts") == "olga@agency.example"
    assert filled.one("SELECT is_acknowledged FROM watch.watchtower_alerts") is True
    await olga.post("/alerts/resolve", data={"id": [ids["alert"]], "ads": [str(ads)]})
    assert "No open alerts" in (await olga.get("/alerts")).text
    narrowed = (await olga.get("/alerts?origin=ads")).text
    assert "No alert matches" in narrowed
    assert "Origin is ads" in narrowed


async def test_the_morning_page_counts_and_shows_both(filled, olga, ads):
    page = (await olga.get("/")).text
    assert "ROAS drop: google_ads" in page
    assert f'href="/alerts/ads/{ads}"' in page


async def test_viewers_and_strangers_move_nothing(filled, ads):
    async with await filled.signed_in(filled.people.bob) as bob:
        page = (await bob.get(f"/alerts/ads/{ads}")).text
        assert "look at alerts, not change them" in page
        for act in ("acknowledge", "unacknowledge", "resolve"):
            assert (await bob.post(f"/alerts/ads/{ads}/{act}")).status_code == 403
        assert (await bob.post("/alerts/resolve", data={"ads": [str(ads)]})).status_code == 403
    async with await filled.signed_in(filled.people.charlie) as charlie:
        assert (await charlie.get(f"/alerts/ads/{ads}")).status_code == 404
        assert "ROAS drop" not in (await charlie.get("/alerts?view=all")).text
        for act in ("acknowledge", "unacknowledge", "resolve"):
            assert (await charlie.post(f"/alerts/ads/{ads}/{act}")).status_code == 404
        assert (await charlie.post("/alerts/resolve", data={"ads": [str(ads)]})).status_code == 404
    assert filled.one("SELECT resolved_at FROM ads.alerts") is None


async def test_an_operator_moves_alerts_of_their_own_client(filled, ads):
    theirs = add_ads_alert(filled.admin, MARLOW, filled.clock.at, kind="CPA_SPIKE")
    async with await filled.signed_in(filled.people.alice) as alice:
        assert (await alice.post(f"/alerts/ads/{ads}/acknowledge")).status_code == 303
        assert "Alice took this on" in (await alice.get(f"/alerts/ads/{ads}")).text
        both = {"ads": [str(ads), str(theirs)]}
        assert (await alice.post("/alerts/resolve", data=both)).status_code == 404
    assert filled.one("SELECT count(*) FROM ads.alerts WHERE resolved_at IS NOT NULL") == 0


async def test_an_act_that_cannot_be_done_keeps_filters_groups_and_choice(filled, olga, ids):
    kept = {
        "f-severity": "critical",
        "f-group": "rule",
        "f-q": "rate",
        "f-client": str(BRANDT),
        "id": ids["alert"],
    }
    late = {"until": "own", "bulk-snooze-own": "2001-01-01T10:00"}
    long = "x" * 5000
    acts = {
        "snooze": (late, "bulk-snooze-own"), "comment": ({"comment": long}, "comment"),
        "resolve": ({"resolve-note": long}, "resolve-note"), "acknowledge": ({"ack-note": long}, "ack-note"),
    }  # fmt: skip
    for act, (typed, wrong) in acts.items():
        answer = await olga.post(f"/alerts/{act}", data={**kept, **typed})
        assert (answer.status_code, act) == (422, act)
        page = answer.text
        assert f'id="{wrong}-error"' in page
        assert '<option value="critical" selected>' in page
        assert 'value="rate"' in page
        assert f'value="{ids["alert"]}" checked' in page
        assert 'name="f-group" value="rule"' in page
        assert 'aria-current="true">rule</a>' in page, act
        group_by_client = next(
            line for line in page.split("<a ") if line.rstrip().startswith("href") and ">client</a>" in line
        )
        assert all(word in group_by_client for word in ("severity=critical", "q=rate", f"client={BRANDT}"))
    one = f"/alerts/{ids['alert']}"
    for act, typed, wrong in (
        ("resolve", {"close-note": long}, "close-note"), ("notes", {"note": long}, "note"),
        ("acknowledge", {"take-note": long}, "take-note"), ("snooze", {"until": "own", "snooze-own": "never"}, "snooze-own"),
    ):  # fmt: skip
        answer = await olga.post(f"{one}/{act}", data={**kept, **typed})
        assert answer.status_code == 422
        assert f'id="{wrong}-error"' in answer.text
        assert 'aria-current="true">rule</a>' in answer.text
    assert (
        filled.one(
            "SELECT count(*) FROM watch.watchtower_alerts WHERE state = 'open' AND NOT is_acknowledged"
        )
        == 1
    )
