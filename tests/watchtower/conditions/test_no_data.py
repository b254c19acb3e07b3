"""`no_data`."""

from tests.watchtower.conditions.asking import ABSENT, answers, first_finding, told


def test_it_holds_for_whatever_reason_there_is_no_value():
    assert answers("no_data", None, [None, "live"], field="status") == "+-"
    assert answers("no_data", None, [ABSENT, ABSENT]) == "++"
    assert answers("no_data", None, [None, ABSENT, 0], field="extra:$.a") == "++-"


def test_its_words():
    assert told(first_finding("no_data", None, ABSENT)) == (
        "No data: Open rate on Record 0",
        "Open rate has no data",
    )
