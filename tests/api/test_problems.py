"""Every error is a problem with the same fields, headers and reference."""

import pytest
from starlette.exceptions import HTTPException

from belvedere.accounts.budgets import PER_ADDRESS_REFUSED
from belvedere.core.errors import ExternalError

UNKNOWN = "00000000-0000-4000-8000-000000000000"
GUARDING = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "cache-control",
    "x-correlation-id",
}
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="rows.json"\r\n\r\n'


def assert_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.headers) >= GUARDING
    body = answer.json()
    assert set(body) - {"errors"} == {
        "type", "title", "status", "detail", "instance", "code", "correlation_id",
    }  # fmt: skip
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"/docs/reference/errors#{code}"
    assert body["instance"] == answer.request.url.path
    assert body["correlation_id"] == answer.headers["x-correlation-id"]
    assert body["title"]
    assert body["detail"]
    return body


async def test_a_stranger_is_asked_to_sign_in(anybody):
    answer = await anybody.get("/api/v1/rules")
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_role_too_small_is_forbidden(house):
    async with house.caller("viewer") as viewer:
        assert_problem(await viewer.post("/api/v1/clients", json={"name": "x"}), 403, "forbidden")


@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", f"/api/v1/rules/{UNKNOWN}", f"/api/v1/snapshots/{UNKNOWN}"]
)
async def test_what_is_not_there_is_not_found(owner, path):
    assert_problem(await owner.get(path), 404, "not_found")


async def test_a_wrong_verb_names_the_right_ones(owner):
    answer = await owner.delete("/api/v1/me")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


async def test_a_second_of_the_same_name_is_a_conflict(owner):
    body = {"provider": "shop", "endpoint": "orders", "display_name": "Orders"}
    assert (await owner.post("/api/v1/sources", json=body)).status_code == 201
    assert_problem(await owner.post("/api/v1/sources", json=body), 409, "source_exists")


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/rules", "/api/v1/ingest", f"/api/v1/hooks/{UNKNOWN}"])
async def test_a_body_past_the_limit_is_refused(owner, path, declared):
    async def parts():
        yield MULTIPART
        for _ in range(50):
            yield b"x" * 10_000

    content = MULTIPART + b"x" * 500_000 if declared else parts()
    headers = {"content-type": "multipart/form-data; boundary=b" if "ingest" in path else "application/json"}
    answer = await owner.post(path, content=content, headers=headers)
    assert_problem(answer, 413, "too_large")


async def test_a_field_that_does_not_hold_is_named(owner):
    body = assert_problem(await owner.post("/api/v1/rules", json={"name": 7}), 422, "invalid")
    assert {"/name", "/field_name", "/condition"} <= {error["pointer"] for error in body["errors"]}
    assert all(set(error) == {"pointer", "code", "detail"} for error in body["errors"])
    query = assert_problem(await owner.get("/api/v1/rules?limit=0"), 422, "invalid")
    assert [error["pointer"] for error in query["errors"]] == ["query/limit"]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"name": NaN', b"null", b"7"], ids=range(5))
async def test_what_is_no_json_is_refused(owner, content):
    answer = await owner.post("/api/v1/rules", content=content, headers={"content-type": "application/json"})
    assert_problem(answer, 422, "invalid")


async def test_json_without_end_is_malformed(owner):
    answer = await owner.post(
        "/api/v1/rules", content=b"[" * 100_000, headers={"content-type": "application/json"}
    )
    assert_problem(answer, 400, "malformed_request")


async def test_a_body_of_another_kind_is_refused(owner):
    answer = await owner.post(
        "/api/v1/rules", content=b'{"name": "x"}', headers={"content-type": "text/plain"}
    )
    assert_problem(answer, 422, "invalid")


async def test_an_answer_never_repeats_a_secret_that_did_not_fit(owner):
    body = {"kind": "email", "name": "x", "token": ["hush-hush"]}
    assert "hush-hush" not in (await owner.post("/api/v1/channels", json=body)).text


