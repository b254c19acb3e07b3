"""The sources API behind its real doors: field names of the specification, filters, scoping, pushes, uploads."""

from datetime import timedelta

import orjson
import pytest
from httpx import AsyncClient

from belvedere.connectors.webhook.signature import sign
from belvedere.sources.service import ingest_file
from tests.people import BRANDT, MARLOW
from tests.sources.conftest import NOON, SIMPLE, World

ROWS = [
    {
        "id": "a",
        "name": "Spring sale",
        "status": "sent",
        "tags": ["vip", "spring"],
        "open_rate": 31.25,
        "spend": 10,
    },
    {"id": "b", "name": "Summer", "status": "draft", "open_rate": 9.5, "amount": 20},
    {"id": "c", "name": "Autumn", "status": "sent", "amount": 5.5},
]
SOURCE_FIELDS = {
    "id", "provider", "endpoint", "display_name", "description", "refresh_interval_minutes", "is_active", "created_at",
    "updated_at",
}  # fmt: skip
SNAPSHOT_FIELDS = {
    "id", "source_id", "client_id", "snapshot_type", "total_records", "status", "error_message", "started_at",
    "completed_at", "created_at",
}  # fmt: skip
RECORD_FIELDS = {
    "id", "snapshot_id", "client_id", "external_id", "name", "email", "status", "category", "tags", "amount",
    "quantity", "record_date", "extra", "created_at",
}  # fmt: skip


async def fill(world: World, rows=ROWS, client_id=BRANDT, mapping=SIMPLE):
    return await ingest_file(
        world.runtime,
        client_id=client_id,
        provider="file",
        endpoint="campaigns",
        data=orjson.dumps(rows),
        form="json",
        mapping=mapping,
        actor="tests",
    )


async def names(http: AsyncClient, who, query: str) -> list[str]:
    answer = await http.get(f"/records?{query}", headers=who)
    assert answer.status_code == 200, answer.text
    return [row["external_id"] for row in answer.json()["data"]]


async def test_seeded_sources_are_listed_with_their_freshness(http, olga):
    answer = (await http.get("/sources", headers=olga)).json()
    assert [
        (row["provider"], row["endpoint"], row["refresh_interval_minutes"]) for row in answer["data"]
    ] == [
        ("internal", "ad_campaigns", 60),
        ("internal", "clients", 1440),
        ("internal", "communication_reports", 60),
        ("internal", "source_health", 5),
        ("internal", "stock", 60),
        ("scraper", "cvr", 10080),
        ("scraper", "shopify_themes", 1440),
    ]
    assert set(answer["data"][0]) >= SOURCE_FIELDS
    assert answer["data"][0]["freshness"]["state"] == "never"
    page = (await http.get("/sources?limit=6", headers=olga)).json()
    assert page["meta"]["has_more"]
    rest = (await http.get(f"/sources?limit=6&cursor={page['meta']['next_cursor']}", headers=olga)).json()
    assert [row["endpoint"] for row in rest["data"]] == ["shopify_themes"]


async def test_a_source_is_added_and_changed_by_staff_alone(http, olga, alice, people, token_of):
    body = {"provider": "omnisend", "endpoint": "automations", "display_name": "Omnisend Automations"}
    made = await http.post("/sources", json=body, headers=olga)
    assert made.status_code == 201
    assert made.headers["location"].endswith(made.json()["id"])
    assert (await http.post("/sources", json=body, headers=olga)).json()["code"] == "source_exists"
    assert (await http.post("/sources", json=body, headers=alice)).status_code == 403
    changed = await http.patch(
        f"/sources/{made.json()['id']}",
        json={"refresh_interval_minutes": 15, "is_active": False},
        headers=olga,
    )
    assert (changed.json()["refresh_interval_minutes"], changed.json()["freshness"]["state"]) == (15, "off")
    wrong = await http.patch(
        f"/sources/{made.json()['id']}", json={"refresh_interval_minutes": 0}, headers=olga
    )
    assert wrong.status_code == 422


