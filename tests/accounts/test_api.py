import json

import pytest
from tests.accounts.conftest import PASSWORD, sign_in
from tests.people import BRANDT, MARLOW, TIDEWATER


@pytest.fixture
async def olga(cookie_of, people):
    return await cookie_of(people.olga)


@pytest.fixture
async def alice(cookie_of, people):
    return await cookie_of(people.alice)


async def test_me_says_who_and_what_is_allowed(http, alice, people):
    me = (await http.get("/api/v1/me", headers=alice)).json()
    assert (me["email"], me["memberships"]) == (
        people.alice.email,
        [{"client_id": BRANDT, "role": "operator"}],
    )
    assert "sources.run" in me["permissions"]
    assert not {"users.read", "credentials.read", "audit.read", "channels.write"} & set(me["permissions"])


async def test_people_change_their_name_but_not_their_rights(http, alice):
    changed = await http.patch("/api/v1/me", headers=alice, json={"timezone": "Europe/Vienna"})
    assert changed.json()["timezone"] == "Europe/Vienna"
    for field, value in (
        ("role", "owner"),
        ("is_staff", True),
        ("email", "a@b.example"),
        ("is_active", False),
    ):
        assert (await http.patch("/api/v1/me", headers=alice, json={field: value})).status_code == 422
    assert (
        await http.patch("/api/v1/me", headers=alice, json={"timezone": "Mars/Olympus"})
    ).status_code == 422


async def test_clients_are_listed_by_page_for_their_people(http, olga, alice):
    assert [c["id"] for c in (await http.get("/api/v1/clients", headers=alice)).json()["data"]] == [BRANDT]
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await http.get("/api/v1/clients", headers=olga, params=query)).json()
        seen += [client["name"] for client in page["data"]]
        cursor = page["meta"]["next_cursor"]
        assert page["meta"]["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert seen == ["Agency", "Kaffeehaus Brandt", "Marlow & Finch", "Tidewater Outdoor"]
    assert (await http.get("/api/v1/clients?cursor=forged", headers=olga)).status_code == 422


async def test_a_client_is_made_changed_and_archived(http, olga, alice, admin):
    draft = {"name": "Fjord & Söhne", "currency": "NOK", "timezone": "Europe/Oslo", "metadata": {"tier": 1}}
    made = await http.post("/api/v1/clients", headers=olga, json=draft)
    assert (made.status_code, made.json()["slug"]) == (201, "fjord-sohne")
    path = made.headers["location"]
    assert (await http.post("/api/v1/clients", headers=olga, json=draft)).json()["code"] == "slug_taken"
    changed = await http.patch(
        path, headers=olga, json={"website_url": "https://fjord.example", "metadata": {}}
    )
    assert (changed.json()["website_url"], changed.json()["metadata"]) == ("https://fjord.example", {})
    assert (await http.patch(path, headers=olga, json={"slug": "brandt"})).json()["code"] == "slug_taken"
    assert (await http.post(f"{path}/archive", headers=olga)).json()["status"] == "archived"
    listed = (await http.get("/api/v1/clients", headers=olga)).json()["data"]
    assert made.json()["id"] not in [client["id"] for client in listed]
    assert (await http.get(path, headers=alice)).status_code == 404
    actions = admin.execute("SELECT action FROM core.audit_log WHERE subject_type = 'client' ORDER BY seq")
    assert [row[0] for row in actions] == ["client.create", "client.change", "client.change"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "nul\0"},
        {"name": "x", "currency": "XXX"},
        {"name": "x", "timezone": "Nowhere"},
        {"name": "x", "website_url": "javascript:alert(1)"},
        {"name": "x", "slug": "Not A Slug"},
        {"name": "x", "id": 7},
        {"name": "x", "client_id": 7},
        {"name": "x", "status": "active"},
        {"name": "x", "metadata": {"a": "\0"}},
        {"name": "x", "metadata": {"a": 2**70}},
        {"name": "x", "metadata": {"a": "\ud800"}},
        {"name": "\ud800"},
        {"name": "x", "email_recipients": ["nobody"]},
    ],
)
async def test_a_wrong_client_is_refused_with_its_field(http, olga, body):
    written = json.dumps(body)  # with escapes, so that lone surrogates can be sent at all
    headers = {**olga, "Content-Type": "application/json"}
    assert (await http.post("/api/v1/clients", headers=headers, content=written)).status_code == 422


