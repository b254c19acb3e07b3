"""The catalogue as each role sees it."""

import pytest

from belvedere.core.catalogue import SCHEMAS, choose, find_relation, read_relations
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.errors import NotFound


async def test_the_catalogue_knows_every_kind_of_thing(db: Database):
    async with db.read(Scope.service("tests")) as session:
        relations = await read_relations(session)
    by_name = {relation.full_name: relation for relation in relations}
    rules = by_name["watch.watchtower_rules"]
    assert rules.kind == "table"
    assert rules.primary_key == ("id",)
    assert rules.row_security
    assert rules.row_security_forced
    assert {key.ref_table for key in rules.foreign_keys} >= {"api_sources", "clients", "watchtower_rules"}
    assert any(index.name == "ix_watchtower_rules_group_id" and not index.key for index in rules.indexes)
    assert any(trigger.name == "update_watchtower_rules_updated_at" for trigger in rules.triggers)
    assert {policy.verb for policy in rules.policies} >= {"SELECT", "INSERT", "UPDATE", "DELETE"}
    records = by_name["watch.api_records"]
    assert records.kind == "parted table"
    assert records.parted_by == "RANGE (id)"
    assert records.column("amount").category == "number"
    assert records.column("tags").category == "list"
    assert {relation.schema for relation in relations} <= set(SCHEMAS)
    assert not any("_p20" in name or name.endswith("_default") for name in by_name)


async def test_columns_without_a_grant_say_so(db: Database, people):
    async with db.read(people.olga.scope) as session:
        users = await find_relation(session, "core", "users")
        sealed = await find_relation(session, "core", "creds_meta")
    assert users.readable
    assert users.column("email").readable
    assert not users.column("password_hash").readable
    assert not sealed.readable


async def test_an_unknown_name_gets_its_nearest(db: Database):
    async with db.read(Scope.service("tests")) as session:
        relations = await read_relations(session, whole=False)
        with pytest.raises(NotFound, match=r"Did you mean watch\.api_records"):
            choose(relations, "api_record")
        with pytest.raises(NotFound, match=r"watch\.watchtower_rules"):
            await find_relation(session, "watch", "watchtower_rule")
    for word in ("api_records", "watch.api_records"):
        assert [found.full_name for found in choose(relations, word)] == ["watch.api_records"]
    assert {found.schema for found in choose(relations, "watch")} == {"watch"}


async def test_the_search_path_is_left_as_it_was(db: Database):
    from sqlalchemy import text

    async with db.read(Scope.service("tests")) as session:
        await read_relations(session, ["core"], whole=False)
        assert (await session.execute(text("SHOW search_path"))).scalar_one().startswith("watch")
