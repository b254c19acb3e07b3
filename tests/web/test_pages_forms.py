"""What people do on the pages: each form saves, or comes back with its errors beside the fields and nothing lost."""

import orjson

RULE = {
    "name": "Few opens",
    "description": "Ask for the list first.",
    "source_id": "",
    "client_id": "1",
    "target_table": "",
    "field-0": "open_rate",
    "condition-0": "less_than",
    "threshold-0": "15",
    "severity": "warning",
    "notify": "never",
    "notify_time": "08:00",
    "notify_day": "1",
    "parent_rule_id": "",
    "dependency": "triggered",
    "is_active": "on",
}


async def test_a_rule_that_cannot_be_comes_back_with_everything_typed(filled, olga):
    answer = await olga.post(
        "/rules", data={**RULE, "name": "", "threshold-0": "many", "description": "Why & how"}
    )
    assert answer.status_code == 422
    page = answer.text
    assert 'id="name-error"' in page
    assert "A rule needs a name." in page
    assert 'value="many"' in page
    assert "Why &amp; how" in page
    answer = await olga.post("/rules", data={**RULE, "threshold-0": "many"})
    assert answer.status_code == 422
    assert 'id="threshold-0-error"' in answer.text
    assert 'href="#threshold-0"' in answer.text
    assert filled.one("SELECT count(*) FROM watch.watchtower_rules WHERE name = 'Few opens'") == 0


async def test_a_limit_in_another_unit_is_refused_beside_its_field(filled, olga):
    answer = await olga.post("/rules", data={**RULE, "field-0": "spend", "threshold-0": "15 %"})
    assert answer.status_code == 422
    beside = answer.text[answer.text.index('id="threshold-0-error"') :][:500]
    assert "spend is an amount of money and “15 %” is a percentage. Write 15." in beside


async def test_an_unknown_field_can_be_saved_when_one_says_so(filled, olga):
    answer = await olga.post("/rules", data={**RULE, "field-0": "heart_rate"})
    assert answer.status_code == 422
    assert "no data carries this field yet" in answer.text
    answer = await olga.post(
        "/rules", data={**RULE, "field-0": "heart_rate", "force-on": "on", "force": "on"}
    )
    assert answer.status_code == 303


async def test_a_rule_of_two_conditions_is_written_changed_and_taken_away(filled, olga):
    two = {**RULE, "join-1": "OR", "field-1": "spend", "condition-1": "greater_than", "threshold-1": "100"}
    assert (await olga.post("/rules", data=two)).status_code == 303
    rule_id = filled.one("SELECT id FROM watch.watchtower_rules WHERE name = 'Few opens' AND position = 0")
    assert "Rule “Few opens” saved" in (await olga.get("/rules")).text
    page = (await olga.get("/rules")).text
    assert "open_rate &lt; 15 or spend &gt; 100" in page
    assert page.count("Few opens") == 1
    version = filled.one("SELECT version FROM watch.watchtower_rules WHERE id = %s", rule_id)
    one = {**RULE, "name": "Fewer opens", "version": str(version)}
    answer = await olga.post(f"/rules/{rule_id}", data=one)
    assert answer.status_code == 303, answer.text
    assert filled.one("SELECT count(*) FROM watch.watchtower_rules WHERE name = 'Few opens'") == 0
    assert (await olga.post(f"/rules/{rule_id}/switch", data={"is_active": ""})).status_code == 303
    assert filled.one("SELECT is_active FROM watch.watchtower_rules WHERE id = %s", rule_id) is False
    assert (await olga.post(f"/rules/{rule_id}/delete")).headers["location"] == "/rules"
    assert (await olga.get(f"/rules/{rule_id}")).status_code == 404


async def test_a_rule_saved_by_somebody_else_meanwhile_is_not_run_over(filled, olga, ids):
    answer = await olga.post(f"/rules/{ids['rule']}", data={**RULE, "version": "99"})
    assert answer.status_code == 422
    assert "Somebody saved this rule while you wrote" in answer.text


async def test_trying_a_rule_shows_what_it_finds_and_saves_nothing(filled, olga):
    answer = await olga.post("/rules/draft", data={**RULE, "try": "on"})
    assert "The next reading would open" in answer.text
    assert answer.status_code == 200, answer.text[-500:]
    assert "Advent preview" in answer.text
    assert "<b>1</b> of 2" in answer.text
    more = await olga.post("/rules/draft", data={**RULE, "add": "condition"})
    assert 'name="field-1"' in more.text
    fewer = await olga.post("/rules/draft", data={**RULE, "field-1": "spend", "remove": "0"})
    assert 'value="spend"' in fewer.text
    assert 'name="field-1"' not in fewer.text
    assert filled.one("SELECT count(*) FROM watch.watchtower_rules WHERE builtin IS NULL") == 1