async def test_nulls_never_reach_columns_that_need_a_value(http, olga, people):
    for field in ("name", "slug", "status", "currency", "timezone", "locale", "metadata"):
        answer = await http.patch(f"/api/v1/clients/{BRANDT}", headers=olga, json={field: None})
        assert answer.status_code == 422, field
    for field in ("email", "display_name", "role", "is_staff", "timezone", "locale", "is_active"):
        answer = await http.patch(f"/api/v1/users/{people.bob.id}", headers=olga, json={field: None})
        assert answer.status_code == 422, field


async def test_the_agency_itself_is_not_archived(http, olga):
    assert (await http.post("/api/v1/clients/0/archive", headers=olga)).status_code == 409


async def test_a_person_is_made_and_signs_in(http, olga, db, settings, clock):
    body = {
        "email": "dora@brandt.example",
        "display_name": "Dora",
        "role": "analyst",
        "password": PASSWORD,
        "memberships": [{"client_id": BRANDT, "role": "analyst"}],
    }
    made = await http.post("/api/v1/users", headers=olga, json=body)
    assert made.status_code == 201
    assert made.json()["memberships"] == [{"client_id": BRANDT, "role": "analyst"}]
    assert "password" not in made.text
    twice = await http.post("/api/v1/users", headers=olga, json={**body, "email": "DORA@brandt.example"})
    assert twice.json()["code"] == "email_taken"
    assert (await sign_in(db, settings, "dora@brandt.example", clock.at)).cookie


@pytest.mark.parametrize(
    "change",
    [
        {"role": "admin"},
        {"memberships": [{"client_id": BRANDT, "role": "owner"}]},
        {"memberships": [{"client_id": 0}]},
        {"password": "short"},
        {"password_hash": "x"},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"deleted_at": None},
    ],
)
async def test_a_wrong_person_is_refused(http, olga, change):
    body = {"email": "dora@brandt.example", "display_name": "Dora", **change}
    assert (await http.post("/api/v1/users", headers=olga, json=body)).status_code == 422


async def test_only_owners_touch_owners_and_nobody_themselves(http, olga, cookie_of, people, admin):
    admin.execute("UPDATE core.users SET is_staff = true, role = 'admin' WHERE id = %s", [people.bob.id])
    bob = await cookie_of(people.bob)
    path = f"/api/v1/users/{people.olga.id}"
    assert (await http.patch(path, headers=bob, json={"display_name": "X"})).status_code == 403
    assert (await http.post(f"{path}/deactivate", headers=bob)).status_code == 403
    own = f"/api/v1/users/{people.bob.id}"
    assert (await http.patch(own, headers=bob, json={"role": "owner"})).status_code == 403
    assert (await http.patch(path, headers=olga, json={"role": "viewer"})).status_code == 403
    assert (await http.post(f"{path}/deactivate", headers=olga)).status_code == 403


async def test_an_owner_may_demote_another(http, olga, people, admin):
    admin.execute("UPDATE core.users SET is_staff = true, role = 'owner' WHERE id = %s", [people.bob.id])
    answer = await http.patch(f"/api/v1/users/{people.bob.id}", headers=olga, json={"role": "admin"})
    assert answer.json()["role"] == "admin"


async def test_who_is_shut_out_is_out_at_once(http, olga, alice, token_of, people):
    token = token_of(people.alice, "me.read")
    assert (await http.get("/api/v1/me", headers=token)).status_code == 200
    gone = await http.post(f"/api/v1/users/{people.alice.id}/deactivate", headers=olga)
    assert gone.json()["is_active"] is False
    assert (await http.get("/api/v1/me", headers=alice)).status_code == 401
    assert (await http.get("/api/v1/me", headers=token)).status_code == 401
    await http.patch(f"/api/v1/users/{people.alice.id}", headers=olga, json={"is_active": True})
    assert (await http.get("/api/v1/me", headers=alice)).status_code == 401