async def test_records_come_with_their_metrics_and_the_names_of_the_specification(http, olga, world):
    result = await fill(world)
    snapshot = (await http.get(f"/snapshots/{result.snapshot_id}", headers=olga)).json()
    assert set(snapshot) >= SNAPSHOT_FIELDS
    assert (snapshot["status"], snapshot["total_records"], snapshot["client_id"]) == ("completed", 3, BRANDT)
    answer = (
        await http.get(f"/records?snapshot_id={result.snapshot_id}&sort=external_id", headers=olga)
    ).json()
    assert set(answer["data"][0]) == RECORD_FIELDS | {"metrics"}
    assert [row["metrics"] for row in answer["data"]] == [
        {"open_rate": 31.25, "spend": 10},
        {"open_rate": 9.5},
        {},
    ]
    record = answer["data"][0]["id"]
    assert (await http.get(f"/records/{record}", headers=olga)).json()["external_id"] == "a"
    metrics = (await http.get(f"/metrics?record_id={record}", headers=olga)).json()["data"]
    assert {(row["metric_name"], row["metric_value"], row["metric_unit"]) for row in metrics} == {
        ("open_rate", 31.25, "percent"),
        ("spend", 10, "currency"),
    }
    by_snapshot = await http.get(
        f"/metrics?snapshot_id={result.snapshot_id}&metric_name=open_rate", headers=olga
    )
    assert len(by_snapshot.json()["data"]) == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=sent", ["a", "c"]),
        ("status[ne]=sent", ["b"]),
        ("tags=vip", ["a"]),
        ("search=SUMMER", ["b"]),
        ("amount[gte]=5.5&amount[lt]=20", ["c"]),
        ("metric.open_rate[lt]=15", ["b"]),
        ("metric.open_rate[gte]=9.5&status=sent", ["a"]),
        ("sort=-metric.open_rate", ["a", "b", "c"]),
        ("sort=metric.open_rate", ["b", "a", "c"]),
        ("sort=-amount", ["b", "c", "a"]),
    ],
)
async def test_records_are_filtered_and_sorted(http, olga, world, query, expected):
    result = await fill(world)
    found = await names(http, olga, f"snapshot_id={result.snapshot_id}&{query}")
    assert (found if "sort" in query else sorted(found)) == expected


@pytest.mark.parametrize(
    "query", ["colour=red", "amount[lt]=much", "metric.a[like]=1", "sort=colour", "amount[x]=1"]
)
async def test_a_filter_that_does_not_hold_is_named(http, olga, world, query):
    result = await fill(world)
    answer = await http.get(f"/records?snapshot_id={result.snapshot_id}&{query}", headers=olga)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/")


@pytest.mark.parametrize(
    "sort", ["external_id", "-external_id", "metric.open_rate", "-amount", "-created_at"]
)
async def test_pages_together_hold_every_record_once(http, olga, world, sort):
    rows = [
        {"id": f"r{n:02}", "open_rate": n % 7 if n % 3 else None, "amount": n % 4 or None} for n in range(23)
    ]
    result = await fill(world, rows)
    seen, cursor = [], ""
    while True:
        url = f"/records?snapshot_id={result.snapshot_id}&limit=5&sort={sort}{cursor}"
        answer = (await http.get(url, headers=olga)).json()
        seen += [row["external_id"] for row in answer["data"]]
        if not answer["meta"]["has_more"]:
            break
        cursor = f"&cursor={answer['meta']['next_cursor']}"
    assert sorted(seen) == [row["id"] for row in rows]


async def test_the_newest_readings_of_a_source_and_the_history_of_one_thing(http, olga, world, clock):
    first = await fill(world)
    clock.forward(hours=1)
    second = await fill(world, [{**ROWS[0], "open_rate": 12}])
    source = world.snapshot(first.snapshot_id)["source_id"]
    assert await names(http, olga, f"source_id={source}") == ["a"]
    history = await http.get(f"/record-history?source_id={source}&client_id=1&external_id=a", headers=olga)
    assert [(row["snapshot_id"], row["metrics"]["open_rate"]) for row in history.json()["data"]] == [
        (str(second.snapshot_id), 12),
        (str(first.snapshot_id), 31.25),
    ]


