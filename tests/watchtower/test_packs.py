"""The shipped packs of rules: each passes its own tests, installs whole, and a second time changes nothing."""

import json

import pytest
from jsonschema import Draft202012Validator
from tests.watchtower.world import NOON, campaign

from belvedere.core.context import Scope
from belvedere.core.errors import NotFound
from belvedere.watchtower.code_format import schema_document
from belvedere.watchtower.code_play import run_tests
from belvedere.watchtower.code_yaml import plain, read_yaml
from belvedere.watchtower.packs import get_pack, install_pack, list_packs

PACKS = [pack.name for pack in list_packs()]


def test_the_packs_are_those_of_ads_mail_shop_and_talk():
    assert PACKS == ["ads", "communication", "email-marketing", "shop"]
    assert sum(len(pack.rules) for pack in list_packs()) >= 15
    with pytest.raises(NotFound, match="There are: ads, communication, email-marketing, shop"):
        get_pack("seo")


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_passes_its_own_tests(name):
    failed = [(one.name, one.failures) for one in run_tests(get_pack(name).book) if not one.passed]
    assert failed == []


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_of_a_pack_says_why_tells_somebody_and_is_tested(name):
    pack = get_pack(name)
    tests = pack.text.partition("\ntests:")[2]
    for rule in pack.rules:
        head = rule.rows[0]
        assert len(head["description"]) > 60, rule.slug
        assert head["notify_discord"], rule.slug
        assert rule.slug in tests, f"no test of {name} names {rule.slug}"


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_fits_the_schema(name):
    document = json.loads(json.dumps(plain(read_yaml(get_pack(name).text, name))))
    assert list(Draft202012Validator(schema_document()).iter_errors(document)) == []


@pytest.mark.parametrize("client", [None, "brandt"])
async def test_installing_twice_changes_nothing(db, world, client):
    world.source("scraper", "shopify_themes")
    async with db.write(Scope.service("terminal")) as session:
        for name in PACKS:
            done = await install_pack(session, name, actor="terminal", now=NOON, client=client)
            assert done.plan.count("create") == len(get_pack(name).rules)
    world.admin.execute(
        "UPDATE watchtower_rules SET threshold_value = '20' WHERE slug = 'email-open-rate-low'"
    )
    before = world.rows("SELECT * FROM watchtower_rules WHERE builtin IS NULL ORDER BY id")
    assert {row["client_id"] for row in before} == {1 if client else 0}
    async with db.write(Scope.service("terminal")) as session:
        for name in PACKS:
            assert (
                await install_pack(session, name, actor="terminal", now=NOON, client=client)
            ).plan.steps == ()
    assert world.rows("SELECT * FROM watchtower_rules WHERE builtin IS NULL ORDER BY id") == before


async def test_an_installed_pack_watches(db, world):
    async with db.write(Scope.service("terminal")) as session:
        await install_pack(session, "ads", actor="terminal", now=NOON)
    entity = campaign("brand", None)
    entity.metrics.update(clicks=480, conversions=0)
    await world.read([entity], provider="facebook", endpoint="ads")
    assert [alert["rule_slug"] for alert in world.rows(
        "SELECT r.slug AS rule_slug FROM watchtower_alerts a JOIN watchtower_rules r ON r.id = a.rule_id"
    )] == ["ads-tracking-broken"]  # fmt: skip
