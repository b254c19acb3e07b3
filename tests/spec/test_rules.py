"""What the specifications ask in words and not in statements: formulas, parts, views of key figures, events, examples."""

from decimal import Decimal
from fractions import Fraction
from importlib import resources

import psycopg
import pytest
import yaml
from tests.spec.conftest import Prove
from tests.spec.data import SPECS, Item, list_items
from tests.spec.standing import SCHEMAS, At, fetch_one, find_kind, read_columns
from tests.spec.writing import choose_path

Pair = tuple[str, Item]
FIGURES = ("spend_cents", "impressions", "clicks", "conversions", "revenue_cents")
CASES = (
    (0, 0, 0, 0, 0), (3650, 1200, 48, 3, 21400), (1, 3, 7, 3, 2), (999_999_999, 1, 1, 1, 1), (5, 1_000_000, 2, 0, 9),
    (10, 10, 0, 4, 0), (0, 5, 4, 2, 100),
)  # fmt: skip


def name_rule(pair: Pair) -> str:
    number, item = pair
    return f"{number}:{item['line']}-{item.get('column', item.get('table', item.get('says', item.get('platform', ''))))}"


@pytest.mark.parametrize("pair", list_items("formula"), ids=name_rule)
@pytest.mark.parametrize("figures", CASES, ids=str)
def test_a_printed_formula_is_what_the_column_holds(
    at: At, prove: Prove, pair: Pair, figures: tuple[int, ...]
) -> None:
    number, item = pair
    prove(number, "formulas", item["line"])
    values = dict(zip(FIGURES, figures, strict=True))
    clauses = ", ".join(f"{name} = {value}" for name, value in values.items())
    at.execute(f"UPDATE {item['table']} SET {clauses} WHERE client_id = 1")
    found = fetch_one(at, f"SELECT {item['column']} FROM {item['table']} WHERE client_id = 1")
    if values[item["bottom"]] == 0:
        assert found is None
        return
    exact = Fraction(values[item["top"]], values[item["bottom"]])
    places = -int(Decimal(found).as_tuple().exponent)
    assert places >= item["places"]
    assert abs(Fraction(found) - exact) <= Fraction(1, 2 * 10**places)


@pytest.mark.parametrize("pair", list_items("parted"), ids=name_rule)
def test_a_heavy_table_is_parted_by_month(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "rules", f"{item['line']}:{item['table']}")
    assert find_kind(at, item["table"]) == "p"
    bounds = at.execute(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass",
        [item["table"]],
    ).fetchall()
    months = [name for name, bound in bounds if bound != "DEFAULT"]
    name = item["table"].split(".")[1]
    month = fetch_one(at, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')")
    assert f"{name}_p{month}" in months
    assert len(months) >= 4
    filled = fetch_one(at, f"SELECT count(*) FROM ONLY {item['table'].replace(name, name + '_default')}")
    assert filled == 0


@pytest.mark.parametrize("pair", list_items("materialised"), ids=name_rule)
def test_a_key_figure_has_a_materialised_view(at: At, prove: Prove, pair: Pair) -> None:
    """It can be refreshed while it is read, and shows no address and no name of a person."""
    number, item = pair
    prove(number, "rules", f"{item['line']}:{item['says']}")
    views = at.execute(
        "SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relkind = 'm' AND n.nspname = ANY(%s) GROUP BY 1",
        [SCHEMAS],
    ).fetchall()
    found = [
        (name, columns)
        for name, columns in views
        if item["like"] in name or item["like"] in " ".join(columns)
    ]
    assert found, f"no materialised view tells {item['says']}: {views}"
    for name, columns in found:
        at.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}")
        private = {"email", "contact_name", "company_name", "phone", "domain", "body", "subject", "lead_id"}
        assert not private & set(columns)


