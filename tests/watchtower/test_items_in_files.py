"""What is settled about rules and their alerts, each point as a small file of rules: played by the pure watch and on a real
database, which must agree.
"""

import pytest
from tests.watchtower.live import Live, record

from belvedere.watchtower.code_format import parse_book


@pytest.fixture
def plays(world):
    async def play(text: str) -> None:
        await Live(world, record(parse_book({"point.yaml": text}), 0)).play()

    return play


async def test_and_binds_tighter_than_or_and_the_first_operator_says_nothing_item_1(plays):
    await plays("""
rules:
  mixed:
    rows:
      - {field_name: a, condition: equals, threshold_value: 1, logic_operator: OR}
      - {field_name: b, condition: equals, threshold_value: 1, logic_operator: OR}
      - {field_name: c, condition: equals, threshold_value: 1, logic_operator: AND}
tests:
  - steps:
      - records:
          - {external_id: a, metrics: {a: 1, b: 0, c: 0}}
          - {external_id: b, metrics: {a: 0, b: 1, c: 0}}
          - {external_id: bc, metrics: {a: 0, b: 1, c: 1}}
          - {external_id: c, metrics: {a: 0, b: 0, c: 1}}
        expect: {opened: {mixed: [a, bc]}}
""")


async def test_the_first_row_leads_and_a_row_that_is_off_stops_the_group_item_2(plays, world):
    await plays("""
rules:
  led:
    name: The head's name
    severity: critical
    rows:
      - {field_name: a, condition: equals, threshold_value: 1}
      - {field_name: b, condition: equals, threshold_value: 1, severity: info, name: Another name}
  stopped:
    rows:
      - {field_name: a, condition: equals, threshold_value: 1}
      - {field_name: b, condition: equals, threshold_value: 1, is_active: false}
tests:
  - steps:
      - records: [{external_id: x, metrics: {a: 1, b: 1}}]
        expect: {opened: {led: {x: critical}}}
""")
    rows = world.rows("SELECT r.name FROM watchtower_alerts a JOIN watchtower_rules r ON r.id = a.rule_id")
    assert rows == [{"name": "The head's name"}]


async def test_rows_of_one_source_hold_on_one_entity_item_3(plays):
    await plays("""
rules:
  both:
    rows:
      - {field_name: a, condition: equals, threshold_value: 1}
      - {field_name: b, condition: equals, threshold_value: 1}
  whole: {field_name: a, condition: equals, threshold_value: 1, aggregate: any}
tests:
  - steps:
      - records: [{external_id: x, metrics: {a: 1, b: 0}}, {external_id: y, metrics: {a: 0, b: 1}}]
        expect: {opened: {whole: ["*"]}}
      - records: [{external_id: x, metrics: {a: 1, b: 1}}, {external_id: y, metrics: {a: 0, b: 1}}]
        expect: {opened: {both: [x]}}
""")


async def test_a_prefix_says_where_a_field_stands_item_5(plays):
    await plays("""
rules:
  column: {field_name: "col:quantity", condition: greater_than, threshold_value: 5}
  metric: {field_name: "metric:quantity", condition: greater_than, threshold_value: 5}
  path: {field_name: "extra:$.shop.plan", condition: equals, threshold_value: free}
tests:
  - steps:
      - records:
          - {external_id: a, quantity: 9, metrics: {quantity: 1}, extra: {shop: {plan: free}}}
          - {external_id: b, quantity: 1, metrics: {quantity: 9}, extra: {shop: {plan: paid}}}
        expect: {opened: {column: [a], metric: [b], path: [a]}}
""")


async def test_thresholds_and_texts_are_read_as_people_write_them_item_6(plays):
    await plays("""
rules:
  money: {field_name: spend, condition: greater_than, threshold_value: "$1,200"}
  percent: {field_name: open_rate, condition: less_than, threshold_value: 15 %}
  numeric-text: {field_name: "extra:$.size", condition: greater_than, threshold_value: 10}
  exact: {field_name: status, condition: equals, threshold_value: failed}
  part: {field_name: name, condition: contains, threshold_value: ADVENT}
  tag: {field_name: tags, condition: contains, threshold_value: vip}
tests:
  - steps:
      - records:
          - external_id: a
            name: The advent preview
            status: " failed "
            tags: [vip]
            metrics: {spend: 1200.000001, open_rate: 14.999999}
            extra: {size: "10.5"}
          - external_id: b
            name: Spring
            status: Failed
            tags: [vip-list]
            metrics: {spend: 1200, open_rate: 15}
            extra: {size: large}
        expect:
          opened: {money: [a], percent: [a], numeric-text: [a], exact: [a], part: [a], tag: [a]}
""")


