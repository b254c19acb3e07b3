"""Rules in files over the API: the same refusals, the permissions of single rules, nothing of other clients."""

import os
from importlib.resources import files

import pytest
import yaml

from belvedere.watchtower.code_format import SCHEMA_FILE, write_schema
from belvedere.watchtower.routes import router
from belvedere.watchtower.routes_code import router as code_router

FILE = "rules:\n  theme-changed: {field_name: status, condition: changed}\n"
OWN = "clients:\n  brandt:\n    theme-changed: {field_name: status, condition: changed}\n"


@pytest.fixture
async def http(http):
    """The routes of files stand before those of single rules, as in the program."""
    app = http._transport.app
    app.router.routes[:] = [
        route
        for route in app.router.routes
        if getattr(route, "path", "").startswith(("/docs", "/open", "/redoc"))
    ]
    for each in (code_router, router):
        app.include_router(each, prefix="/api/v1")
    return http


@pytest.fixture
def analysts(admin, people):
    """Alice and Charlie may write rules at their clients."""
    admin.execute("UPDATE core.user_clients SET role = 'analyst' WHERE role = 'operator'")
    admin.execute("UPDATE core.users SET role = 'analyst' WHERE role = 'operator'")


@pytest.fixture
def alice(token_of, people, analysts):
    return token_of(people.alice)


@pytest.fixture
def charlie(token_of, people, analysts):
    return token_of(people.charlie)


async def post(http, path, headers, expect=200, **body):
    answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def test_plan_apply_export_and_plan_again(http, olga, world):
    plan = await post(http, "/rules/plan", olga, files={"rules.yaml": FILE})
    assert (plan["create"], plan["steps"][0]["says"]["condition"]) == (1, "changed")
    assert world.rows("SELECT 1 FROM watchtower_rules WHERE builtin IS NULL") == []
    done = await post(http, "/rules/apply", olga, files={"rules.yaml": FILE})
    assert (done["create"], done["notes"][0]["rule"]) == (1, "theme-changed")
    exported = await http.get("/rules/export", headers=olga)
    assert exported.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(exported.text)["rules"]["theme-changed"]["condition"] == "changed"
    again = await post(http, "/rules/plan", olga, files={"rules.yaml": exported.text})
    assert (again["steps"], again["unchanged"]) == ([], 1)


async def test_a_refusal_names_file_line_and_meaning(http, olga):
    wrong = FILE.replace("condition:", "conditoin:")
    answer = await post(http, "/rules/plan", olga, expect=422, files={"ours.yaml": wrong})
    assert answer["code"] == "rules_file"
    assert (
        answer["errors"][0]["detail"]
        == "ours.yaml, line 2: a rule has no key conditoin. Did you mean condition?"
    )
    assert answer["errors"][0]["pointer"] == "/rules/theme-changed/conditoin"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"condition": "between", "threshold_value": "20 and 10"}, "threshold_value"),
        ({"field_name": "amount", "threshold_value": "many"}, "threshold_value"),
        ({"threshold_value": None}, "threshold_value"),
        ({"notify_zone": "Mars/Base"}, "notify_zone"),
        ({"title_template": "{{ name"}, "title_template"),
        ({"email_recipients": ["nobody"]}, "email_recipients/0"),
    ],
)
async def test_a_plan_refuses_what_no_rule_can_say(http, olga, values, pointer):
    rule = {"field_name": "cvr", "condition": "less_than", "threshold_value": 2, **values}
    for path in ("/rules/plan", "/rules/apply"):
        answer = await post(
            http, path, olga, expect=422, files={"a.yaml": yaml.safe_dump({"rules": {"low": rule}})}
        )
        assert answer["errors"][0]["pointer"] == f"/rules/low/{pointer}"
        assert answer["errors"][0]["detail"].startswith("a.yaml, line 2: low: ")


async def test_people_of_a_client_apply_their_own_rules_only(http, alice, charlie, world):
    await post(http, "/rules/apply", alice, expect=404, files={"a": FILE})
    await post(http, "/rules/apply", alice, files={"a": OWN})
    own = yaml.safe_load((await http.get("/rules/export", headers=alice)).text)
    assert list(own["clients"]) == ["brandt"]
    foreign = await post(http, "/rules/apply", charlie, expect=422, files={"a": OWN})
    assert "There is no client brandt" in foreign["detail"]
    assert "theme-changed" not in (await http.get("/rules/export", headers=charlie)).text
    await post(http, "/rules/apply", charlie, expect=422, files={"a": "clients:\n  brandt: {}\n"}, prune=True)
    assert len(world.rows("SELECT 1 FROM watchtower_rules WHERE builtin IS NULL")) == 1


async def test_a_reader_plans_but_does_not_apply(http, token_of, people):
    bob = token_of(people.bob)
    assert (await post(http, "/rules/plan", bob, files={"a": OWN}))["create"] == 1
    await post(http, "/rules/apply", bob, expect=403, files={"a": OWN})
    await post(http, "/rule-packs/shop/install", bob, expect=403)


async def test_packs_install_for_everybody_or_for_one_client(http, olga, alice, charlie, world):
    world.source("scraper", "shopify_themes")
    listed = (await http.get("/rule-packs", headers=alice)).json()
    assert [pack["name"] for pack in listed] == ["ads", "communication", "email-marketing", "shop"]
    await post(http, "/rule-packs/communication/install", alice, expect=404)
    await post(http, "/rule-packs/communication/install", charlie, expect=422, client="brandt")
    own = await post(http, "/rule-packs/communication/install", alice, client="brandt")
    assert own["create"] == 2
    assert (await post(http, "/rule-packs/communication/install", alice, client="brandt"))["create"] == 0
    assert (await post(http, "/rule-packs/communication/install", olga))["create"] == 2
    await post(http, "/rule-packs/seo/install", olga, expect=404)
    assert {
        row["client_id"] for row in world.rows("SELECT client_id FROM watchtower_rules WHERE builtin IS NULL")
    } == {0, 1}


def test_the_shipped_schema_is_that_of_the_program():
    """BELVEDERE_WRITE_SCHEMA=1 writes it anew."""
    path = files("belvedere.watchtower") / SCHEMA_FILE
    if os.environ.get("BELVEDERE_WRITE_SCHEMA"):
        path.write_text(write_schema())
    assert path.read_text() == write_schema()
