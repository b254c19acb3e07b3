"""One inbox over the alerts of the watch tower and those of advertising, through the API."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.ads.inbox_rows import add_ads_alert
from tests.api.house import ids_of
from tests.api.requests import UNKNOWN
from tests.people import BRANDT, MARLOW

from belvedere.ads.service import InboxFilter
from belvedere.ads.statements import inbox_page

INBOX = "/api/v1/inbox"


@pytest.fixture
def mixed(filled) -> dict[str, UUID]:
    """Beside one alert of the watch tower at each client: two of advertising at client 1, one at client 2."""
    now = filled.runtime.clock.at
    return {
        "drop": add_ads_alert(filled.admin, BRANDT, now + timedelta(minutes=5)),
        "spike": add_ads_alert(
            filled.admin,
            BRANDT,
            now - timedelta(days=1),
            kind="CPA_SPIKE",
            severity="MEDIUM",
            platform="meta_ads",
        ),
        "theirs": add_ads_alert(filled.admin, MARLOW, now, severity="LOW"),
    }


async def listed(caller, query: str = "") -> list[dict]:
    answer = await caller.get(f"{INBOX}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_both_origins_stand_in_one_list_newest_first(filled, mixed):
    async with filled.caller("owner") as owner:
        rows = await listed(owner, f"client_id={BRANDT}")
    assert [row["origin"] for row in rows] == ["ads", "watch", "ads"]
    assert [row["id"] for row in rows if row["origin"] == "ads"] == [str(mixed["drop"]), str(mixed["spike"])]
    assert [row["created_at"] for row in rows] == sorted((row["created_at"] for row in rows), reverse=True)
    drop, watch, _ = rows
    assert (drop["severity"], drop["severity_raw"], drop["metric"], drop["value"], drop["threshold"]) == (
        "warning", "HIGH", "roas", "1.4", "2.5",
    )  # fmt: skip
    assert (watch["rule_name"], watch["number"], watch["alert_type"]) == ("brandt low open rate", 1, None)


async def test_pages_reach_every_alert_once(filled, mixed):
    async with filled.caller("owner") as owner:
        everything = [row["id"] for row in await listed(owner)]
        found, cursor = [], ""
        for _ in range(9):
            answer = (await owner.get(f"{INBOX}?limit=2{cursor}")).json()
            found += [row["id"] for row in answer["data"]]
            if not answer["meta"]["has_more"]:
                break
            cursor = f"&cursor={answer['meta']['next_cursor']}"
    assert found == everything
    assert len(set(found)) == 5


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("origin=ads", {"drop", "spike", "theirs"}),
        ("origin=watch", set()),
        ("origin=ads&severity=critical", set()),
        ("origin=ads&severity=warning&severity=info", {"drop", "spike", "theirs"}),
        ("search=cpa%20spike", {"spike"}),
        ("search=meta_ads", {"spike"}),
        ("state=resolved", set()),
        (f"client_id={MARLOW}&origin=ads", {"theirs"}),
        ("since=2030-01-01T00:00:00Z", set()),
        (f"rule_id={UNKNOWN}", set()),
    ],
)
async def test_filters_choose(filled, mixed, query, expected):
    async with filled.caller("owner") as owner:
        ids = {row["id"] for row in await listed(owner, query) if row["origin"] == "ads"}
    assert ids == {str(mixed[name]) for name in expected}


@pytest.mark.parametrize(
    "query", ["origin=mail", "state=new", "severity=HIGH", "limit=0", "limit=201", "cursor=x"]
)
async def test_words_that_no_filter_knows_are_refused(filled, query):
    async with filled.caller("owner") as owner:
        assert (await owner.get(f"{INBOX}?{query}")).status_code == 422


async def test_an_alert_of_advertising_is_taken_given_back_and_closed(filled, mixed):
    path = f"{INBOX}/ads/{mixed['drop']}"
    async with filled.caller("owner") as owner:
        taken = (await owner.post(f"{path}/acknowledge", json={"note": "I look"})).json()
        assert (taken["state"], taken["acknowledged_by"]) == ("acknowledged", filled.people.olga.email)
        assert [row["id"] for row in await listed(owner, "state=acknowledged")] == [str(mixed["drop"])]
        again = (await owner.post(f"{path}/acknowledge")).json()
        assert again["acknowledged_at"] == taken["acknowledged_at"], "whom took it first keeps it"
        back = (await owner.delete(f"{path}/acknowledge")).json()
        assert (back["state"], back["acknowledged_by"]) == ("open", None)
        closed = (await owner.post(f"{path}/resolve", json={"note": "bid was wrong"})).json()
        assert (closed["state"], closed["resolved_by"], closed["resolved_reason"]) == (
            "resolved", filled.people.olga.email, "by_person",
        )  # fmt: skip
        for act in ("acknowledge", "resolve"):
            answer = await owner.post(f"{path}/{act}")
            assert (answer.status_code, answer.json()["code"]) == (409, "alert_resolved")
    audit = filled.admin.execute(
        "SELECT action, detail ->> 'note' FROM core.audit_log WHERE subject_type = 'ads_alert' ORDER BY seq"
    ).fetchall()
    assert audit == [
        ("ads_alert.acknowledged", "I look"), ("ads_alert.unacknowledged", None),
        ("ads_alert.resolved", "bid was wrong"),
    ]  # fmt: skip
    events = filled.admin.execute(
        "SELECT type, client_id, data ->> 'acknowledged', data ->> 'reason' FROM core.outbox_events"
        " WHERE subject = %s ORDER BY id", [str(mixed["drop"])],
    ).fetchall()  # fmt: skip
    assert events == [
        ("ads_alert.acknowledged", BRANDT, "true", None), ("ads_alert.acknowledged", BRANDT, "false", None),
        ("ads_alert.resolved", BRANDT, None, "by_person"),
    ]  # fmt: skip


async def test_an_alert_of_the_watch_tower_keeps_its_own_life(filled, mixed):
    alert = ids_of(filled, BRANDT)["alert_id"]
    path = f"{INBOX}/watch/{alert}"
    async with filled.caller("owner") as owner:
        assert (await owner.post(f"{path}/acknowledge", json={"note": "mine"})).json()[
            "state"
        ] == "acknowledged"
        assert (await owner.delete(f"{path}/acknowledge")).json()["state"] == "open"
        assert (await owner.post(f"{path}/resolve")).json()["resolved_reason"] == "by_person"
        steps = (await owner.get(f"/api/v1/alerts/{alert}")).json()["timeline"]
    assert [step["kind"] for step in steps] == ["opened", "acknowledged", "unacknowledged", "resolved"]


async def test_an_id_of_the_other_origin_is_not_there(filled, mixed):
    alert = ids_of(filled, BRANDT)["alert_id"]
    async with filled.caller("owner") as owner:
        for path in (f"watch/{mixed['drop']}", f"ads/{alert}", f"ads/{UNKNOWN}"):
            assert (await owner.get(f"{INBOX}/{path}")).status_code == 404
            assert (await owner.post(f"{INBOX}/{path}/resolve")).status_code == 404


async def test_people_see_and_move_alerts_of_their_own_clients_only(filled, mixed):
    async with filled.caller("client 1") as alice:
        assert {row["client_id"] for row in await listed(alice)} == {BRANDT}
        assert await listed(alice, f"client_id={MARLOW}") == []
        for method, path in (
            ("GET", ""),
            ("POST", "/acknowledge"),
            ("DELETE", "/acknowledge"),
            ("POST", "/resolve"),
        ):
            answer = await alice.request(method, f"{INBOX}/ads/{mixed['theirs']}{path}")
            assert answer.status_code == 404, (method, path)
        assert (await alice.post(f"{INBOX}/ads/{mixed['drop']}/acknowledge")).status_code == 200
    async with filled.caller("client 2") as dora:
        assert {row["client_id"] for row in await listed(dora)} == {MARLOW}
    async with filled.caller("viewer") as viewer:
        assert (await viewer.get(f"{INBOX}/ads/{mixed['drop']}")).status_code == 200
        assert (await viewer.post(f"{INBOX}/ads/{mixed['drop']}/resolve")).status_code == 403
    async with filled.caller("anonymous") as nobody:
        assert (await nobody.get(INBOX)).status_code == 401
    assert filled.one("SELECT acknowledged_at FROM ads.alerts WHERE id = %s", mixed["theirs"]) is None


def scans(plan: dict) -> list[tuple[str, str, float]]:
    """Each read of a table in a plan that ran: how, which, and how many rows it gave."""
    own = [(plan["Node Type"], plan["Relation Name"], plan["Actual Rows"])] if "Relation Name" in plan else []
    ran = plan.get("Actual Loops", 0) > 0
    return (own if ran else []) + [scan for inner in plan.get("Plans", []) for scan in scans(inner)]


async def test_a_page_is_read_along_the_indexes(filled):
    filled.admin.execute(
        "INSERT INTO ads.alerts (client_id, alert_type, severity, message, dedup_key, created_at)"
        " SELECT 1 + n % 2, 'ROAS_DROP', 'HIGH', 'm', n::text, now() - n * interval '1 minute'"
        " FROM generate_series(1, 20000) AS n"
    )
    filled.admin.execute("ANALYZE ads.alerts")
    values = {**InboxFilter().values(), "limit": 50, "before_at": None, "before_id": None}
    explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {inbox_page()}")
    async with filled.runtime.db.read(filled.people.alice.scope) as session:
        plan = (await session.execute(explained, values)).scalar_one()[0]["Plan"]
    read = [(how, rows) for how, table, rows in scans(plan) if table == "alerts"]
    assert read
    assert all(how != "Seq Scan" and rows <= 100 for how, rows in read), read