async def test_acknowledging_an_alert_moves_it_and_offers_to_undo(filled, olga, ids):
    path = f"/alerts/{ids['alert']}"
    answer = await olga.post(f"{path}/acknowledge")
    assert answer.headers["location"] == path
    page = (await olga.get(path)).text
    assert "Olga took this on" in page
    assert "Undo" in page
    assert "Undo" not in (await olga.get(path)).text, "the toast is said once"
    assert "No open alerts" in (await olga.get("/alerts")).text
    assert "Advent preview" in (await olga.get("/alerts?view=acknowledged")).text
    await olga.post(f"{path}/unacknowledge")
    assert "Advent preview" in (await olga.get("/alerts")).text


async def test_snoozing_noting_and_resolving_stand_in_the_timeline(filled, olga, ids):
    path = f"/alerts/{ids['alert']}"
    await olga.post(f"{path}/acknowledge", data={"until": "tomorrow"})
    assert filled.one("SELECT ack_until::text FROM watch.watchtower_alerts").startswith("2026-11-21 09:00")
    await olga.post(f"{path}/notes", data={"note": "Asked the shop <today>"})
    await olga.post(f"{path}/resolve", data={"close-note": "Rolled back"})
    page = (await olga.get(path)).text
    assert "Asked the shop &lt;today&gt;" in page
    assert "Rolled back" in page
    assert "Closed by Olga" in page


async def test_many_alerts_are_acknowledged_at_once(filled, olga, ids):
    await filled.rule(name="Any spend", field_name="spend", condition="greater_than", threshold_value="1")
    await filled.read({"id": "a1", "name": "Advent preview", "open_rate": "10", "spend": "41"},
                      {"id": "r2", "name": "Roast of the month", "open_rate": "31", "spend": "12"})  # fmt: skip
    page = (await olga.get("/alerts")).text
    assert page.count('form="bulk"') == 3
    found = [str(row[0]) for row in filled.admin.execute("SELECT id FROM watch.watchtower_alerts").fetchall()]
    assert len(found) == 3
    await olga.post("/alerts/acknowledge", data={"id": found})
    assert filled.one("SELECT count(*) FROM watch.watchtower_alerts WHERE is_acknowledged") == 3
    await olga.post("/alerts/resolve", data={"id": found})
    assert filled.one("SELECT count(*) FROM watch.watchtower_alerts WHERE state = 'resolved'") == 3


async def test_a_given_up_message_is_sent_again(filled, olga, ids):
    filled.admin.execute("UPDATE core.deliveries SET state = 'dead', last_error = 'Unknown channel'")
    page = (await olga.get(f"/deliveries/{ids['delivery']}")).text
    assert "Unknown channel" in page
    assert (await olga.post(f"/deliveries/{ids['delivery']}/send-again")).status_code == 303
    assert filled.one("SELECT state FROM core.deliveries") == "ready"


async def test_rejected_rows_are_replayed(filled, olga, ids):
    assert "No id at all" in (await olga.get("/rejects")).text
    answer = await olga.post("/rejects/replay", data={"id": ids["reject"]})
    assert answer.headers["location"] == "/rejects"
    assert filled.one("SELECT replayed_at IS NOT NULL FROM watch.record_rejects") is True


async def test_a_client_is_added_and_changed(house, olga):
    form = {"name": "Nordlicht Optik", "slug": "", "status": "active", "currency": "EUR", "timezone": "Europe/Berlin",
            "locale": "de", "website_url": "nordlicht.example", "discord_channel_id": "", "email_recipients": ""}  # fmt: skip
    wrong = await olga.post("/settings/clients", data=form)
    assert wrong.status_code == 422
    assert 'id="website_url-error"' in wrong.text
    assert "Nordlicht Optik" in wrong.text
    taken = await olga.post("/settings/clients", data={**form, "website_url": "", "slug": "brandt"})
    assert 'id="slug-error"' in taken.text
    right = await olga.post("/settings/clients", data={**form, "website_url": ""})
    assert right.status_code == 303, right.text
    number = house.one("SELECT id FROM core.clients WHERE slug = 'nordlicht-optik'")
    again = {**form, "website_url": "", "slug": "nordlicht-optik", "status": "paused",
             "email_recipients": "a@x.example; b@x.example"}  # fmt: skip
    assert (await olga.post(f"/settings/clients/{number}", data=again)).status_code == 303
    assert house.one("SELECT email_recipients FROM core.clients WHERE id = %s", number) == [
        "a@x.example",
        "b@x.example",
    ]


