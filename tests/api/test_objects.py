"""What belongs to a client out of reach looks, from every route, like what does not exist."""

import hashlib
import re

import pytest
from tests.api.house import ids_of
from tests.api.requests import UNKNOWN, good_bodies
from tests.people import BRANDT, MARLOW

SHARED = {"source_id", "origin"}
TABLES = (
    "watch.source_accounts", "watch.webhook_endpoints", "watch.watchtower_rules", "watch.watchtower_alerts",
    "watch.alert_events", "watch.api_snapshots", "watch.api_records", "watch.record_rejects", "watch.intakes",
    "watch.digests", "core.channels", "core.creds_meta", "core.deliveries", "core.clients", "core.user_clients", "core.api_tokens",
)  # fmt: skip


def fingerprint(house, client: int) -> dict[str, str]:
    """All rows of a client, told by a hash a table; tokens of everybody."""
    found = {}
    for name in TABLES:
        key = {"core.clients": "id", "core.api_tokens": str(client)}.get(name, "client_id")
        rows = house.admin.execute(
            f"SELECT (to_jsonb(t) - 'last_used_at')::text FROM {name} t WHERE {key} = %s ORDER BY 1", [client]
        ).fetchall()
        found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def addressed(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: ids.get(match.group(1), match.group(0)), path)


def crawl(document, theirs: dict[str, str]):
    """Every operation that takes the id of something of a client: method, path with it, path without, bodies."""
    unknown = {name: "99" if name == "client_id" else UNKNOWN for name in theirs}
    unknown |= {name: theirs[name] for name in SHARED}
    for path, operations in sorted(document["paths"].items()):
        named = set(re.findall(r"\{(\w+)\}", path)) & set(theirs)
        for verb, operation in operations.items():
            name = operation["operationId"]
            body = good_bodies(theirs).get(name)
            by_body = body is not None and set(good_bodies(theirs)[name]) & {
                "client_id",
                "account_id",
                "snapshot_id",
                "rule_id",
                "client",
            }
            if (not named - SHARED and not by_body) or path.startswith("/api/v1/hooks"):
                continue
            yield (
                name,
                verb.upper(),
                addressed(path, theirs),
                addressed(path, unknown),
                body,
                good_bodies(unknown).get(name),
            )


def shape(answer) -> tuple:
    body = answer.json()
    detail = re.sub(r"[0-9a-f-]{36}|\b\d+\b", "…", body.get("detail", ""))
    return answer.status_code, set(body), body.get("title"), body.get("code"), detail


@pytest.mark.parametrize("name", ["client 2", "owner at 2"])
async def test_a_thing_of_another_client_is_like_one_that_is_not_there(filled, name):
    theirs = ids_of(filled, BRANDT)
    before = fingerprint(filled, BRANDT)
    tried = 0
    async with filled.caller(name) as caller:
        for operation, method, path, nowhere, body, other_body in crawl(filled.app.openapi(), theirs):
            answer = await caller.request(method, path, **({"json": body} if body else {}))
            absent = await caller.request(method, nowhere, **({"json": other_body} if other_body else {}))
            refused = answer.status_code in (403, 404) or answer.json().get("data") == []
            assert refused, (operation, answer.status_code, answer.text)
            assert shape(answer) == shape(absent), operation
            tried += 1
    assert tried >= 30
    assert fingerprint(filled, BRANDT) == before


@pytest.mark.parametrize("name", ["client 2", "owner at 2"])
async def test_no_list_tells_of_another_client(filled, name):
    theirs, own = ids_of(filled, BRANDT), ids_of(filled, MARLOW)
    secret = {value for key, value in theirs.items() if key not in SHARED | {"client_id"}} - set(own.values())
    async with filled.caller(name) as caller:
        for path in filled.app.openapi()["paths"]:
            if "{" in path or path.endswith("/stream") or not path.startswith("/api/v1/"):
                continue
            for query in (
                "",
                f"?client_id={BRANDT}",
                f"?rule_id={theirs['rule_id']}",
                f"?snapshot_id={theirs['snapshot_id']}",
            ):
                text = (await caller.get(path + query)).text
                assert [value for value in secret if value in text] == [], path + query
                assert not re.search("brandt", text.replace("Kaffeehaus Brandt", "brandt"), re.IGNORECASE), (
                    path + query
                )