async def test_unknown_never_fires_and_never_resolves_item_7(plays):
    await plays("""
rules:
  low: {field_name: a, condition: less_than, threshold_value: 5}
  either:
    rows:
      - {field_name: a, condition: less_than, threshold_value: 5}
      - {field_name: b, condition: equals, threshold_value: 1, logic_operator: OR}
  both:
    rows:
      - {field_name: a, condition: less_than, threshold_value: 5}
      - {field_name: b, condition: equals, threshold_value: 1}
tests:
  - steps:
      - {records: [{external_id: x, metrics: {b: 1}}], expect: {opened: {either: [x]}}}
      - {records: [{external_id: x, metrics: {a: 3, b: 1}}], expect: {opened: {low: [x], both: [x]}}}
      - records: [{external_id: x, metrics: {b: 0}}]
        expect: {resolved: {both: {x: recovered}}, open: {low: [x], either: [x]}}
""")


async def test_a_change_is_against_the_good_full_reading_before_item_9(plays):
    await plays("""
rules:
  changed: {field_name: status, condition: changed}
  tags-changed: {field_name: tags, condition: changed}
  to-paused: {field_name: status, condition: changed, threshold_value: paused}
tests:
  - steps:
      - records: [{external_id: x, status: live, tags: [a, b]}]
        expect: {}
      - records: [{external_id: x, status: draft, tags: [b, a]}, {external_id: new, status: live}]
        expect: {opened: {changed: [x]}}
      - records: [{external_id: x, status: paused, tags: [a]}, {external_id: new, status: live}]
        expect: {opened: {tags-changed: [x], to-paused: [x]}}
""")


async def test_from_nothing_there_is_no_percentage_unless_asked_item_10(plays):
    await plays("""
rules:
  rises: {field_name: a, condition: percent_change, threshold_value: "50"}
  from-zero: {field_name: a, condition: percent_change, threshold_value: "50", fires_from_zero: true}
  enough: {field_name: a, condition: percent_change, threshold_value: "50", min_volume_field: n, min_volume: 100}
tests:
  - steps:
      - records:
          - {external_id: x, metrics: {a: 10, n: 100}}
          - {external_id: small, metrics: {a: 10, n: 99}}
          - {external_id: zero, metrics: {a: 0, n: 100}}
          - {external_id: below, metrics: {a: -10, n: 100}}
        expect: {}
      - records:
          - {external_id: x, metrics: {a: 15, n: 100}}
          - {external_id: small, metrics: {a: 15, n: 99}}
          - {external_id: zero, metrics: {a: 3, n: 100}}
          - {external_id: below, metrics: {a: -5, n: 100}}
        expect:
          opened: {rises: [x, small, below], from-zero: [x, small, zero, below], enough: [x, below]}
""")


async def test_a_clients_rule_adds_or_stands_in_for_the_one_of_every_client_item_11(plays):
    await plays("""
rules:
  low: {field_name: a, condition: less_than, threshold_value: 15}
clients:
  brandt:
    lower: {field_name: a, condition: less_than, threshold_value: 10, overrides_rule_id: low}
  marlow:
    more: {field_name: a, condition: less_than, threshold_value: 20}
tests:
  - steps:
      - {client: client, records: [{external_id: x, metrics: {a: 12}}], expect: {opened: {low: [x]}}}
      - {client: brandt, records: [{external_id: x, metrics: {a: 12}}], expect: {}}
      - {client: brandt, records: [{external_id: x, metrics: {a: 9}}], expect: {opened: {brandt/lower: [x]}}}
      - {client: marlow, records: [{external_id: z, metrics: {a: 12}}], expect: {opened: {low: [z], marlow/more: [z]}}}
""")


async def test_the_next_breach_after_a_recovery_is_a_new_alert_item_14(plays, world):
    await plays("""
rules:
  low: {field_name: a, condition: less_than, threshold_value: 15, recover_after: 2, recovery_threshold: 17}
tests:
  - steps:
      - {records: [{external_id: x, metrics: {a: 12}}], expect: {opened: {low: [x]}}}
      - {records: [{external_id: x, metrics: {a: 18}}], expect: {}}
      - {completeness: partial, records: [{external_id: x, metrics: {a: 18}}], expect: {}}
      - {records: [{external_id: x, metrics: {a: 16}}], expect: {}}
      - {records: [{external_id: x, metrics: {a: 18}}], expect: {}}
      - {records: [{external_id: x, metrics: {a: 18}}], expect: {resolved: {low: {x: recovered}}}}
      - {records: [{external_id: x, metrics: {a: 1}}], expect: {opened: {low: [x]}}}
""")
    rows = world.rows("SELECT episode, state FROM watchtower_alerts ORDER BY number")
    assert [(row["episode"], row["state"]) for row in rows] == [(1, "resolved"), (2, "open")]


async def test_data_of_one_moment_counts_once_item_28(plays):
    await plays("""
rules:
  low: {field_name: a, condition: less_than, threshold_value: 15, recover_after: 2}
  late: {field_name: a, condition: less_than, threshold_value: 15, for_readings: 2}
tests:
  - steps:
      - records: [{external_id: x, metrics: {a: 12}}, {external_id: y, metrics: {a: 12}}]
        as_of: "2026-11-01T10:00Z"
        expect: {opened: {low: [x, y]}}
      - records: [{external_id: x, metrics: {a: 12}}, {external_id: y, metrics: {a: 12}}]
        as_of: "2026-11-01T10:00Z"
        expect: {}
      - {records: [{external_id: x, metrics: {a: 20}}], as_of: "2026-11-01T11:00Z", expect: {}}
      - {records: [{external_id: x, metrics: {a: 20}}], as_of: "2026-11-01T11:00Z", expect: {}}
      - records: [{external_id: x, metrics: {a: 20}}]
        as_of: "2026-11-01T12:00Z"
        expect: {resolved: {low: {x: recovered, y: missing}}}
""")


