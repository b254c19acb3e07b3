"""The unit written beside a limit is the unit of the field, wherever a rule is written."""

import pytest
from tests.watchtower.conditions.asking import make_rule
from tests.watchtower.test_rules_api import make, problem_at

from belvedere.core.context import Scope
from belvedere.core.errors import Invalid
from belvedere.watchtower.code_apply import apply_rules
from belvedere.watchtower.code_format import parse_book
from belvedere.watchtower.contracts import Aggregate
from belvedere.watchtower.rule_check import KnownField, RuleFacts, check_rule


def facts(unit: str | None) -> RuleFacts:
    return RuleFacts(known=KnownField(is_metric=True, unit=unit))


def refusal(condition: str, limit: str, field: str, unit: str | None, **more) -> Invalid:
    with pytest.raises(Invalid) as refused:
        check_rule(make_rule(condition, limit, field, **more), facts(unit), force=True)
    return refused.value


@pytest.mark.parametrize(
    ("field", "unit", "limit", "told"),
    [
        ("roas", "currency", "150 %", "roas is a ratio and “150 %” is a percentage. Write 1.5."),
        ("roas", "ratio", "$2", "roas is a ratio and “$2” is money. Write 2."),
        ("spend", "currency", "15 %", "spend is an amount of money and “15 %” is a percentage. Write 15."),
        ("spend", "currency", "1.5×", "spend is an amount of money and “1.5×” is a ratio. Write 1.5."),
        ("open_rate", "percent", "$15", "open_rate is a percentage from 0 to 100 and “$15” is money. Write 15 %."),
        ("open_rate", "percent", "15 EUR", "open_rate is a percentage from 0 to 100 and “15 EUR” is money. Write 15 %."),
        ("sent_count", "count", "1,200 %", "sent_count is a count and “1,200 %” is a percentage. Write 1200."),
        ("col:amount", None, "5 %", "col:amount is an amount of money and “5 %” is a percentage. Write 5."),
    ],
)  # fmt: skip
def test_a_limit_in_another_unit_is_refused_with_its_fix_item_8(field, unit, limit, told):
    refused = refusal("less_than", limit, field, unit)
    assert (refused.code, refused.detail) == ("rule_wrong_unit", told)
    assert [problem.pointer for problem in refused.errors] == ["/threshold_value"]


def test_every_value_of_a_limit_is_looked_at_item_8():
    assert "“150 %”" in refusal("between", "1 and 150 %", "roas", "ratio").detail
    assert "“$3”" in refusal("in", "2, $3", "roas", "ratio").detail
    assert "A change is a percentage" in refusal("percent_change", "-$30", "spend", "currency").detail
    recovery = refusal("less_than", "2", "roas", "ratio", recovery_threshold="300 %")
    assert [problem.pointer for problem in recovery.errors] == ["/recovery_threshold"]
    share = refusal("greater_than", "$5", "spend", "currency", aggregate=Aggregate.SHARE)
    assert "judged by share" in share.detail


@pytest.mark.parametrize(
    ("condition", "limit", "field", "unit", "more"),
    [
        ("less_than", "15 %", "open_rate", "percent", {}),
        ("greater_than", "$40", "spend", "currency", {}),
        ("greater_than", "40 USD", "spend", "currency", {}),
        ("less_than", "1.5×", "roas", "ratio", {}),
        ("less_than", "150 %", "shine", None, {}),
        ("percent_change", "-30 %", "spend", "currency", {}),
        ("greater_than", "20 %", "spend", "currency", {"aggregate": Aggregate.SHARE}),
        ("stale", "2 days", "col:record_date", None, {}),
        ("equals", "15 %", "col:status", None, {}),
    ],
)
def test_a_limit_in_the_unit_of_its_field_or_of_an_unknown_one_is_taken_item_8(
    condition, limit, field, unit, more
):
    check_rule(make_rule(condition, limit, field, **more), facts(unit), force=True)


async def test_saving_and_trying_refuse_it_and_a_stored_rule_can_still_be_switched_off(http, olga, world):
    refused = await make(http, olga, 422, field_name="roas", threshold_value="150 %")
    assert problem_at(refused) == ("/threshold_value", "wrong_unit")
    draft = {"name": "x", "field_name": "roas", "condition": "less_than", "threshold_value": "150 %"}
    tried = await http.post("/rules/preview", json={"rule": draft}, headers=olga)
    assert tried.status_code == 422
    assert tried.json()["errors"][0]["pointer"] == "/rows/0/threshold_value"
    kept = await make(http, olga, field_name="roas", threshold_value="1.5")
    world.admin.execute("UPDATE watchtower_rules SET threshold_value = '150 %%' WHERE id = %s", (kept["id"],))
    shown = (await http.get(f"/rules/{kept['id']}", headers=olga)).json()
    assert "wrong_unit" in {note["code"] for note in shown["notes"]}
    off = await http.patch(f"/rules/{kept['id']}", json={"is_active": False}, headers=olga)
    assert off.status_code == 200, off.text
    worse = await http.patch(f"/rules/{kept['id']}", json={"threshold_value": "160 %"}, headers=olga)
    assert problem_at(worse.json()) == ("/threshold_value", "wrong_unit")


@pytest.mark.parametrize("force", [False, True])
async def test_files_of_rules_refuse_it_with_the_line(db, world, force):
    text = "rules:\n  low:\n    field_name: roas\n    condition: less_than\n    threshold_value: 150 %\n"
    with pytest.raises(Invalid, match=r"line 2.*roas is a ratio and “150 %” is a percentage\. Write 1\.5\."):
        async with db.write(Scope.service("terminal")) as session:
            await apply_rules(
                session, parse_book({"rules.yml": text}), actor="terminal", now=world.now, force=force
            )