async def test_bulk_acts_leave_alerts_of_others_alone(filled):
    theirs = ids_of(filled, BRANDT)
    own = ids_of(filled, MARLOW)
    before = fingerprint(filled, BRANDT)
    async with filled.caller("client 2") as caller:
        both = {"ids": [theirs["alert_id"], own["alert_id"]]}
        answer = await caller.post("/api/v1/alerts/acknowledge", json=both)
    assert answer.status_code == 404 or answer.json() == {"changed": [own["alert_id"]]}
    assert fingerprint(filled, BRANDT) == before


COLUMNS = {
    "id": UNKNOWN, "client_id": MARLOW, "created_by": "me", "acknowledged_by": "me", "version": 99,
    "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z", "is_staff": True, "role": "owner",
    "user_id": UNKNOWN, "password_hash": "x", "token_hash": "x", "secret_ciphertext": "x", "state": "sent",
    "acknowledged": True, "resolved_at": "2020-01-01T00:00:00Z", "key_version": 1, "broken_since": None,
    "consecutive_failures": 0, "next_due_at": None, "source_id": UNKNOWN, "permissions": ["x"], "memberships": [],
    "__proto__": {}, "expression": "x", "actor": "me",
}  # fmt: skip


async def test_no_body_takes_a_column_that_its_schema_does_not_name(filled):
    ids = ids_of(filled, BRANDT)
    document, bodies = filled.app.openapi(), good_bodies(ids)
    names = filled.one(
        "SELECT array_agg(DISTINCT column_name::text) FROM information_schema.columns"
        " WHERE table_schema IN ('core', 'watch')"
    )
    columns = {**dict.fromkeys(names, "x"), **COLUMNS}
    tried = 0
    async with filled.caller("owner") as owner:
        for path, operations in document["paths"].items():
            for verb, operation in operations.items():
                schema = body_schema(document, operation)
                if schema is None:
                    continue
                assert schema.get("additionalProperties") is False, operation["operationId"]
                strange = {name: value for name, value in columns.items() if name not in schema["properties"]}
                sent = {**strange, **bodies[operation["operationId"]]}
                answer = await owner.request(verb.upper(), addressed(path, ids), json=sent)
                assert answer.status_code == 422, (operation["operationId"], answer.text)
                refused = {error["pointer"] for error in answer.json()["errors"]}
                assert {f"/{name}" for name in strange} <= refused, operation["operationId"]
                tried += 1
    assert tried >= 30


def body_schema(document, operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    options = [schema, *schema.get("anyOf", [])]
    reference = next(option["$ref"] for option in options if "$ref" in option)
    return document["components"]["schemas"][reference.rsplit("/", 1)[-1]]


@pytest.mark.parametrize(
    "operation", ["create_credential", "create_account", "create_rule", "create_channel"]
)
async def test_nothing_is_made_for_a_client_that_does_not_exist(filled, operation):
    ids = {**ids_of(filled, BRANDT), "client_id": "99999"}
    paths = {
        item["operationId"]: path
        for path, verbs in filled.app.openapi()["paths"].items()
        for item in verbs.values()
    }
    async with filled.caller("owner") as owner:
        answer = await owner.post(addressed(paths[operation], ids), json=good_bodies(ids)[operation])
        membership = await owner.put(
            f"/api/v1/users/{ids['user_id']}/memberships/99999", json={"role": "viewer"}
        )
    assert answer.status_code in (404, 409, 422), answer.text
    assert membership.status_code in (404, 409, 422), membership.text


async def test_an_account_takes_no_credential_that_is_not_its_clients(filled):
    ids, others = ids_of(filled, BRANDT), ids_of(filled, MARLOW)
    async with filled.caller("owner") as owner:
        for credential_id in (UNKNOWN, others["credential_id"]):
            answer = await owner.patch(
                f"/api/v1/source-accounts/{ids['account_id']}", json={"credential_id": credential_id}
            )
            assert answer.status_code in (404, 422), answer.text
