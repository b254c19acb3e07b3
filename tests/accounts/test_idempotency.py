import asyncio
from collections import Counter

import httpx

KEY = {"Idempotency-Key": "order-7"}


def effects(admin) -> int:
    return admin.execute("SELECT count(*) FROM core.audit_log WHERE action = 'probe.effect'").fetchone()[0]


async def test_a_repeated_request_gets_the_first_answer(http, cookie_of, people, admin):
    headers = {**await cookie_of(people.alice), **KEY}
    first = await http.post("/probe/effects", headers=headers, content=b"one")
    again = await http.post("/probe/effects", headers=headers, content=b"one")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert effects(admin) == 1


async def test_the_answer_survives_a_restart(http, app, cookie_of, people, admin):
    headers = {**await cookie_of(people.alice), **KEY}
    first = await http.post("/probe/effects", headers=headers, content=b"one")
    app.state.budgets = None
    await app.state.runtime.db.close()
    again = await http.post("/probe/effects", headers=headers, content=b"one")
    assert again.json() == first.json()
    assert effects(admin) == 1


async def test_twenty_at_once_have_one_effect(http, cookie_of, people, admin):
    headers = {**await cookie_of(people.alice), **KEY}
    answers = await asyncio.gather(
        *(http.post("/probe/effects", headers=headers, content=b"one") for _ in range(20))
    )
    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency_running"}
    assert effects(admin) == 1


async def test_the_same_key_for_another_request_is_refused(http, cookie_of, people, admin):
    headers = {**await cookie_of(people.alice), **KEY}
    await http.post("/probe/effects", headers=headers, content=b"one")
    other_body = await http.post("/probe/effects", headers=headers, content=b"two")
    other_query = await http.post("/probe/effects?x=1", headers=headers, content=b"one")
    other_route = await http.patch("/api/v1/me", headers=headers, json={"locale": "de"})
    assert {a.status_code for a in (other_body, other_query, other_route)} == {422}
    assert other_body.json()["code"] == "idempotency_reused"
    assert effects(admin) == 1


async def test_keys_belong_to_their_person(http, cookie_of, people, admin):
    for person in (people.alice, people.charlie):
        answer = await http.post("/probe/effects", headers={**await cookie_of(person), **KEY}, content=b"one")
        assert answer.status_code == 201
    assert effects(admin) == 2


async def test_a_failed_request_may_be_sent_again(http, cookie_of, people, admin):
    headers = {**await cookie_of(people.alice), **KEY}
    assert (await http.post("/probe/effects", headers=headers, content=b"fail")).status_code == 500
    assert (await http.post("/probe/effects", headers=headers, content=b"one")).status_code == 201
    assert effects(admin) == 1


async def test_a_key_is_free_again_after_a_day(http, cookie_of, people, admin, clock):
    headers = {**await cookie_of(people.alice), **KEY}
    await http.post("/probe/effects", headers=headers, content=b"one")
    clock.forward(hours=10)
    await http.get("/probe/who", headers=headers)
    clock.forward(hours=10)
    await http.get("/probe/who", headers=headers)
    clock.forward(hours=5)
    assert (await http.post("/probe/effects", headers=headers, content=b"two")).status_code == 201
    assert effects(admin) == 2


async def test_an_unusable_key_is_refused(http, cookie_of, people, admin):
    for key in ("", "x" * 256, "tab\tinside"):
        headers = {**await cookie_of(people.alice), "Idempotency-Key": key}
        assert (await http.post("/probe/effects", headers=headers)).status_code == 422
    assert effects(admin) == 0


async def test_the_effect_is_committed_before_the_answer_leaves(app, http, cookie_of, people, admin):
    seen: list[int] = []

    async def watched(scope, receive, send):
        async def look_first(message):
            if message["type"] == "http.response.start":
                seen.append(effects(admin))
            await send(message)

        await app(scope, receive, look_first)

    transport = httpx.ASGITransport(watched)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as client:
        await client.post("/probe/effects", headers={**await cookie_of(people.alice), **KEY}, content=b"one")
    assert seen == [1]


async def test_a_reply_that_was_lost_after_the_commit_is_replayed(app, http, cookie_of, people, admin):
    """The process dies between commit and reply: the connection breaks, the client asks again."""
    headers = {**await cookie_of(people.alice), **KEY}

    async def cut(scope, receive, send):
        async def lose(message):
            raise ConnectionResetError

        await app(scope, receive, lose)

    transport = httpx.ASGITransport(cut, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as client:
        lost = await client.post("/probe/effects", headers=headers, content=b"one")
        assert lost.status_code == 500
    assert effects(admin) == 1
    again = await http.post("/probe/effects", headers=headers, content=b"one")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert effects(admin) == 1


async def test_a_secret_that_is_shown_once_is_not_kept_in_the_store(http, cookie_of, people, admin):
    headers = {**await cookie_of(people.olga), **KEY}
    body = {"name": "BI", "scopes": ["records.read"]}
    made = await http.post("/api/v1/tokens", headers=headers, json=body)
    assert made.status_code == 201
    again = await http.post("/api/v1/tokens", headers=headers, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "shown_once")
    kept = admin.execute("SELECT body FROM core.idempotency_keys").fetchall()
    assert made.json()["token"].encode() not in b"".join(bytes(row[0]) for row in kept)
    assert admin.execute("SELECT count(*) FROM core.api_tokens").fetchone() == (1,)
