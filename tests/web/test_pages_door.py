"""Signing in and out, the first owner, and the password asked again."""

from urllib.parse import parse_qs, urlsplit

from tests.web.conftest import PASSWORD

OWNER = {
    "agency": "Halvorsen & Reyes",
    "name": "Ines Halvorsen",
    "email": "ines@agency.example",
    "password": "seven quiet boats at night",
    "timezone": "Europe/Vienna",
}


async def test_a_stranger_is_shown_the_way_in_and_back(house):
    async with house.browser() as stranger:
        answer = await stranger.get("/alerts?severity=critical")
        assert answer.status_code == 303
        place = urlsplit(answer.headers["location"])
        assert place.path == "/login"
        assert parse_qs(place.query)["next"] == ["/alerts?severity=critical"]


async def test_a_new_installation_asks_for_its_owner_and_lets_them_in(empty_house):
    async with empty_house.browser() as browser:
        assert (await browser.get("/")).headers["location"] == "/setup"
        assert (await browser.get("/login")).headers["location"] == "/setup"
        assert (await browser.get("/setup")).status_code == 200
        weak = await browser.post("/setup", data={**OWNER, "password": "short"})
        assert weak.status_code == 422
        assert "Ines Halvorsen" in weak.text
        assert "password-error" in weak.text
        assert (await browser.post("/setup", data=OWNER)).headers["location"] == "/"
        page = await browser.get("/")
        assert page.status_code == 200
        assert "Ines Halvorsen" in page.text
        assert "Welcome, Ines Halvorsen." in page.text
        assert (await browser.get("/setup")).headers["location"] == "/login"
    assert empty_house.one("SELECT name FROM core.clients WHERE id = 0") == "Halvorsen & Reyes"
    assert empty_house.one("SELECT timezone FROM core.users") == "Europe/Vienna"


async def test_a_wrong_password_keeps_the_address_and_says_why(house):
    async with house.browser() as browser:
        form = {"email": "olga@agency.example", "password": "not this one at all", "next": "/rules"}
        answer = await browser.post("/login", data=form)
        assert answer.status_code == 422
        assert 'value="olga@agency.example"' in answer.text
        assert "is wrong" in answer.text
        assert 'value="/rules"' in answer.text
        assert "not this one at all" not in answer.text


async def test_after_many_wrong_passwords_the_wait_is_said(house):
    async with house.browser() as browser:
        form = {"email": "olga@agency.example", "password": "not this one at all"}
        answers = [await browser.post("/login", data=form) for _ in range(12)]
    assert answers[-1].status_code == 429
    assert "Try again in" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_signing_in_leads_back_and_never_elsewhere(house):
    form = {"email": "olga@agency.example", "password": PASSWORD}
    for wanted, place in (
        ("/rules?client=1", "/rules?client=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
    ):
        async with house.browser() as browser:
            answer = await browser.post("/login", data={**form, "next": wanted})
            assert answer.status_code == 303
            assert answer.headers["location"] == place
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie


async def test_signing_out_ends_the_session(olga):
    assert (await olga.post("/logout")).headers["location"] == "/login"
    assert (await olga.get("/rules")).headers["location"].startswith("/login")


async def test_a_form_from_another_site_does_nothing(house, olga):
    answer = await olga.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "did not come from a page of Belvedere" in answer.text
    assert (await olga.get("/rules")).status_code == 200


async def test_sensitive_pages_ask_for_the_password_again_and_return(house, olga):
    house.clock.forward(minutes=20)
    asked = await olga.get("/settings/tokens")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/step-up?next=%2Fsettings%2Ftokens"
    assert "enter your password once more" in (await olga.get(asked.headers["location"])).text
    wrong = await olga.post("/step-up", data={"password": "wrong words here", "next": "/settings/tokens"})
    assert wrong.status_code == 422
    assert "The password is wrong." in wrong.text
    right = await olga.post("/step-up", data={"password": PASSWORD, "next": "/settings/tokens"})
    assert right.headers["location"] == "/settings/tokens"
    assert (await olga.get("/settings/tokens")).status_code == 200


async def test_the_theme_turns_without_the_module(olga):
    assert 'data-theme="auto"' in (await olga.get("/settings")).text
    await olga.post("/settings/theme")
    assert 'data-theme="dark"' in (await olga.get("/settings")).text