async def test_a_person_is_added_with_a_password_that_is_shown_once(house, olga):
    form = {
        "name": "Tomás Reyes",
        "email": "tomas@agency.example",
        "role": "operator",
        "is_staff": "on",
        "client_ids": ["1", "2"],
    }
    answer = await olga.post("/settings/people", data=form)
    assert answer.status_code == 200, answer.text
    password = answer.text.split('id="invitation">')[1].split("<")[0]
    assert len(password) == 20
    wrong = await olga.post("/settings/people", data={**form, "name": "Another"})
    assert wrong.status_code == 422
    assert 'value="Another"' in wrong.text
    async with house.browser() as browser:
        login = await browser.post("/login", data={"email": form["email"], "password": password})
        assert login.status_code == 303
    person = house.one("SELECT id FROM core.users WHERE email = 'tomas@agency.example'")
    changed = await olga.post(
        f"/settings/people/{person}", data={**form, "client_ids": ["2"], "is_active": "on"}
    )
    assert changed.status_code == 303, changed.text
    assert house.one("SELECT array_agg(client_id) FROM core.user_clients WHERE user_id = %s", person) == [2]
    fresh = await olga.post(f"/settings/people/{person}/password")
    assert 'id="invitation"' in fresh.text
    assert password not in fresh.text


async def test_the_last_owner_stays_one(house, olga):
    form = {
        "name": "Olga",
        "email": house.people.olga.email,
        "role": "admin",
        "is_staff": "on",
        "is_active": "on",
    }
    answer = await olga.post(f"/settings/people/{house.people.olga.id}", data=form)
    assert answer.status_code == 422
    assert "Nobody changes their own role" in answer.text


async def test_a_credential_is_sealed_replaced_and_never_shown(house, olga):
    form = {
        "client_id": "1",
        "provider": "omnisend",
        "name": "Read campaigns",
        "secret-api_key": "",
        "expires_at": "",
    }
    wrong = await olga.post("/settings/credentials", data=form)
    assert wrong.status_code == 422
    assert 'id="secret-api_key-error"' in wrong.text
    secret = "a-long-key-that-nobody-sees-4711"
    right = await olga.post(
        "/settings/credentials", data={**form, "secret-api_key": secret, "expires_at": "2027-01-31"}
    )
    assert right.status_code == 303, right.text
    page = (await olga.get("/settings/credentials")).text
    assert "Read campaigns" in page
    assert secret not in page
    number = house.one("SELECT id FROM core.creds_meta")
    assert secret not in (await olga.get(f"/settings/credentials/{number}")).text
    again = await olga.post(
        f"/settings/credentials/{number}",
        data={"name": "Read campaigns", "secret-api_key": "another-long-key-0815-0815"},
    )
    assert again.status_code == 303, again.text
    assert (await olga.post(f"/settings/credentials/{number}/delete")).status_code == 303
    assert house.one("SELECT count(*) FROM core.creds_meta") == 0


async def test_a_token_is_shown_once_works_and_is_revoked(house, olga):
    none = await olga.post("/settings/tokens", data={"name": "Reports", "client_id": "", "days": "30"})
    assert none.status_code == 422
    assert 'id="scopes-error"' in none.text
    made = await olga.post(
        "/settings/tokens", data={"name": "Reports", "client_id": "", "days": "30", "scopes": ["alerts.read"]}
    )
    token = made.text.split('id="new-token">')[1].split("<")[0]
    async with house.browser() as program:
        asked = await program.get("/api/v1/alerts", headers={"Authorization": f"Bearer {token}"})
        assert asked.status_code == 200
    page = (await olga.get("/settings/tokens")).text
    assert "Reports" in page
    assert token not in page
    number = house.one("SELECT id FROM core.api_tokens")
    await olga.post(f"/settings/tokens/{number}/revoke")
    assert "Revoked" in (await olga.get("/settings/tokens")).text


