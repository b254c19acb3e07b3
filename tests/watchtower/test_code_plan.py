"""Rules in files: what is read, what is refused with which line, and what a plan says and does."""

import pytest
from tests.watchtower.world import NOON

from belvedere.core.context import Scope
from belvedere.core.errors import Conflict, Invalid
from belvedere.watchtower.code_apply import apply_rules, export_rules, plan_rules, rehearse_rules
from belvedere.watchtower.code_format import parse_book
from belvedere.watchtower.code_plan import describe_plan
from belvedere.watchtower.code_yaml import update_yaml, write_yaml

FILE = """\
version: 1
x-mail: &mail
  notify_email: true
  email_recipients: [team@agency.example]
rules:
  low-open-rate:            # the first thing to look at
    name: Low open rate
    field_name: open_rate
    condition: less_than
    threshold_value: 15.50
    min_volume_field: sent_count
    min_volume: 500
    <<: *mail
  low-roas:
    name: Low ROAS, high spend
    severity: critical
    source_id: omnisend/campaigns
    rows:
      - {field_name: roas, condition: less_than, threshold_value: 2}
      - {field_name: spend, condition: greater_than, threshold_value: 1000}
      - {field_name: status, condition: equals, threshold_value: paused, logic_operator: OR, source_id: null}
  low-cvr:
    field_name: cvr
    condition: less_than
    threshold_value: 2
    parent_rule_id: low-open-rate
    dependency_condition: triggered
clients:
  brandt:
    low-open-rate:
      field_name: open_rate
      condition: less_than
      threshold_value: 10
      overrides_rule_id: low-open-rate
    quiet-shop:
      field_name: cvr
      condition: less_than
      threshold_value: "1"
      parent_rule_id: "*/low-open-rate"
      dependency_condition: not_triggered
"""


@pytest.fixture
def act(db, people):
    """Commands on the rules as the installation's own operator; each in one transaction."""

    class Act:
        async def apply(self, text, **more):
            async with db.write(Scope.service("terminal")) as session:
                return await apply_rules(
                    session, parse_book({"rules.yml": text}), actor="terminal", now=NOON, force=True, **more
                )

        async def plan(self, text, **more):
            async with db.read(Scope.service("terminal")) as session:
                return await plan_rules(session, parse_book({"rules.yml": text}), **more)

        async def export(self, **more):
            async with db.read(Scope.service("terminal")) as session:
                return await export_rules(session, **more)

    return Act()