@pytest.mark.parametrize("pair", list_items("retention"), ids=name_rule)
def test_a_class_of_retention_can_be_kept(at: At, prove: Prove, pair: Pair) -> None:
    """Parts are dropped after the printed months; other rows carry the time they age by, and what holds them longer."""
    number, item = pair
    prove(number, "rules", f"{item['line']}:{item['says']}")
    for table in item.get("parted", []):
        months = "SELECT retention_months FROM core.partition_plans WHERE table_name = %s"
        assert fetch_one(at, months, [table]) == item["months"]
    for kind in ("aged_by", "held_by"):
        for table, column in item.get(kind, {}).items():
            assert column in read_columns(at, table)


@pytest.mark.parametrize("pair", list_items("event"), ids=lambda pair: f"{pair[0]}:{pair[1]['line']}")
def test_each_core_event_can_be_written(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "rules", f"{item['line']}:")
    for kind in item["types"]:
        at.execute(
            "INSERT INTO core.outbox_events (type, source, subject, time, dataschema, dataversion)"
            " VALUES (%s, '/printed', 'x', now(), 'd', 1)",
            [kind],
        )


@pytest.mark.parametrize("pair", list_items("example"), ids=name_rule)
def test_a_rule_printed_as_an_example_goes_in(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "rules", f"{item['line']}:{item['table']}")
    choose_path(at, number)
    names, values = list(item["values"]), list(item["values"].values())
    marks = ", ".join(["%s"] * len(names))
    at.execute(f"INSERT INTO {item['table']} ({', '.join(names)}) VALUES ({marks})", values)


@pytest.mark.parametrize("pair", list_items("mapping"), ids=name_rule)
def test_a_printed_mapping_is_the_one_that_is_used(prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "rules", f"{item['line']}:{item['platform']}")
    file = {"scraper": "cvr"}.get(item["platform"], item["platform"].replace(" ", "_"))
    mapping = yaml.safe_load((resources.files("belvedere.connectors.mappings") / f"{file}.yaml").read_text())
    for field, goal in item["fields"].items():
        if goal == "api_snapshots.client_id":
            continue  # the account says the client, never the file
        if goal.startswith("metric: "):
            target = mapping["metrics"][goal.removeprefix("metric: ")]
        else:
            target = mapping["columns"][goal.rpartition(".")[2]]
        assert field == (target["path"] if isinstance(target, dict) else target)


def test_the_seeded_rows_are_those_of_the_specification(at: At, prove: Prove) -> None:
    seeded = SPECS["000"]["seeded"]
    prove("000", "rows", *(row[0] for rows in seeded.values() for row in rows))
    choose_path(at, "000")
    sources = at.execute(
        "SELECT provider, endpoint, display_name, description, refresh_interval_minutes FROM api_sources"
    ).fetchall()
    metrics = at.execute(
        "SELECT metric_name, display_name, description, metric_unit, coalesce(provider, '') FROM metric_definitions"
    ).fetchall()
    assert {tuple(row[1:]) for row in seeded["sources"]} <= set(sources)
    assert {tuple(row[1:]) for row in seeded["metrics"]} <= set(metrics)


def test_the_metric_of_a_record_is_named_once(at: At) -> None:
    choose_path(at, "000")
    with pytest.raises(psycopg.errors.UniqueViolation):
        at.execute(
            "INSERT INTO api_record_metrics (client_id, record_id, metric_name, metric_value)"
            " SELECT client_id, record_id, metric_name, 1 FROM api_record_metrics"
        )


def test_a_cycle_of_parents_is_refused(at: At) -> None:
    choose_path(at, "000")
    first, second = (
        fetch_one(
            at,
            "INSERT INTO watchtower_rules (name, field_name, condition, threshold_value)"
            " VALUES (%s, 'cvr', 'less_than', '2') RETURNING id",
            [name],
        )
        for name in ("first", "second")
    )
    link = "UPDATE watchtower_rules SET parent_rule_id = %s, dependency_condition = 'triggered' WHERE id = %s"
    at.execute(link, [first, second])
    with pytest.raises(psycopg.errors.CheckViolation, match="depend on itself"):
        at.execute(link, [second, first])