async def test_nobody_sees_another_clients_readings(http, olga, alice, bob, charlie, world):
    ours, theirs = await fill(world), await fill(world, client_id=MARLOW)
    for who in (alice, bob):
        listed = (await http.get("/snapshots", headers=who)).json()["data"]
        assert [row["id"] for row in listed] == [str(ours.snapshot_id)]
    assert (await http.get(f"/snapshots/{ours.snapshot_id}", headers=charlie)).status_code == 404
    assert (await http.get(f"/records?snapshot_id={ours.snapshot_id}", headers=charlie)).status_code == 404
    assert len((await http.get("/snapshots", headers=olga)).json()["data"]) == 2
    source = world.snapshot(theirs.snapshot_id)["source_id"]
    assert len(await names(http, charlie, f"source_id={source}&client_id=1")) == 0
    account = world.account(source, MARLOW)
    assert (await http.get(f"/source-accounts/{account}", headers=alice)).status_code == 404
    assert (
        await http.patch(f"/source-accounts/{account}", json={"is_active": False}, headers=alice)
    ).status_code in (
        403,
        404,
    )


async def test_the_agency_is_null(http, olga, world):
    result = await fill(world, client_id=0)
    assert (await http.get(f"/snapshots/{result.snapshot_id}", headers=olga)).json()["client_id"] is None


async def test_an_account_is_made_run_and_changed(http, olga, bob, world):
    source = world.source("omnisend", "campaigns")
    made = await http.post(
        f"/sources/{source}/accounts", json={"client_id": BRANDT, "settings": {"page_size": 50}}, headers=olga
    )
    assert made.status_code == 201, made.text
    account = made.json()["id"]
    wrong = await http.patch(f"/source-accounts/{account}", json={"settings": {"page_size": 0}}, headers=olga)
    assert wrong.json()["errors"][0]["pointer"] == "/settings/page_size"
    run = await http.post(f"/sources/{source}/runs", json={"account_id": account}, headers=olga)
    assert run.status_code == 202, run.text
    assert world.one("SELECT next_due_at > %s FROM watch.source_accounts WHERE id = %s", NOON, account)
    location = run.headers["location"]
    assert (await http.get(location.removeprefix("/api/v1"), headers=olga)).json()["status"] == "pending"
    again = await http.post(f"/sources/{source}/runs", json={"account_id": account}, headers=olga)
    assert again.json()["code"] == "already_running"
    assert (await http.post(f"/sources/{source}/runs", json={}, headers=bob)).status_code == 403
    kept = await http.delete(f"/source-accounts/{account}", headers=olga)
    assert kept.json()["code"] == "has_history"


async def test_metric_definitions_are_listed_and_added(http, olga, alice):
    listed = (await http.get("/metric-definitions", headers=alice)).json()["data"]
    assert len(listed) == 13
    body = {"metric_name": "aov", "display_name": "Order value", "metric_unit": "currency", "min_value": "0"}
    assert (await http.post("/metric-definitions", json=body, headers=olga)).status_code == 201
    assert (await http.post("/metric-definitions", json=body, headers=olga)).json()["code"] == "metric_exists"
    crossed = {**body, "metric_name": "x", "max_value": "-1"}
    assert (await http.post("/metric-definitions", json=crossed, headers=olga)).status_code == 422


async def test_refused_rows_are_tried_again_with_the_mapping_of_today(http, olga, world):
    world.admin.execute("UPDATE watch.metric_definitions SET max_value = 5 WHERE metric_name = 'spend'")
    source = world.source("omnisend", "campaigns")
    files = {"file": ("x.json", orjson.dumps([{"id": "ok"}, {"id": "a", "spend": 10}]))}
    form = {"source_id": str(source), "client_id": "1", "mapping": orjson.dumps(SIMPLE).decode()}
    taken = await http.post("/ingest", data=form, files=files, headers=olga)
    assert taken.status_code == 202, taken.text
    snapshot = taken.json()["snapshot_id"]
    await world.job("sources.collect", snapshot_id=snapshot)
    (reject,) = (await http.get(f"/rejects?snapshot_id={snapshot}", headers=olga)).json()["data"]
    assert (reject["code"], reject["field"]) == ("out_of_bounds", "spend")
    world.admin.execute("UPDATE watch.metric_definitions SET max_value = NULL WHERE metric_name = 'spend'")
    replay = await http.post("/rejects/replay", json={"snapshot_id": snapshot}, headers=olga)
    assert replay.status_code == 202, replay.text
    await world.job("sources.collect", snapshot_id=replay.json()["snapshot_id"])
    row = world.snapshot(replay.json()["snapshot_id"])
    assert (row["status"], row["total_records"], row["completeness"]) == ("completed", 1, "incremental")
    again = await http.post("/rejects/replay", json={"snapshot_id": snapshot}, headers=olga)
    assert again.json()["code"] == "nothing_to_replay"


