"""`contains`."""

from decimal import Decimal

from tests.watchtower.conditions.asking import answers, first_finding, told


def test_part_of_a_text_and_one_exact_tag():
    assert (
        answers("contains", "strasse", ["Große Straße", "STRASSE 1", "Weg", None], field="status") == "++-?"
    )
    assert answers("contains", "vip", [["vip", "new"], ["vip-2"], []], field="tags") == "+--"
    assert answers("contains", "15", [["15"], [15], "a 15", 15], field="extra:$.a") == "+++!"
    assert answers("contains", "1", [Decimal(15)]) == "!"


def test_its_words():
    found = first_finding("contains", "ale", "Sale", field="status")
    assert told(found) == ("Status contains “ale” on Record 0", "Status is Sale, limit contains “ale”")
