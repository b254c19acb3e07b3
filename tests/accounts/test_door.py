from datetime import timedelta
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from tests.accounts.conftest import sign_in
from tests.people import BRANDT, MARLOW, TIDEWATER

from belvedere.accounts.door import (
    Access,
    WriteAccess,
    check_doors,
    doors_of,
    open_to_all,
    reading,
    writing,
)
from belvedere.accounts.routing import door_router


async def test_a_stranger_is_told_to_sign_in(http):
    answer = await http.get("/probe/who")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_get_runs_read_only_as_the_person(http, cookie_of, people):
    answer = await http.get("/probe/who", headers=await cookie_of(people.alice))
    assert answer.json() == {"email": people.alice.email, "role": "authenticated", "read_only": "on"}


async def test_people_see_their_own_clients_only(http, cookie_of, people):
    assert (await http.get("/probe/clients", headers=await cookie_of(people.alice))).json() == [BRANDT]
    assert (await http.get("/probe/clients", headers=await cookie_of(people.charlie))).json() == [MARLOW]
    everything = await http.get("/probe/clients", headers=await cookie_of(people.olga))
    assert everything.json() == [0, BRANDT, MARLOW, TIDEWATER]


async def test_a_foreign_client_answers_like_an_unknown_one(http, cookie_of, people):
    alice = await cookie_of(people.alice)
    own = await http.post(f"/probe/clients/{BRANDT}/sources", headers=alice)
    foreign = await http.post(f"/probe/clients/{MARLOW}/sources", headers=alice)
    unknown = await http.post("/probe/clients/9999/sources", headers=alice)
    assert own.status_code == 201
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["detail"] == unknown.json()["detail"]


async def test_a_viewer_is_refused_at_the_door(http, cookie_of, people):
    answer = await http.post(f"/probe/clients/{BRANDT}/sources", headers=await cookie_of(people.bob))
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


async def test_a_token_does_what_its_scopes_and_its_person_may(http, token_of, people):
    reads = token_of(people.alice, "clients.read")
    assert (await http.get("/probe/clients", headers=reads)).json() == [BRANDT]
    assert (await http.post(f"/probe/clients/{BRANDT}/sources", headers=reads)).status_code == 403
    viewer = token_of(people.bob, "sources.run")
    assert (await http.post(f"/probe/clients/{BRANDT}/sources", headers=viewer)).status_code == 403


async def test_a_token_of_one_client_reaches_no_other(http, token_of, people):
    bound = token_of(people.olga, "clients.read", "sources.run", "users.read", client_id=MARLOW)
    assert (await http.get("/probe/clients", headers=bound)).json() == [MARLOW]
    assert (await http.post(f"/probe/clients/{MARLOW}/sources", headers=bound)).status_code == 201
    assert (await http.post(f"/probe/clients/{BRANDT}/sources", headers=bound)).status_code == 404
    assert (await http.get("/api/v1/users", headers=bound)).status_code == 403


async def test_a_wrong_token_is_not_saved_by_a_cookie(http, cookie_of, people):
    headers = {**await cookie_of(people.alice), "Authorization": "Bearer bvd_nonsense"}
    assert (await http.get("/probe/who", headers=headers)).status_code == 401


async def test_guessing_tokens_runs_into_a_budget(http, clock):
    codes = [
        (await http.get("/probe/who", headers={"Authorization": "Bearer x"})).status_code for _ in range(65)
    ]
    assert codes[:60] == [401] * 60
    assert codes[-1] == 429
    clock.forward(minutes=2)
    assert (await http.get("/probe/who")).status_code == 401


@pytest.mark.parametrize("end", ["logout", "disabled", "idle", "absolute", "revoked"])
async def test_a_session_that_ended_opens_nothing(http, cookie_of, people, admin, clock, end):
    headers = await cookie_of(people.alice)
    assert (await http.get("/probe/who", headers=headers)).status_code == 200
    if end == "disabled":
        admin.execute("UPDATE core.users SET is_active = false WHERE id = %s", [people.alice.id])
    elif end in ("logout", "revoked"):
        sessions = (await http.get("/api/v1/sessions", headers=headers)).json()["data"]
        ended = await http.delete(f"/api/v1/sessions/{sessions[0]['id']}", headers=headers)
        assert ended.status_code == 204
    elif end == "idle":
        clock.forward(minutes=721)
    else:
        for _ in range(30):
            clock.forward(hours=11.9)
            await http.get("/probe/who", headers=headers)
    assert (await http.get("/probe/who", headers=headers)).status_code == 401


async def test_use_keeps_a_session_alive(http, cookie_of, people, clock):
    headers = await cookie_of(people.alice)
    for _ in range(4):
        clock.forward(minutes=600)
        assert (await http.get("/probe/who", headers=headers)).status_code == 200