async def test_memberships_count_at_once(http, olga, alice, people):
    path = f"/api/v1/users/{people.alice.id}/memberships"
    assert (await http.put(f"{path}/{MARLOW}", headers=olga, json={"role": "viewer"})).status_code == 200
    assert (await http.get("/probe/clients", headers=alice)).json() == [BRANDT, MARLOW]
    assert (await http.delete(f"{path}/{BRANDT}", headers=olga)).status_code == 204
    assert (await http.get("/probe/clients", headers=alice)).json() == [MARLOW]
    assert (await http.put(f"{path}/9999", headers=olga, json={"role": "viewer"})).status_code == 404
    assert (await http.delete(f"{path}/{TIDEWATER}", headers=olga)).status_code == 404


async def test_a_new_password_of_somebody_needs_a_fresh_login(http, olga, alice, people, clock):
    path = f"/api/v1/users/{people.alice.id}/password"
    assert (await http.put(path, headers=olga, json={"password": "another calm harbour"})).status_code == 204
    assert (await http.get("/api/v1/me", headers=alice)).status_code == 401
    clock.forward(minutes=16)
    stale = await http.put(path, headers=olga, json={"password": "a third calm harbour"})
    assert (stale.status_code, stale.json()["code"]) == (403, "step_up_required")
    assert (
        await http.post("/api/v1/me/step-up", headers=olga, json={"password": "wrong"})
    ).status_code == 403
    assert (
        await http.post("/api/v1/me/step-up", headers=olga, json={"password": PASSWORD})
    ).status_code == 204
    again = await http.put(path, headers=olga, json={"password": "a third calm harbour"})
    assert again.status_code == 204


async def test_a_token_is_shown_once_and_ends_when_revoked(http, cookie_of, people, admin):
    olga = await cookie_of(people.olga)
    body = {"name": "BI", "scopes": ["records.read", "me.read"], "client_id": BRANDT}
    made = (await http.post("/api/v1/tokens", headers=olga, json=body)).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert (await http.get("/api/v1/me", headers=headers)).json()["permissions"] == [
        "me.read",
        "records.read",
    ]
    listed = (await http.get("/api/v1/tokens", headers=olga)).text
    assert made["token"] not in listed
    assert made["prefix"] in listed
    stored = admin.execute("SELECT t::text FROM core.api_tokens t").fetchone()[0]
    assert made["token"] not in stored
    assert (await http.delete(f"/api/v1/tokens/{made['id']}", headers=olga)).status_code == 204
    assert (await http.get("/api/v1/me", headers=headers)).status_code == 401


async def test_a_token_ends_by_itself(http, olga, clock):
    body = {"name": "BI", "scopes": ["me.read"], "expires_in_days": 1}
    made = (await http.post("/api/v1/tokens", headers=olga, json=body)).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    clock.forward(hours=23)
    assert (await http.get("/api/v1/me", headers=headers)).status_code == 200
    clock.forward(hours=2)
    assert (await http.get("/api/v1/me", headers=headers)).status_code == 401


async def test_a_token_takes_nothing_its_person_lacks_and_breeds_no_tokens(
    http, olga, alice, token_of, people
):
    async def ask(headers, **body):
        answer = await http.post("/api/v1/tokens", headers=headers, json={"name": "t", **body})
        return answer.status_code

    assert await ask(alice, scopes=["users.read"]) == 422
    assert await ask(alice, scopes=["alerts.read"], client_id=MARLOW) == 422
    assert await ask(olga, scopes=["tokens.write"]) == 422
    assert await ask(olga, scopes=["nonsense"]) == 422
    assert await ask(olga, scopes=[]) == 422
    assert await ask(token_of(people.olga, "tokens.write"), scopes=["me.read"]) == 403


