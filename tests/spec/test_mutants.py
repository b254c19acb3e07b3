"""The checks of the specifications notice a schema that is narrower than printed."""

from collections.abc import Callable

import pytest
from tests.spec.data import Item, list_items
from tests.spec.standing import At, leads, read_indexes
from tests.spec.test_indexes import find_base
from tests.spec.test_tables import REFERENCES, find_faults, find_reference_faults


def find_item(number: str, name: str) -> Item:
    return next(item for found, item in list_items("table") if found == number and item["name"] == name)


def columns(number: str, name: str) -> Callable[[At], set[str]]:
    return lambda at: find_faults(at, number, find_item(number, name))


def reference(number: str, table: str, column: str) -> Callable[[At], set[str]]:
    item = next(
        item for found, item in REFERENCES if (found, item["table"], item["name"]) == (number, table, column)
    )
    return lambda at: find_reference_faults(at, number, item, f"{number} {table}.{column}")


def index(number: str, name: str) -> Callable[[At], set[str]]:
    item = next(item for found, item in list_items("index") if found == number and item.get("name") == name)
    base = find_base(number, item["table"])
    return lambda at: (
        set() if any(leads(i, item["columns"]) for i in read_indexes(at, base)) else {f"index {name}"}
    )


NARROWED = {
    "a column dropped": (
        "ALTER TABLE ads.alerts DROP COLUMN message CASCADE", columns("001", "alerts"), "column 001 alerts.message",
    ),
    "a text cut short": (
        "ALTER TABLE reports.dashboards ALTER COLUMN template_type TYPE varchar(40)", columns("004", "dashboards"),
        "type 004 dashboards.template_type",
    ),
    "a number cut short": (
        "ALTER TABLE outreach.videos ALTER COLUMN duration_seconds TYPE smallint", columns("003", "videos"),
        "type 003 videos.duration_seconds",
    ),
    "a default lost": (
        "ALTER TABLE outreach.videos ALTER COLUMN status DROP DEFAULT", columns("003", "videos"),
        "default 003 videos.status",
    ),
    "a column that must be given": (
        "ALTER TABLE reports.dashboards ALTER COLUMN description SET NOT NULL", columns("004", "dashboards"),
        "required 004 dashboards.description",
    ),
    "a column that need not be given": (
        "ALTER TABLE reports.dashboards ALTER COLUMN name DROP NOT NULL", columns("004", "dashboards"),
        "loose 004 dashboards.name",
    ),
    "a reference lost": (
        (
            "DO $$ DECLARE k record; BEGIN FOR k IN SELECT conname FROM pg_constraint WHERE contype = 'f'"
        " AND conrelid = 'reports.dashboard_widgets'::regclass LOOP"
        " EXECUTE format('ALTER TABLE reports.dashboard_widgets DROP CONSTRAINT %I', k.conname); END LOOP; END $$"
        ),
        reference("004", "dashboard_widgets", "dashboard_id"), "reference 004 dashboard_widgets.dashboard_id",
    ),
    "an index lost": (
        "DROP INDEX reports.idx_ai_insights_type", index("004", "idx_ai_insights_type"), "index idx_ai_insights_type",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NARROWED)
def test_a_schema_that_became_narrower_is_noticed(at: At, case: str) -> None:
    change, look, says = NARROWED[case]
    at.execute("SET LOCAL client_min_messages = error")
    at.execute("UPDATE reports.dashboards SET description = coalesce(description, '')")
    assert says not in look(at)
    at.execute("DROP TABLE IF EXISTS pg_temp.as_printed")
    at.execute("SET CONSTRAINTS ALL IMMEDIATE")
    at.execute(change)
    assert says in look(at)
