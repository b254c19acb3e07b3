"""What the four conditions of order share: each file says how its own cuts the order, and these tests hold it to that."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import ABSENT, NOW, answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


class Ordering:
    """`said` is its answer to a value at the limit, one above and one below; `match` a number that it matches."""

    word: str
    said: str
    sign: str
    match: int

    def test_numbers_compare_exactly_and_text_only_where_it_is_a_number(self) -> None:
        numbers = [Decimal(15), Decimal("15.000001"), Decimal("14.999999"), ABSENT]
        assert answers(self.word, "15", numbers) == self.said + "?"
        texts = ["15", " 15.000001", "1.4e1", "1,200", "many"]
        assert answers(self.word, "15", texts, field="status") == self.said + "!!"
        values = [15, "15.1", 3, True, ["15"]]
        assert answers(self.word, "15", values, field="extra:$.a") == self.said + "!!"
        assert answers(self.word, "15", [["15"], None], field="tags") == "!?"
        moments = [NOW, NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)]
        assert answers(self.word, "2026-11-20T12:00Z", moments, field="record_date") == self.said

    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            ("many", "threshold_not_a_number"),
            ("1,20", "threshold_not_a_number"),
            ("", "threshold_required"),
        ],
    )
    def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(self, typed: str, code: str) -> None:
        with pytest.raises(Invalid) as refusal:
            read_limit(Condition(self.word), typed, "open_rate")
        assert refusal.value.code == code
        assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
        assert any(part in refusal.value.detail for part in ("open_rate", "such as", "Write"))

    def test_its_words(self) -> None:
        finding = first_finding(self.word, "15", Decimal(self.match))
        assert told(finding)[1] == f"Open rate is {self.match}.0%, limit {self.sign} 15%"
        assert in_one_line(self.word, "15") == f"open_rate {self.sign} 15"