async def test_foreign_tokens_and_sessions_answer_like_unknown_ones(
    http, alice, cookie_of, people, token_of, admin
):
    token_of(people.charlie, "me.read")
    (token_id,) = admin.execute("SELECT id FROM core.api_tokens").fetchone()
    charlie = await cookie_of(people.charlie)
    foreign = (await http.get("/api/v1/sessions", headers=charlie)).json()["data"][0]["id"]
    assert (await http.delete(f"/api/v1/tokens/{token_id}", headers=alice)).status_code == 404
    assert (await http.delete(f"/api/v1/sessions/{foreign}", headers=alice)).status_code == 404
    assert (await http.get("/api/v1/me", headers=charlie)).status_code == 200


async def test_credentials_go_in_and_never_come_out(http, olga, admin):
    path = f"/api/v1/clients/{BRANDT}/credentials"
    body = {"provider": "omnisend", "name": "main", "secret": {"api_key": "canary-0123456789-tail"}}
    made = await http.post(path, headers=olga, json=body)
    assert made.status_code == 201
    own = f"{path}/{made.json()['id']}"
    replaced = await http.put(own, headers=olga, json={"secret": {"api_key": "canary-9876543210-liat"}})
    listed = await http.get("/api/v1/credentials", headers=olga)
    assert listed.json()["data"][0]["hint"] == "…liat"
    assert "canary" not in made.text + replaced.text + listed.text
    assert (await http.get(own, headers=olga)).status_code == 405
    assert (await http.delete(own, headers=olga)).status_code == 204
    assert (await http.delete(own, headers=olga)).status_code == 404
    actions = admin.execute(
        "SELECT actor, action FROM core.audit_log WHERE subject_type = 'credential'"
    ).fetchall()
    assert [action for _, action in actions] == ["credential.write", "credential.write", "credential.delete"]
    assert {actor for actor, _ in actions} == {"olga@agency.example"}


async def test_credentials_of_another_client_are_out_of_reach(http, olga, alice, token_of, people):
    path = f"/api/v1/clients/{BRANDT}/credentials"
    body = {"provider": "omnisend", "name": "main", "secret": {"api_key": "x"}}
    made = (await http.post(path, headers=olga, json=body)).json()
    bound = token_of(people.olga, "credentials.read", "credentials.write", client_id=MARLOW)
    assert (await http.get("/api/v1/credentials", headers=bound)).json()["data"] == []
    assert (await http.get(f"/api/v1/credentials?client_id={BRANDT}", headers=bound)).status_code == 404
    through_own = f"/api/v1/clients/{MARLOW}/credentials/{made['id']}"
    assert (await http.put(through_own, headers=bound, json={"secret": {"a": "b"}})).status_code == 404
    assert (await http.delete(through_own, headers=bound)).status_code == 404
    assert (await http.post(path, headers=bound, json=body)).status_code == 404
    assert (await http.get("/api/v1/credentials", headers=alice)).status_code == 403


async def test_a_stale_login_writes_no_credentials(http, olga, clock):
    clock.forward(minutes=16)
    body = {"provider": "omnisend", "name": "main", "secret": {"api_key": "x"}}
    answer = await http.post(f"/api/v1/clients/{BRANDT}/credentials", headers=olga, json=body)
    assert answer.json()["code"] == "step_up_required"


async def test_a_credential_in_use_is_not_deleted(http, olga, admin):
    path = f"/api/v1/clients/{BRANDT}/credentials"
    body = {"provider": "discord", "name": "bot", "secret": {"token": "x"}}
    made = (await http.post(path, headers=olga, json=body)).json()
    admin.execute(
        "INSERT INTO core.channels (client_id, kind, name, credential_id)"
        " VALUES (%s, 'discord_bot', 'x', %s)",
        [BRANDT, made["id"]],
    )
    answer = await http.delete(f"{path}/{made['id']}", headers=olga)
    assert (answer.status_code, answer.json()["code"]) == (409, "credential_in_use")