async def test_an_upload_that_cannot_be_mapped_is_refused_at_once(http, alice, world):
    form = {"source_id": str(world.source()), "client_id": "1", "mapping": "no_such_mapping"}
    answer = await http.post("/ingest", data=form, files={"file": ("x.csv", b"a,b\n1,2\n")}, headers=alice)
    assert answer.status_code == 404
    form = {**form, "client_id": "2", "mapping": orjson.dumps(SIMPLE).decode()}
    answer = await http.post("/ingest", data=form, files={"file": ("x.csv", b"a,b\n1,2\n")}, headers=alice)
    assert answer.status_code == 404


async def test_an_upload_names_the_client_and_the_moment_that_do_not_hold(http, olga, world):
    form = {"source_id": str(world.source()), "mapping": orjson.dumps(SIMPLE).decode()}
    file = {"file": ("x.csv", b"id,name\n1,2\n")}
    answer = await http.post("/ingest", data={**form, "client_id": "987654"}, files=file, headers=olga)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "client_id" in answer.json()["detail"]
    soon, late = NOON + timedelta(minutes=4), NOON + timedelta(minutes=6)
    answer = await http.post(
        "/ingest", data={**form, "data_as_of": late.isoformat()}, files=file, headers=olga
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/data_as_of"]
    answer = await http.post(
        "/ingest", data={**form, "data_as_of": soon.isoformat()}, files=file, headers=olga
    )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("x.csv", "id\tname\n1\tGröße\n".encode("utf-16"), "completed", None),
        ("x.txt", "\ufeffid;name\n1;Größe\n".encode("utf-16-be"), "completed", None),
        ("x.csv", "größe\tname\n1\tx\n".encode("utf-16"), "failed", "unexpected_shape"),
        ("x.csv", "größe\tname\n1\tx\n".encode("utf-16-le"), "failed", "unexpected_shape"),
        ("x.csv", "größe,name\n1,x\n".encode("latin-1"), "failed", "unexpected_shape"),
        ("x.csv", "id\tname\n".encode("utf-16")[:-1], "failed", "wrong_encoding"),
    ],
)
async def test_an_upload_in_another_encoding_is_read_or_says_why_not(
    http, olga, world, name, content, status, code
):
    form = {"source_id": str(world.source()), "client_id": "1", "mapping": orjson.dumps(SIMPLE).decode()}
    taken = await http.post("/ingest", data=form, files={"file": (name, content)}, headers=olga)
    await world.job("sources.collect", snapshot_id=taken.json()["snapshot_id"])
    row = world.snapshot(taken.json()["snapshot_id"])
    assert (row["status"], row["error_code"]) == (status, code)
    if status == "completed":
        assert world.one("SELECT external_id, name FROM watch.api_records") == ("1", "Größe")


