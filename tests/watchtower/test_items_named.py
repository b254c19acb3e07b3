"""What is settled about watching has a test that carries its number: `_item_<n>` at the end of a name."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
SETTLED = 37


def numbers() -> set[int]:
    text = "\n".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    found = re.findall(r"^\s*(?:async )?def test_\w*?_items?_(\d+(?:_\d+)*)\(", text, re.MULTILINE)
    return {int(number) for each in found for number in each.split("_")}


def test_every_settled_point_has_a_test_of_its_name():
    assert sorted(set(range(1, SETTLED + 1)) - numbers()) == []