def refusal(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        parse_book({"rules.yml": text})
    return [problem.detail for problem in caught.value.errors]


def test_unknown_keys_are_named_with_line_and_meaning():
    (detail,) = refusal(
        "rules:\n  low:\n    field_name: cvr\n    conditon: changed\n    condition: changed\n"
    )
    assert detail == "rules.yml, line 4: a rule has no key conditon. Did you mean condition?"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("rule:\n  a: 1\n", "line 1: a file of rules has no key rule. Did you mean rules?"),
        ("rules:\n  Low Rate:\n    field_name: x\n", "line 2: “Low Rate” is no short name"),
        ("rules:\n  a:\n    field_name: x\n", "line 3: condition: every rule needs it."),
        ("rules:\n  a:\n    field_name: x\n    condition: below\n", "line 4: condition: 'below' is not one of"),
        ("rules:\n  a: {field_name: x, condition: changed}\n  a: {}\n", "line 3: “a” stands here twice."),
        ("rules:\n  a: {field_name: x\n", "line 3: This is not valid YAML"),
        ("rules:\n  a:\n    rows: []\n", "line 3: rows is a list of conditions."),
        ("rules:\n  a:\n    rows:\n      - {field_name: x, condition: changed, sevrity: info}\n", "Did you mean severity?"),
        ("- a\n", "line 1: A file of rules is a set of keys"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(text, detail):
    assert detail in " ".join(refusal(text))


def test_a_rule_in_two_files_is_refused():
    one = "rules:\n  a: {field_name: x, condition: changed}\n"
    with pytest.raises(Invalid) as caught:
        parse_book({"one.yml": one, "two.yml": one})
    assert "two.yml, line 2: a stands also in one.yml, line 2" in caught.value.detail


def test_a_file_that_unfolds_without_end_is_refused():
    deep = "rules:\n" + "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    deep += "".join(f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert "unfolds to more" in " ".join(refusal(deep))


@pytest.mark.parametrize(
    "text",
    [
        "x-a: &a [*a]\nrules: {}\n",
        "x-a: &a {b: *a}\nrules: {}\n",
        "rules:\n  q: &a\n    field_name: open_rate\n    <<: *a\n",
        "tests:\n  - name: x\n    steps: &s [*s]\n",
        f"rules: {'[' * 5000}{']' * 5000}\n",
        f"rules: {'{a: ' * 3000}1{'}' * 3000}\n",
        f"rules: {'[' * 70}{']' * 70}\n",
    ],
)
def test_a_file_that_holds_itself_or_lies_too_deep_is_refused(text):
    assert "deeper than a file of rules can" in " ".join(refusal(text))


async def test_applied_files_stand_word_for_word_and_a_second_time_changes_nothing(act, world):
    world.source()
    first = await act.plan(FILE)
    assert [step.action for step in first.steps] == ["create"] * 5
    await act.apply(FILE)
    rows = world.rows(
        "SELECT * FROM watchtower_rules WHERE builtin IS NULL ORDER BY client_id, slug NULLS LAST, position"
    )
    assert len(rows) == 7
    stored = {(row["client_id"], row["slug"]): row for row in rows if row["slug"]}
    rule = stored[0, "low-open-rate"]
    assert (rule["threshold_value"], rule["min_volume"], rule["email_recipients"]) == (
        "15.50", 500, ["team@agency.example"],
    )  # fmt: skip
    group = [row for row in rows if row["group_id"]]
    assert [(row["field_name"], row["logic_operator"], row["source_id"] is None) for row in group] == [
        ("roas", "AND", False), ("spend", "AND", False), ("status", "OR", True),
    ]  # fmt: skip
    assert {row["name"] for row in group} == {"Low ROAS, high spend"}
    assert stored[0, "low-cvr"]["parent_rule_id"] == rule["id"]
    assert stored[1, "quiet-shop"]["parent_rule_id"] == rule["id"]
    assert stored[1, "low-open-rate"]["overrides_rule_id"] == rule["id"]
    again = await act.apply(FILE)
    assert again.plan.steps == ()
    assert (
        world.rows(
            "SELECT * FROM watchtower_rules WHERE builtin IS NULL ORDER BY client_id, slug NULLS LAST, position"
        )
        == rows
    )
    assert len(world.rows("SELECT 1 FROM audit_log WHERE action = 'rule.created'")) == 7


async def test_what_is_exported_applies_as_itself(act, world):
    world.source()
    await act.apply(FILE)
    document = await act.export()
    assert document["rules"]["low-roas"]["rows"][1] == {
        "field_name": "spend", "condition": "greater_than", "threshold_value": "1000",
    }  # fmt: skip
    assert document["clients"]["brandt"]["quiet-shop"]["parent_rule_id"] == "*/low-open-rate"
    assert (await act.plan(write_yaml(document))).steps == ()
    world.admin.execute(
        "UPDATE watchtower_rules SET parent_rule_id = NULL, parent_client_id = NULL, dependency_condition = NULL"
    )
    world.admin.execute("DELETE FROM watchtower_rules WHERE builtin IS NULL")
    await act.apply(write_yaml(document))
    assert await act.export() == document
    assert list(await act.export(client_id=1)) == ["version", "clients"]


async def test_a_changed_value_is_shown_old_and_new(act, world):
    world.source()
    await act.apply(FILE)
    text = FILE.replace("15.50", "12").replace("1000}", "900}")
    plan = await act.plan(text)
    lines = describe_plan(plan)
    assert "~ low-open-rate  Low open rate" in lines
    assert "    threshold_value: 15.50 → 12" in lines
    assert "    row 2: threshold_value: 1000 → 900" in lines
    assert lines[-1] == "0 to create, 2 to change, 0 to delete, 3 unchanged."
    before = {row["id"]: row["version"] for row in world.rows("SELECT id, version FROM watchtower_rules")}
    await act.apply(text)
    after = {row["id"]: row["version"] for row in world.rows("SELECT id, version FROM watchtower_rules")}
    assert set(before) == set(after)
    assert sum(after[key] != before[key] for key in after) >= 2
    assert (await act.plan(text)).steps == ()


async def test_rows_come_and_go_within_a_group(act, world):
    world.source()
    await act.apply(FILE)
    shorter = FILE.replace(
        "      - {field_name: spend, condition: greater_than, threshold_value: 1000}\n", ""
    )
    assert (await act.apply(shorter)).plan.count("change") == 1
    assert (await act.plan(shorter)).steps == ()
    single = "rules:\n  low-cvr: {field_name: cvr, condition: less_than, threshold_value: 2}\n"
    group = (
        "rules:\n  low-cvr:\n    rows:\n"
        "      - {field_name: cvr, condition: less_than, threshold_value: 2}\n"
        "      - {field_name: spend, condition: greater_than, threshold_value: 5}\n"
    )
    await act.apply(single)
    await act.apply(group)
    assert (await act.plan(group)).steps == ()
    assert (
        len(world.rows("SELECT 1 FROM watchtower_rules WHERE name = 'low-cvr' AND group_id IS NOT NULL")) == 2
    )


async def test_only_prune_deletes_and_only_where_the_file_speaks(act, world):
    world.source()
    await act.apply(FILE)
    world.rule(client_id=2, name="Marlow's own", slug="marlow")
    only = "clients:\n  brandt: {}\n"
    assert (await act.plan(only)).steps == ()
    plan = await act.plan(only, prune=True)
    assert [(step.action, step.rule.shown) for step in plan.steps] == [
        ("delete", "brandt/quiet-shop"), ("delete", "brandt/low-open-rate"),
    ]  # fmt: skip
    await act.apply("rules: {}\nclients:\n  brandt: {}\n", prune=True)
    left = world.rows("SELECT slug, builtin FROM watchtower_rules ORDER BY builtin NULLS FIRST")
    assert left[0] == {"slug": "marlow", "builtin": None}
    assert len(left) > 1
    assert all(row["builtin"] for row in left[1:])


async def test_names_that_lead_nowhere_are_refused_together(act, world):
    world.source()
    text = (
        "rules:\n  a:\n    field_name: x\n    condition: changed\n    source_id: omnisend/campaign\n"
        "    parent_rule_id: nobody\n    dependency_condition: triggered\n    discord_channel_id: Ops\n"
        "clients:\n  brand: {}\n"
    )
    with pytest.raises(Invalid) as caught:
        await act.plan(text)
    details = " ".join(problem.detail for problem in caught.value.errors)
    assert "There is no client brand. Did you mean brandt?" in details
    assert "There is no source omnisend/campaign. Did you mean omnisend/campaigns?" in details
    assert "There is no rule nobody" in details
    assert "There is no channel “Ops” here" in details


async def test_a_webhook_address_has_no_place_in_a_file(act, people):
    text = "rules:\n  a: {field_name: x, condition: changed, discord_channel_id: 'https://discord.com/api/webhooks/1/x'}\n"
    with pytest.raises(Invalid) as caught:
        await act.plan(text)
    assert "secret" in caught.value.detail


async def test_channels_go_by_their_name(act, world):
    key = world.rows(
        "INSERT INTO core.channels (client_id, kind, name, settings) VALUES (0, 'discord_bot', 'Ops', '{}') RETURNING id"
    )[0]["id"]
    text = "rules:\n  a: {field_name: x, condition: changed, notify_discord: true, discord_channel_id: Ops}\n"
    await act.apply(text)
    (row,) = world.rows("SELECT discord_channel_id FROM watchtower_rules WHERE builtin IS NULL")
    assert row["discord_channel_id"] == f"webhook:{key}"
    assert (await act.export())["rules"]["a"]["discord_channel_id"] == "Ops"
    assert (await act.plan(text)).steps == ()
    assert (await act.plan(text.replace("Ops", str(key)))).steps == ()


async def test_rules_made_by_hand_are_taken_on_under_their_own_name(act, world):
    made = world.rule(client_id=0, name="Low open rate!")
    document = await act.export()
    assert list(document["rules"]) == ["low-open-rate"]
    text = write_yaml(document)
    assert (await act.plan(text)).steps == ()
    await act.apply(text)
    assert world.rows("SELECT slug FROM watchtower_rules WHERE id = %s", made) == [{"slug": "low-open-rate"}]


async def test_parents_may_change_places(act, world):
    def chain(*names):
        text = "rules:\n"
        for name, parent in zip(names, (None, *names), strict=False):
            text += f"  {name}:\n    field_name: cvr\n    condition: changed\n"
            text += f"    parent_rule_id: {parent}\n    dependency_condition: triggered\n" if parent else ""
        return text

    await act.apply(chain("a", "b", "c"))
    await act.apply(chain("c", "b", "a"))
    assert (await act.plan(chain("c", "b", "a"))).steps == ()
    with pytest.raises(Invalid) as caught:
        await act.apply(chain("a", "b") + "    <<: {}\n".replace("    <<: {}\n", "") + (
            "  a2: {field_name: x, condition: changed, parent_rule_id: a2, dependency_condition: triggered}\n"
        ))  # fmt: skip
    assert "a2" in caught.value.detail


async def test_one_wrong_rule_stops_all_of_them(act, db, world):
    text = "rules:\n  good: {field_name: status, condition: changed}\n  bad: {field_name: quantity, condition: less_than, threshold_value: x}\n"
    with pytest.raises(Invalid) as caught:
        await act.apply(text)
    assert caught.value.detail.startswith("rules.yml, line 3: bad: ")
    assert world.rows("SELECT 1 FROM watchtower_rules WHERE builtin IS NULL") == []


def test_an_updated_file_keeps_its_comments():
    before = "# ours\nrules:\n  a:  # the first\n    field_name: x   # the field\n    condition: changed\n"
    after = update_yaml(
        before, {"rules": {"a": {"field_name": "y", "condition": "changed"}, "b": {"field_name": "z"}}}
    )
    assert "# ours" in after
    assert "# the first" in after
    assert "field_name: y" in after
    assert "  b:\n    field_name: z\n" in after


async def test_two_rules_that_wait_for_each_other_are_refused_with_their_lines(act, world):
    text = "rules:\n" + "".join(
        f"  {one}:\n    field_name: cvr\n    condition: less_than\n    threshold_value: 2\n"
        f"    parent_rule_id: {other}\n    dependency_condition: triggered\n"
        for one, other in (("a", "b"), ("b", "a"))
    )
    for work in (act.plan, act.apply):
        with pytest.raises(Invalid) as caught:
            await work(text)
        assert len(caught.value.errors) == 2
        assert "line 2: a: This parent would close a circle" in caught.value.errors[0].detail


async def test_a_plan_that_somebody_overtook_is_not_applied(act, world):
    text = "rules:\n  a: {field_name: cvr, condition: less_than, threshold_value: %s, name: A}\n"
    await act.apply(text % 2)
    shown = await act.plan(text % 3)
    await act.apply(text % 4)
    with pytest.raises(Conflict, match="since this plan was made") as caught:
        await act.apply(text % 3, shown=shown)
    assert caught.value.code == "rules_moved"
    await act.apply(text % 3, shown=await act.plan(text % 3))


async def test_a_circle_of_files_through_a_stand_in_is_refused_item_17(act, world):
    low = "field_name: cvr, condition: less_than, threshold_value: 2"
    text = f"""
rules:
  base: {{{low}}}
  above: {{{low}, parent_rule_id: base, dependency_condition: triggered}}
clients:
  brandt:
    own: {{{low}, overrides_rule_id: base, parent_rule_id: above, dependency_condition: triggered}}
"""
    with pytest.raises(Invalid) as caught:
        await act.plan(text)
    assert "stands in for at a client" in caught.value.errors[0].detail
    assert await act.plan(text.replace("overrides_rule_id: base, ", ""))


async def test_a_rehearsal_refuses_what_applying_refuses_and_leaves_nothing(act, db, world):
    text = "rules:\n  a:\n    field_name: cvr\n    condition: less_than\n    threshold_value: '{}'\n"
    for value, says in (("1,20", "rules.yml, line 2: a: "), ("1.20", None)):
        book = parse_book({"rules.yml": text.format(value)})
        async with db.write(Scope.service("terminal")) as session:
            if says is None:
                done = await rehearse_rules(session, book, actor="terminal", now=NOON)
                assert done.plan.count("create") == 1
            else:
                with pytest.raises(Invalid, match=says):
                    await rehearse_rules(session, book, actor="terminal", now=NOON)
    assert world.rows("SELECT id FROM watchtower_rules WHERE builtin IS NULL") == []
    assert world.rows("SELECT id FROM jobs.procrastinate_jobs") == []


async def test_a_rehearsal_names_the_fields_that_applying_takes_by_force_alone(act, db, world):
    book = parse_book(
        {"rules.yml": "rules:\n  a: {field_name: unheard, condition: less_than, threshold_value: 2}\n"}
    )
    async with db.write(Scope.service("terminal")) as session:
        done = await rehearse_rules(session, book, actor="terminal", now=NOON)
    assert ("a", "unknown") in {(rule, note.code) for rule, note in done.notes}


async def test_a_stand_in_under_another_short_name_comes_after_the_old_one_left(act, world):
    wide = (
        "rules:\n  wide: {field_name: cvr, condition: less_than, threshold_value: 2}\nclients:\n  brandt:\n"
    )
    own = "    %s: {field_name: cvr, condition: less_than, threshold_value: 1, overrides_rule_id: wide}\n"
    await act.apply(wide + own % "one")
    done = await act.apply(wide + own % "two", prune=True)
    assert [(step.action, step.rule.slug) for step in done.plan.steps] == [
        ("delete", "one"),
        ("create", "two"),
    ]
