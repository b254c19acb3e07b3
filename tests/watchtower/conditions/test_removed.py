"""`removed`."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tests.watchtower.conditions.asking import (
    judge,
    make_rule,
    record,
    told,
)


def test_what_is_gone_carries_the_record_it_was():
    now, before = (
        [record(1, "open_rate", Decimal(1))],
        [record(0, "open_rate", Decimal(12)), record(1, "open_rate", Decimal(1))],
    )
    judged = judge(make_rule("removed"), now, before)
    (finding,) = judged.opens_all()
    assert (finding.external_id, finding.entity_name, finding.head.value) == ("e0", "Record 0", "12")
    assert finding.record_id is not None
    assert finding.record_id.int == 100
    assert told(finding) == ("Gone: Record 0", "Gone from the data (open rate: 12.0%)")
    assert judged.truth_at(judged.rows_of(["e1"])["e1"]) is False


def test_it_needs_two_full_readings():
    now, before = [record(1, "open_rate", Decimal(1))], [record(0, "open_rate", Decimal(12))]
    assert len(judge(make_rule("removed"), now, before, is_full=False).opens_all()) == 0
    assert judge(make_rule("removed"), now, None).truth_at([0]) is None


def test_other_rows_of_its_group_see_the_record_as_it_was():
    group = {"group_id": make_rule("removed").id}
    rows = [
        make_rule("removed", **group),
        replace(make_rule("greater_than", "10", **group, position=1), id=UUID(int=2)),
    ]
    before = [record(0, "open_rate", Decimal(12)), record(1, "open_rate", Decimal(3))]
    assert [finding.external_id for finding in judge(rows, [], before).opens_all()] == ["e0"]