CHILDREN = """
rules:
  parent: {field_name: a, condition: less_than, threshold_value: 15}
  if-open: {field_name: b, condition: equals, threshold_value: 1, parent_rule_id: parent, dependency_condition: triggered}
  if-taken: {field_name: b, condition: equals, threshold_value: 1, parent_rule_id: parent, dependency_condition: acknowledged}
  if-quiet: {field_name: b, condition: equals, threshold_value: 1, parent_rule_id: parent, dependency_condition: not_triggered}
"""


async def test_three_words_split_the_states_of_a_parent_and_gate_opening_only_item_16(plays):
    await plays(
        CHILDREN
        + """
tests:
  - steps:
      - records: [{external_id: x, metrics: {a: 20, b: 1}}, {external_id: y, metrics: {a: 10, b: 1}}]
        expect: {opened: {parent: [y], if-quiet: [x], if-open: [y]}}
      - acknowledge: {parent: [y]}
        expect: {opened: {if-taken: [y]}, open: {parent: [y], if-quiet: [x], if-open: [y], if-taken: [y]}}
      - records: [{external_id: x, metrics: {a: 10, b: 1}}, {external_id: y, metrics: {a: 20, b: 1}}]
        expect: {opened: {parent: [x], if-open: [x], if-quiet: [y]}, resolved: {parent: [y]}}
"""
    )


async def test_a_value_that_comes_or_goes_is_a_change_an_absent_field_is_unknown_item_33(plays):
    await plays("""
rules:
  column: {field_name: status, condition: changed}
  metric: {field_name: a, condition: changed}
tests:
  - steps:
      - records: [{external_id: came, metrics: {a: 1}}, {external_id: went, status: live, metrics: {a: 1}}]
        expect: {}
      - records: [{external_id: came, status: live, metrics: {a: 1}}, {external_id: went, metrics: {a: 1}}]
        expect: {opened: {column: [came, went]}}
      - records: [{external_id: came, status: live}, {external_id: went}]
        expect: {}
""")


async def test_a_parent_that_is_off_holds_its_child_item_34(plays):
    await plays(
        CHILDREN.replace("threshold_value: 15}", "threshold_value: 15, is_active: false}")
        + """
tests:
  - steps:
      - records: [{external_id: x, metrics: {a: 20, b: 1}}]
        expect: {held: {if-open: [x], if-taken: [x], if-quiet: {x: "off"}}}
"""
    )


async def test_an_open_alert_speaks_for_a_parent_that_is_unknown_item_35(plays):
    await plays(
        CHILDREN
        + """
tests:
  - steps:
      - records: [{external_id: x, metrics: {a: 10, b: 0}}, {external_id: y, metrics: {a: 20, b: 0}}]
        expect: {opened: {parent: [x]}}
      - records: [{external_id: x, metrics: {b: 1}}, {external_id: y, metrics: {b: 1}}]
        expect: {opened: {if-open: [x]}, open: {parent: [x], if-open: [x]}}
"""
    )


async def test_a_change_that_was_blocked_is_not_fired_later_item_36(plays):
    await plays("""
rules:
  parent: {field_name: a, condition: less_than, threshold_value: 15}
  child: {field_name: status, condition: changed, parent_rule_id: parent, dependency_condition: acknowledged}
tests:
  - steps:
      - {records: [{external_id: x, status: live, metrics: {a: 10}}], expect: {opened: {parent: [x]}}}
      - {records: [{external_id: x, status: paused, metrics: {a: 10}}], expect: {held: {child: [x]}}}
      - {acknowledge: {parent: [x]}, expect: {}}
      - {records: [{external_id: x, status: paused, metrics: {a: 10}}], expect: {}}
      - {records: [{external_id: x, status: live, metrics: {a: 10}}], expect: {opened: {child: [x]}}}
""")


async def test_a_parent_over_all_sources_is_taken_for_the_childs_own_entity_item_37(plays):
    await plays("""
rules:
  parent: {field_name: a, condition: less_than, threshold_value: 15}
  child:
    source_id: shop/orders
    field_name: b
    condition: equals
    threshold_value: 1
    parent_rule_id: parent
    dependency_condition: triggered
tests:
  - source: shop/orders
    steps:
      - {source: shop/visits, records: [{external_id: x, metrics: {a: 1, b: 1}}], expect: {opened: {parent: [x]}}}
      - records: [{external_id: x, metrics: {a: 20, b: 1}}, {external_id: y, metrics: {a: 1, b: 1}}]
        expect: {opened: {parent: [y], child: [y]}}
""")
