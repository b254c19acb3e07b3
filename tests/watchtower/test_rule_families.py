"""Rules that hang on each other: circles through groups, heads that others wait for, one stand-in for each client."""

from uuid import uuid4

import psycopg
import pytest
from tests.watchtower.test_rules_api import make, problem_at


async def change(http, headers, rule, **fields):
    return await http.patch(f"/rules/{rule['id']}", json=fields, headers=headers)


@pytest.fixture
async def family(http, olga):
    """P is plain, C waits for it, H leads a group and waits for C."""
    group = str(uuid4())
    plain = await make(http, olga, name="P")
    child = await make(http, olga, name="C", parent_rule_id=plain["id"], dependency_condition="triggered")
    head = await make(
        http, olga, name="H", group_id=group, parent_rule_id=child["id"], dependency_condition="triggered"
    )
    return plain, child, head, group


async def test_a_circle_through_a_group_is_refused_item_17(http, olga, family, world):
    plain, _, _, group = family
    answer = await change(http, olga, plain, group_id=group, position=9)
    assert answer.status_code == 422, answer.text
    assert problem_at(answer.json()) == ("/group_id", "not_head")
    assert "“C” waits for “P”" in answer.json()["detail"]
    with pytest.raises(psycopg.errors.CheckViolation, match="leads its group"):
        world.admin.execute(
            "UPDATE watch.watchtower_rules SET group_id = %s, position = 9 WHERE id = %s",
            (group, plain["id"]),
        )


@pytest.fixture
async def standing_in(http, olga):
    """A, for every client, waits for B; a client's own rule stands in for B there."""
    base = await make(http, olga, name="B")
    above = await make(http, olga, name="A", parent_rule_id=base["id"], dependency_condition="triggered")
    own = await make(http, olga, name="Own", client_id=1, overrides_rule_id=base["id"])
    return base, above, own


async def test_a_circle_through_a_stand_in_is_refused_item_17(http, olga, standing_in, world):
    base, above, own = standing_in
    for parent in (above, base):
        link = {"parent_rule_id": parent["id"], "dependency_condition": "triggered"}
        answer = await change(http, olga, own, **link)
        assert answer.status_code == 422, answer.text
        assert problem_at(answer.json()) == ("/parent_rule_id", "cycle")
        with pytest.raises(psycopg.errors.CheckViolation, match="stands in for another"):
            world.admin.execute(
                "UPDATE watch.watchtower_rules SET parent_rule_id = %s, dependency_condition = 'triggered' WHERE id = %s",
                (parent["id"], own["id"]),
            )
    elsewhere = {
        "name": "Else",
        "client_id": 2,
        "parent_rule_id": above["id"],
        "dependency_condition": "triggered",
    }
    await make(http, olga, **elsewhere)
    await make(http, olga, 422, **{**elsewhere, "overrides_rule_id": base["id"]})


async def test_a_circle_that_a_stand_in_closes_later_is_refused_item_17(http, olga, world):
    base = await make(http, olga, name="B")
    above = await make(http, olga, name="A", parent_rule_id=base["id"], dependency_condition="triggered")
    link = {"parent_rule_id": above["id"], "dependency_condition": "triggered"}
    own = await make(http, olga, name="Own", client_id=1, **link)
    answer = await change(http, olga, own, overrides_rule_id=base["id"])
    assert problem_at(answer.json()) == ("/parent_rule_id", "cycle")
    assert (await change(http, olga, own, overrides_rule_id=base["id"], is_active=False)).status_code == 200
    answer = await change(http, olga, own, is_active=True)
    assert problem_at(answer.json()) == ("/parent_rule_id", "cycle")
    with pytest.raises(psycopg.errors.CheckViolation, match="stands in for another"):
        world.admin.execute("UPDATE watch.watchtower_rules SET is_active = true WHERE id = %s", (own["id"],))
    # The rule for every client closes it from the other side.
    other, free = await make(http, olga, name="C"), await make(http, olga, name="D")
    link = {"parent_rule_id": free["id"], "dependency_condition": "triggered"}
    await make(http, olga, name="Own C", client_id=1, overrides_rule_id=other["id"], **link)
    link["parent_rule_id"] = other["id"]
    assert problem_at((await change(http, olga, free, **link)).json()) == ("/parent_rule_id", "cycle")


async def test_a_head_that_others_wait_for_keeps_its_place_item_17(http, olga, world):
    group = str(uuid4())
    head = await make(http, olga, name="Head", group_id=group, position=10)
    row = await make(http, olga, name="Row", group_id=group, position=20)
    await make(http, olga, name="Child", parent_rule_id=head["id"], dependency_condition="triggered")
    for rule, fields, pointer in (
        (head, {"position": 60}, "/position"),
        (row, {"position": 0}, "/position"),
        (head, {"group_id": None}, "/group_id"),
        (head, {"group_id": str(uuid4())}, "/group_id"),
    ):
        answer = await change(http, olga, rule, **fields)
        assert answer.status_code == 422, answer.text
        assert problem_at(answer.json())[0] == pointer
    assert (await change(http, olga, row, position=11)).status_code == 200
    for statement in (
        "UPDATE watch.watchtower_rules SET position = 60 WHERE id = %(head)s",
        "UPDATE watch.watchtower_rules SET position = 0 WHERE id = %(row)s",
        "UPDATE watch.watchtower_rules SET group_id = NULL WHERE id = %(head)s",
        "UPDATE watch.watchtower_rules SET parent_rule_id = %(row)s WHERE name = 'Child'",
        "UPDATE watch.watchtower_rules SET parent_rule_id = %(head)s, dependency_condition = 'triggered' WHERE id = %(row)s",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            world.admin.execute(statement, {"head": head["id"], "row": row["id"]})
    # Rows change places in one statement.
    world.admin.execute(
        "UPDATE watch.watchtower_rules SET position = position + 5 WHERE group_id = %s", (group,)
    )


async def test_one_rule_stands_in_for_another_at_a_client(http, olga, world):
    wide = await make(http, olga, name="Wide")
    own = await make(http, olga, name="Own", client_id=1, overrides_rule_id=wide["id"])
    again = {"name": "Again", "client_id": 1, "overrides_rule_id": wide["id"]}
    refused = await make(http, olga, 409, **again)
    assert refused["code"] == "rule_override_taken"
    assert "overrides_rule_id" in refused["detail"]
    assert "“Own”" in refused["detail"]
    off = await make(http, olga, **again, is_active=False)
    assert (await change(http, olga, off, is_active=True)).status_code == 409
    with pytest.raises(psycopg.errors.UniqueViolation):
        world.admin.execute("UPDATE watch.watchtower_rules SET is_active = true WHERE id = %s", (off["id"],))
    assert (await change(http, olga, own, is_active=False)).status_code == 200
    assert (await change(http, olga, off, is_active=True)).status_code == 200
    await make(http, olga, name="Elsewhere", client_id=2, overrides_rule_id=wide["id"])