async def test_guessing_strangers_are_slowed_down(house, anybody):
    at = house.runtime.clock.at
    house.runtime.clock = lambda: at
    for _ in range(int(PER_ADDRESS_REFUSED.burst)):
        assert (await anybody.get("/api/v1/me")).status_code == 401
    answer = await anybody.get("/api/v1/me")
    assert_problem(answer, 429, "too_many_requests")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("identifier", ["abc-123", "A" * 64], ids=["short", "long"])
async def test_a_given_correlation_id_comes_back(anybody, identifier):
    answer = await anybody.get("/api/v1/me", headers={"X-Correlation-Id": identifier})
    assert answer.headers["x-correlation-id"] == identifier
    assert answer.json()["correlation_id"] == identifier


@pytest.mark.parametrize("identifier", ["", "A" * 65, "a b", "x<script>", "a\tb"], ids=range(5))
async def test_a_correlation_id_of_another_shape_is_replaced(anybody, identifier):
    answer = await anybody.get("/api/v1/me", headers={"X-Correlation-Id": identifier})
    assert answer.headers["x-correlation-id"] not in {identifier, ""}


async def test_a_crash_tells_a_reference_and_nothing_of_its_inside(house, owner):
    @house.app.get("/api/crash")
    async def crash():
        raise RuntimeError("inner words")

    answer = await owner.get("/api/crash")
    assert_problem(answer, 500, "internal")
    assert "inner words" not in answer.text


async def test_an_outside_service_that_failed_is_named(house, owner):
    @house.app.get("/api/outside")
    async def outside():
        raise ExternalError("Omnisend did not answer.", provider="omnisend", permanent=False)

    assert (
        assert_problem(await owner.get("/api/outside"), 502, "external")["detail"]
        == "Omnisend did not answer."
    )


async def test_other_http_errors_have_codes_of_their_own(house, owner):
    @house.app.get("/api/kind")
    async def kind():
        raise HTTPException(415, "JSON is wanted.")

    assert_problem(await owner.get("/api/kind"), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/health", "/metrics", "/api/openapi.json", "/login", "/nowhere"]
)
async def test_every_answer_carries_the_guarding_headers(owner, path):
    answer = await owner.get(path)
    assert set(answer.headers) >= GUARDING - {"cache-control"}
    assert "'unsafe-eval'" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer", "said"),
    [
        ("GET", "/alerts?state=new", None, "query/state", "Write one of 'open' or 'resolved'."),
        ("GET", "/alerts?limit=900", None, "query/limit", "Write 200 or less."),
        ("GET", "/alerts?limit=many", None, "query/limit", "Write a whole number."),
        ("GET", "/alerts?rule_id=7", None, "query/rule_id", "Write an id, such as"),
        ("GET", "/alerts?since=yesterday", None, "query/since", "Write a time with its zone, such as"),
        ("GET", "/alerts?since=2026-03-01T09:00:00", None, "query/since", "Say the time with its zone, such as"),
        ("POST", "/rules", {"field_name": "cpa", "condition": "less_than"}, "/name", "This is missing."),
        ("POST", "/rules", {"name": "x" * 101, "field_name": "cpa", "condition": "less_than"}, "/name",
         "Write at most 100 characters."),
        ("POST", "/rules", {"name": "a", "field_name": "cpa", "condition": "is_under"}, "/condition", "Write one of "),
        ("POST", "/rules", {"name": "a", "field_name": "cpa", "condition": "less_than", "treshold": 1}, "/treshold",
         "There is no such field."),
        ("POST", "/rules", {"name": "a", "field_name": "cpa", "condition": "less_than", "is_active": "perhaps"},
         "/is_active", "Write true or false."),
        ("POST", "/silences", {"minutes": 0}, "/minutes", "Write 1 or more."),
        ("POST", "/alerts/acknowledge", {"ids": []}, "/ids", "Name at least 1."),
        ("POST", "/alerts/acknowledge", {"ids": "all"}, "/ids", "Send a list"),
    ],
)  # fmt: skip
async def test_wrong_input_is_told_in_our_own_words(filled, method, path, body, pointer, said):
    async with filled.caller("owner") as owner:
        answer = await owner.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == 422
    error = next(error for error in answer.json()["errors"] if error["pointer"] == pointer)
    assert error["detail"].startswith(said)
