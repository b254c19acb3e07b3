"""`not_equals`."""

from decimal import Decimal

from tests.watchtower.conditions.asking import ABSENT, answers, first_finding, in_one_line, told


def test_any_other_value_holds_and_a_missing_one_is_unknown():
    assert answers("not_equals", "live", ["live ", "paused", None], field="status") == "-+?"
    assert answers("not_equals", "15", [Decimal(15), Decimal(16), ABSENT]) == "-+?"
    assert answers("not_equals", "vip", [["vip"], ["vip", "new"]], field="tags") == "-+"
    assert answers("not_equals", "1", [{"a": 1}, 2], field="extra:$.a") == "!+"


def test_its_words():
    found = first_finding("not_equals", "live", "paused", field="status")
    assert told(found) == ("Status is paused on Record 0", "Status is paused, not “live”")
    assert in_one_line("not_equals", "live", "status") == "status ≠ live"