async def test_a_channel_is_added_tested_and_removed(house, olga):
    wrong = await olga.post(
        "/settings/channels",
        data={"kind": "email", "name": "Team", "client_id": "1", "address": "no address"},
    )
    assert wrong.status_code == 422
    assert 'id="address-error"' in wrong.text
    right = await olga.post(
        "/settings/channels",
        data={"kind": "email", "name": "Team", "client_id": "1", "address": "team@x.example"},
    )
    assert right.status_code == 303
    number = house.one("SELECT id FROM core.channels")
    tested = await olga.post(f"/settings/channels/{number}/test")
    assert tested.headers["location"].startswith("/deliveries/")
    assert "Test of Team" in (await olga.get(tested.headers["location"])).text
    assert (await olga.post(f"/settings/channels/{number}/switch", data={"is_active": ""})).status_code == 303
    kept = await olga.post(f"/settings/channels/{number}/delete")
    assert kept.status_code == 409
    assert "Switch it off instead" in kept.text


async def test_a_source_takes_its_interval_and_an_account(house, olga):
    source = house.one(
        "INSERT INTO watch.api_sources (provider, endpoint, display_name) VALUES ('omnisend', 'campaigns', 'Omnisend campaigns')"
        " RETURNING id"
    )
    wrong = await olga.post(f"/sources/{source}", data={"interval_minutes": "soon", "is_active": "on"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text
    assert (
        await olga.post(f"/sources/{source}", data={"interval_minutes": "15", "is_active": "on"})
    ).status_code == 303
    page = (await olga.get(f"/sources/{source}/accounts/new")).text
    assert 'name="set-api_version"' in page
    form = {"client_id": "1", "display_name": "Main store", "set-api_version": "v5", "set-rate_scale": "percent",
            "set-page_size": "0", "set-max_pages": "20", "set-statistics": "on"}  # fmt: skip
    wrong = await olga.post(f"/sources/{source}/accounts", data=form)
    assert wrong.status_code == 422
    assert 'id="set-page_size-error"' in wrong.text
    right = await olga.post(f"/sources/{source}/accounts", data={**form, "set-page_size": "50"})
    assert right.status_code == 303, right.text
    account, settings = house.admin.execute("SELECT id, settings FROM watch.source_accounts").fetchone()
    assert settings["page_size"] == 50
    assert "Main store" in (await olga.get(f"/accounts/{account}")).text
    changed = await olga.post(f"/accounts/{account}", data={**form, "set-page_size": "70", "is_active": "on"})
    assert changed.status_code == 303
    run = await olga.post(f"/accounts/{account}/run")
    assert run.headers["location"].startswith("/snapshots/")
    assert "Reading." in (await olga.get(run.headers["location"])).text
    again = await olga.post(f"/sources/{source}/run", data={"client": ""})
    assert again.headers["location"].startswith("/sources/")
    made = await olga.post(f"/accounts/{account}/endpoints", data={"name": "Orders"})
    assert "whsec_" in made.text


async def test_ones_own_name_zone_and_password(house, olga):
    form = {"name": "Olga B.", "timezone": "Mars/Olympus", "locale": "en", "theme": "dark", "keys": ""}
    wrong = await olga.post("/settings", data=form)
    assert wrong.status_code == 422
    assert 'id="timezone-error"' in wrong.text
    assert 'value="Olga B."' in wrong.text
    answer = await olga.post("/settings", data={**form, "timezone": "Europe/Vienna"})
    assert answer.status_code == 303
    page = (await olga.get("/settings")).text
    assert 'data-theme="dark"' in page
    assert "data-nokeys" in page
    wrong = await olga.post(
        "/settings/password", data={"old_password": "no", "new_password": "nine calm horses at dawn"}
    )
    assert 'id="old_password-error"' in wrong.text
    weak = await olga.post(
        "/settings/password", data={"old_password": "a calm harbour at noon", "new_password": "short"}
    )
    assert 'id="new_password-error"' in weak.text
    right = await olga.post(
        "/settings/password",
        data={"old_password": "a calm harbour at noon", "new_password": "nine calm horses at dawn"},
    )
    assert right.status_code == 303
    assert "Firefox on Linux" in (await olga.get("/settings")).text


async def test_the_audit_chain_is_verified_on_the_page(filled, olga, ids):
    await olga.post(f"/alerts/{ids['alert']}/acknowledge")
    page = (await olga.post("/settings/audit/verify")).text
    assert "The chain holds." in page
    assert "Alert acknowledged" in page


async def test_values_that_cannot_be_stored_are_no_crash(filled, olga, ids):
    answer = await olga.post("/rules", data={**RULE, "name": "Nul \x00 inside", "threshold-0": "15"})
    assert answer.status_code == 303
    long = await olga.post("/rules", data={**RULE, "name": "x" * 5000})
    assert long.status_code == 422
    assert (
        orjson.loads(
            filled.one("SELECT to_json(name)::text FROM watch.watchtower_rules WHERE name LIKE 'Nul%%'")
        )
        == "Nul  inside"
    )
