"""Mappings are read whole and every wrong key is named."""

from decimal import Decimal

import pytest

from belvedere.core.errors import Invalid
from belvedere.sources.mapping import Operand, parse_mapping

OMNISEND = """
name: omnisend_campaigns
records_path: [campaign, campaigns]
columns:
  external_id: campaignID
  status: {path: status, lower: true}
  category: {value: theme}
  record_date: {path: startDate, format: iso, zone: Europe/Vienna}
metrics:
  open_rate: {path: openRate, unit: percent, scale: percent}
  computed: {ratio: [opened, {minus: [sent, bounced]}], times: 100, unit: percent, name: open_rate, when_missing: openRate}
extra: rest
"""


def pointers(error: Invalid) -> list[str]:
    return [problem.pointer for problem in error.errors]


def test_a_whole_mapping_is_read():
    mapping = parse_mapping(OMNISEND)
    assert mapping.name == "omnisend_campaigns"
    assert mapping.records_path == (("campaign",), ("campaigns",))
    assert mapping.extra is None
    computed = mapping.metrics[1]
    assert computed.name == "open_rate"
    assert computed.times == Decimal(100)
    assert computed.when_missing == ("openRate",)
    assert computed.ratio == (
        Operand(path=("opened",)),
        Operand(sign="minus", parts=(Operand(path=("sent",)), Operand(path=("bounced",)))),
    )
    assert str(mapping.column("record_date").zone) == "Europe/Vienna"


def test_a_fraction_is_turned_into_percent_on_entry():
    mapping = parse_mapping(
        {"columns": {"external_id": "id"}, "metrics": {"ctr": {"path": "a.b", "scale": "fraction"}}}
    )
    assert mapping.metrics[0].times == 100
    assert mapping.metrics[0].path == ("a", "b")


def test_a_mapping_needs_an_external_id():
    with pytest.raises(Invalid) as caught:
        parse_mapping({"columns": {"name": "name"}})
    assert pointers(caught.value) == ["/columns/external_id"]


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ({"columns": {"external_id": "id", "colour": "c"}}, "/columns/colour"),
        ({"columns": {"external_id": "id", "name": {"path": "n", "value": "x"}}}, "/columns/name"),
        ({"columns": {"external_id": "id", "name": {"path": "n", "zone": "UTC"}}}, "/columns/name/zone"),
        ({"columns": {"external_id": "a..b"}}, "/columns/external_id/path"),
        (
            {"columns": {"external_id": "id", "record_date": {"path": "d", "zone": "Mars/One"}}},
            "/columns/record_date/zone",
        ),
        (
            {"columns": {"external_id": "id", "record_date": {"path": "d", "format": "soon"}}},
            "/columns/record_date/format",
        ),
        ({"columns": {"external_id": "id"}, "metrics": {"ctr": {"ratio": ["a"]}}}, "/metrics/ctr/ratio"),
        (
            {"columns": {"external_id": "id"}, "metrics": {"ctr": {"path": "a", "unit": "bananas"}}},
            "/metrics/ctr/unit",
        ),
        (
            {"columns": {"external_id": "id"}, "metrics": {"ctr": {"path": "a", "scale": "promille"}}},
            "/metrics/ctr/scale",
        ),
        ({"columns": {"external_id": "id"}, "metrics": {"x" * 101: "a"}}, f"/metrics/{'x' * 101}/name"),
        ({"columns": {"external_id": "id"}, "extra": "all"}, "/extra"),
        ({"columns": {"external_id": "id"}, "colums": {}}, "/colums"),
    ],
)
def test_a_wrong_key_is_named(broken, pointer):
    with pytest.raises(Invalid) as caught:
        parse_mapping(broken)
    assert pointer in pointers(caught.value)


def test_broken_yaml_says_where():
    with pytest.raises(Invalid, match="line 3"):
        parse_mapping("columns:\n  a: [1\n")


def test_a_mapping_that_unfolds_without_end_is_refused():
    lines = ["columns: {external_id: id}", "metrics:"]
    lines.append("  m0: {ratio: [&a0 {plus: [x, y]}, 1]}")
    lines += [
        f"  m{n}: {{ratio: [&a{n} {{plus: [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]}}, 1]}}"
        for n in range(1, 15)
    ]
    with pytest.raises(Invalid, match="too many parts"):
        parse_mapping("\n".join(lines))
    with pytest.raises(Invalid, match="too many parts"):
        parse_mapping("columns: {external_id: id}\nmetrics: {m: {ratio: [&a {plus: [x, *a]}, 1]}}")


def test_a_mapping_that_lies_too_deep_is_refused():
    with pytest.raises(Invalid, match="deeper"):
        parse_mapping(f"name: t\ncolumns: {'[' * 5000}{']' * 5000}\n")
