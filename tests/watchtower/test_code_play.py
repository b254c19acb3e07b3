"""Unit tests of rules, as `belvedere rules test` runs them: the live judge on readings that a file spells out."""

import pytest

from belvedere.core.errors import Invalid
from belvedere.watchtower.code_format import parse_book
from belvedere.watchtower.code_play import describe_outcomes, run_tests

RULES = """\
rules:
  low-open-rate:
    field_name: open_rate
    condition: less_than
    threshold_value: 15
    severity: critical
  low-clicks:
    field_name: click_rate
    condition: less_than
    threshold_value: 2
    parent_rule_id: low-open-rate
    dependency_condition: acknowledged
"""


def play(tests: str, rules: str = RULES):
    return run_tests(parse_book({"rules.yml": rules + "tests:\n" + tests}))


def record(rate, clicks=None, name="advent"):
    metrics = f"open_rate: {rate}" + (f", click_rate: {clicks}" if clicks is not None else "")
    return f"{{external_id: {name}, metrics: {{{metrics}}}}}"


def test_what_happens_as_expected_passes():
    (outcome,) = play(f"""\
  - name: opens once and resolves
    steps:
      - records: [{record(12)}, {record(30, name="spring")}]
        expect: {{opened: {{low-open-rate: [advent]}}}}
      - records: [{record(11)}, {record(30, name="spring")}]
        expect: {{open: {{low-open-rate: {{advent: critical}}}}}}
      - records: [{record(21)}, {record(30, name="spring")}]
        expect: {{resolved: {{low-open-rate: {{advent: recovered}}}}}}
""")
    assert outcome.passed, outcome.failures
    assert describe_outcomes([outcome])[-1] == "1 passed, 0 failed."


def test_a_difference_is_told_by_step_line_and_value():
    (outcome,) = play(f"""\
  - name: wrong
    steps:
      - records: [{record(12)}]
        expect:
      - records: [{record(30)}]
        expect: {{opened: {{low-open-rate: [spring]}}, resolved: {{low-open-rate: {{advent: missing}}}}}}
""")
    assert outcome.failures == (
        "step 1 (line 16): + opened: low-open-rate on advent came and was not expected (open_rate is 12).",
        "step 2 (line 18): - opened: low-open-rate on spring was expected and did not come.",
        "step 2 (line 18): ~ resolved: low-open-rate on advent: missing was expected, it is recovered.",
    )
    lines = describe_outcomes([outcome])
    assert lines[0] == "FAIL wrong  (rules.yml:14, 2 steps)"
    assert lines[-1] == "0 passed, 1 failed."


def test_an_acknowledged_parent_lets_its_child_open():
    (outcome,) = play(f"""\
  - name: child after acknowledgement
    steps:
      - records: [{record(12, 1)}]
        expect: {{opened: {{low-open-rate: [advent]}}, held: {{low-clicks: [advent]}}}}
      - acknowledge: {{low-open-rate: [advent]}}
        expect: {{opened: {{low-clicks: [advent]}}}}
""")
    assert outcome.passed, outcome.failures


def test_an_entity_that_is_gone_resolves_after_two_full_readings():
    (outcome,) = play(f"""\
  - name: gone
    steps:
      - records: [{record(12)}]
      - records: []
        completeness: partial
        expect: {{open: {{low-open-rate: [advent]}}}}
      - records: []
        expect: {{open: {{low-open-rate: [advent]}}}}
      - records: []
        expect: {{resolved: {{low-open-rate: {{advent: missing}}}}}}
""")
    assert outcome.passed, outcome.failures


def test_a_clients_own_rule_stands_in_for_the_one_of_every_client():
    rules = RULES + (
        "clients:\n  brandt:\n    low-open-rate:\n      field_name: open_rate\n      condition: less_than\n"
        "      threshold_value: 10\n      overrides_rule_id: low-open-rate\n"
    )
    (outcome,) = play(
        f"""\
  - name: two clients
    steps:
      - {{client: marlow, records: [{record(12)}], expect: {{opened: {{low-open-rate: [advent]}}}}}}
      - {{client: brandt, records: [{record(12)}], expect: {{}}}}
      - {{client: brandt, records: [{record(9)}], expect: {{opened: {{brandt/low-open-rate: [advent]}}}}}}
""",
        rules,
    )
    assert outcome.passed, outcome.failures


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{record: []}", "a step has no key record. Did you mean records?"),
        ("{records: [{name: x}]}", "every record needs its external_id"),
        ("{records: [{external_id: x, quantity: many}]}", "quantity"),
        ("{records: [{external_id: x, metrics: {open_rate: high}}]}", "the metric open_rate is no number"),
        ("{records: [], expect: {opened: {low-open: [x]}}}", "Did you mean low-open-rate?"),
        ("{acknowledge: {low-open-rate: [x]}}", "low-open-rate has no open alert on x"),
        ("{records: [], after: soon}", "write a time such as"),
        ("{records: [], completeness: most}", "full, partial or incremental"),
        ("{}", "a step has records, or acknowledge"),
    ],
)
def test_a_test_that_cannot_be_read_says_where(step, words):
    with pytest.raises(Invalid) as caught:
        play(f"  - name: x\n    steps:\n      - {step}\n")
    assert words in caught.value.detail
    assert "rules.yml, line 16" in caught.value.detail