async def test_a_login_never_takes_over_an_older_session(db, settings, clock, with_passwords):
    first = await sign_in(db, settings, with_passwords.alice.email, clock.at)
    second = await sign_in(db, settings, with_passwords.alice.email, clock.at + timedelta(seconds=1))
    assert first.cookie != second.cookie
    assert first.session_id != second.session_id


async def test_the_cookie_itself_is_stored_nowhere(db, settings, clock, with_passwords, admin):
    login = await sign_in(db, settings, with_passwords.alice.email, clock.at)
    stored = admin.execute("SELECT s::text FROM core.user_sessions s").fetchall()
    assert len(stored) == 1
    assert login.cookie not in stored[0][0]
    assert login.cookie.encode().hex() not in stored[0][0]


CROSS_SITE = (
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8420"}, False),
    ({"Origin": "http://127.0.0.1:8420"}, True),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "http://127.0.0.1:8420.evil.example"}, False),
    ({"Origin": "null"}, False),
    ({}, False),
)


@pytest.mark.parametrize(("headers", "passes"), CROSS_SITE)
async def test_other_sites_cannot_write_with_a_cookie(http, cookie_of, people, headers, passes):
    cookie = (await cookie_of(people.alice))["Cookie"]
    for route in doors_of(http._transport.app):
        if route.permission is None or "GET" in route.methods:
            continue
        path = route.path.replace("{client_id}", str(BRANDT))
        for name in ("{user_id}", "{token_id}", "{session_id}", "{credential_id}"):
            path = path.replace(name, str(people.bob.id))
        answer = await http.request(route.methods[0], path, headers={"Cookie": cookie, **headers})
        is_refused = answer.status_code == 403 and answer.json().get("code") == "cross_site"
        assert is_refused is not passes, (route, answer.text)


async def test_other_sites_may_link_to_pages_and_tokens_need_no_origin(http, cookie_of, token_of, people):
    cookie = (await cookie_of(people.alice))["Cookie"]
    linked = await http.get("/probe/who", headers={"Cookie": cookie, "Sec-Fetch-Site": "cross-site"})
    assert linked.status_code == 200
    script = await http.post("/probe/effects", headers=token_of(people.alice, "me.write"))
    assert script.status_code == 201


async def test_a_failed_request_leaves_nothing_behind(http, cookie_of, people, admin):
    headers = await cookie_of(people.alice)
    assert (await http.post("/probe/effects", headers=headers, content=b"fail")).status_code == 500
    effects = admin.execute("SELECT count(*) FROM core.audit_log WHERE action = 'probe.effect'").fetchone()
    assert effects == (0,)


@pytest.mark.parametrize("body", ['{"text": "\\ud800"}', '{"text": "\\u0000"}', '{"number": 99999999999}'])
async def test_what_cannot_be_stored_is_the_senders_mistake(http, cookie_of, people, body):
    headers = {**await cookie_of(people.alice), "Content-Type": "application/json"}
    answer = await http.post("/probe/raw", headers=headers, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unstorable")


def test_every_route_has_one_door(app):
    check_doors(app)
    paths = {route.path for route in doors_of(app)}
    assert {"/api/v1/me", "/api/v1/clients/{client_id}/credentials", "/probe/open"} <= paths


@pytest.mark.parametrize("fault", ["none", "late", "writing_get", "plain_router"])
def test_an_app_with_a_wrong_door_does_not_start(fault):
    app = FastAPI()
    router = door_router()

    async def endpoint() -> None: ...

    async def late(access: Annotated[Access, Depends(reading("rules.read"))]) -> None: ...

    async def writes(
        access: Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")],
    ) -> None: ...

    if fault == "none":
        router.add_api_route("/x", endpoint)
    elif fault == "late":
        router.add_api_route("/x", late)
    elif fault == "writing_get":
        router.add_api_route("/x", writes)
    else:
        app.add_api_route("/x", writes, methods=["POST"])
    app.include_router(router)
    with pytest.raises(RuntimeError, match="/x"):
        check_doors(app)


def test_an_unknown_permission_is_refused_when_the_route_is_declared():
    with pytest.raises(ValueError, match=r"rules\.frobnicate"):
        reading("rules.frobnicate")


def test_a_route_may_say_that_it_is_open_and_why():
    app = FastAPI()

    async def endpoint() -> None: ...

    app.add_api_route("/health", endpoint)
    guard = Depends(open_to_all("the signature of the push is checked"))
    app.add_api_route("/hooks/{key}", endpoint, methods=["POST"], dependencies=[guard])
    assert doors_of(app) == []