async def test_a_signed_push_is_stored_once(http, olga, world):
    account = world.account(world.source("webhook", "orders"), mapping=SIMPLE)
    made = (
        await http.post("/webhook-endpoints", json={"account_id": str(account), "name": "Shop"}, headers=olga)
    ).json()
    assert "secret" not in (await http.get("/webhook-endpoints", headers=olga)).json()["data"][0]
    body = orjson.dumps([{"id": "o1", "spend": 12.5}, {"id": "o2"}])
    headers = sign(made["secret"], "msg_1", NOON, body)
    address = f"/hooks/{made['id']}"
    first = await http.post(address, content=body, headers=headers)
    assert (first.status_code, first.json()) == (202, {"webhook_id": "msg_1", "duplicate": False})
    second = await http.post(address, content=body, headers=headers)
    assert (second.status_code, second.json()["duplicate"]) == (202, True)
    (call,) = world.jobs("sources.take_intake")
    for _ in range(2):
        await world.job("sources.take_intake", **call["args"])
    row = world.one("SELECT status, completeness, total_records, data_as_of FROM watch.api_snapshots")
    assert row == ("completed", "incremental", 2, NOON)
    assert world.one("SELECT count(*) FROM watch.intakes WHERE content IS NOT NULL") == 0
    forged = await http.post(address, content=body.replace(b"12.5", b"99.5"), headers=headers)
    assert (forged.status_code, forged.json()["code"]) == (401, "webhook_refused")
    broken = b'[{"id": '
    answer = await http.post(address, content=broken, headers=sign(made["secret"], "msg_2", NOON, broken))
    assert answer.json()["code"] == "invalid_json"
    assert (await http.delete(f"/webhook-endpoints/{made['id']}", headers=olga)).status_code == 204
    assert (await http.post(address, content=body, headers=headers)).status_code == 404


async def test_a_push_address_needs_a_mapping(http, olga, world):
    account = world.account(world.source("webhook", "orders"))
    answer = await http.post(
        "/webhook-endpoints", json={"account_id": str(account), "name": "Shop"}, headers=olga
    )
    assert answer.json()["errors"][0]["pointer"] == "/settings/mapping"


async def test_a_page_of_a_large_reading_is_read_from_an_index(world, admin):
    result = await fill(world, [{"id": f"r{n:05}"} for n in range(3000)])
    admin.execute("ANALYZE watch.api_records")
    plan = admin.execute(
        "EXPLAIN SELECT * FROM watch.api_records r WHERE r.snapshot_id = %s AND (external_id, id) > ('r01000', %s)"
        " ORDER BY external_id, id LIMIT 50",
        [result.snapshot_id, result.snapshot_id],
    ).fetchall()
    text = "\n".join(row[0] for row in plan)
    assert "snapshot_id_external_id" in text
    assert "Seq Scan on api_records_p" not in text


@pytest.mark.parametrize(
    "body", [b"xxx", b"x" * 300_000, b" ", b"12", b'"text"', b"id,name\na,b\n", b"{x}\n{y}\n"]
)
async def test_a_push_that_is_not_json_is_refused_and_may_come_again(http, olga, world, body):
    account = world.account(world.source("webhook", "orders"), mapping=SIMPLE)
    made = (
        await http.post("/webhook-endpoints", json={"account_id": str(account), "name": "Shop"}, headers=olga)
    ).json()
    address = f"/hooks/{made['id']}"
    answer = await http.post(address, content=body, headers=sign(made["secret"], "msg_1", NOON, body))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_json")
    assert "NDJSON" in answer.json()["detail"]
    assert world.one("SELECT count(*) FROM watch.intakes") == 0
    assert world.one("SELECT count(*) FROM watch.webhook_receipts") == 0
    good = b'{"id": "o1", "note": "' + b"n" * 5000 + b'"}\n{"id": "o2"}\n'
    taken = await http.post(address, content=good, headers=sign(made["secret"], "msg_1", NOON, good))
    assert (taken.status_code, taken.json()["duplicate"]) == (202, False)
    (call,) = world.jobs("sources.take_intake")
    await world.job("sources.take_intake", **call["args"])
    assert world.one("SELECT total_records FROM watch.api_snapshots") == 2


async def test_an_uploaded_file_of_another_kind_fails_and_names_the_column(http, olga, world):
    form = {"source_id": str(world.source()), "client_id": "1", "mapping": orjson.dumps(SIMPLE).decode()}
    answer = await http.post("/ingest", data=form, files={"file": ("x.csv", b"a,b\n1,2\n")}, headers=olga)
    await world.job("sources.collect", snapshot_id=answer.json()["snapshot_id"])
    row = world.snapshot(answer.json()["snapshot_id"])
    assert (row["status"], row["error_code"]) == ("failed", "unexpected_shape")
    assert "column id," in row["error_message"]
    assert "The file has: a, b." in row["error_message"]
