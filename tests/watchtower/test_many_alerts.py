"""Many alerts of one reading: written by column, they say and carry what each would say and carry alone."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

import orjson
import polars as pl
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.watchtower.world import World, campaign

from belvedere.core.events import check
from belvedere.watchtower import wording
from belvedere.watchtower.columns import NumberValues
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.figures import figure_maker, value_text
from belvedere.watchtower.hits import Hits, Reasons
from belvedere.watchtower.inbox import acknowledge
from belvedere.watchtower.lists import get_alert
from belvedere.watchtower.storing import FEW, TOLD_TOGETHER
from belvedere.watchtower.values import plain

NUMBERS = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)
TEXTS = (
    st.none() | NUMBERS.map(plain) | st.text(max_size=8) | st.sampled_from(["1e3", "-0", "12.50", "0.000"])
)
UNITS = st.sampled_from([None, "percent", "currency", "ratio", "days", "count"])
LIMITS = {
    Condition.BETWEEN: "10 and 20",
    Condition.CHANGED_FROM_TO: "live -> paused",
    Condition.STALE: "2 days",
}


@given(TEXTS, UNITS, st.sampled_from(["EUR", "JPY", "CHF"]), st.none() | NUMBERS)
def test_a_figure_made_in_bulk_reads_like_one(
    value: str | None, unit: str | None, currency: str, limit: Decimal | None
):
    assert figure_maker(unit, currency, limit)(value) == value_text(value, unit, currency, limit)


@given(st.lists(st.none() | NUMBERS, min_size=32, max_size=40))
def test_a_column_of_numbers_is_written_as_each_number(numbers: list[Decimal | None]):
    values = NumberValues(pl.Series(numbers, dtype=pl.Decimal(20, 6)))
    wanted = [None if number is None else plain(number) for number in numbers]
    assert values.texts(list(range(len(numbers)))) == wanted


@pytest.mark.parametrize("condition", list(Condition))
@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([True, False, None])), min_size=1, max_size=6))
def test_many_findings_are_told_as_each_alone(
    condition: Condition, cells: list[tuple[str | None, str | None, bool | None]]
):
    limit = LIMITS.get(condition, "15") if kind_of(condition).needs_limit else None
    base = ConditionReason(
        UUID(int=1), "Low", "open_rate", "Open rate", condition, limit, None, None, "percent", None
    )
    columns = Reasons(base, *(list(column) for column in zip(*cells, strict=True)))
    joined = Reasons(ConditionReason(*_fields(base)[:-2], "AND", "Order 2"), *_cells(columns))
    count = len(cells)
    hits = Hits([f"e{at}" for at in range(count)], [None] * count, [None] * count, (columns, joined))
    found = hits.findings()
    titles, messages = wording.words(hits, "Low", "Brandt", "EUR")
    assert titles == [wording.title(finding, "EUR") for finding in found]
    assert messages == [wording.message(finding.conditions, "Low", "Brandt", "EUR") for finding in found]
    assert [orjson.loads(text) for text in joined.documents()] == [
        finding.conditions[1].document() for finding in found
    ]


def _fields(base: ConditionReason) -> list[object]:
    return [getattr(base, name) for name in ConditionReason.__dataclass_fields__]


def _cells(reasons: Reasons) -> tuple[list[str | None], list[str | None], list[bool | None]]:
    return reasons.values, reasons.previous, reasons.results


async def test_few_and_many_alerts_carry_the_same(world: World):
    world.rule(notify_discord=True, discord_channel_id="123456789")
    many = FEW + 20
    await world.read([campaign(f"c{at:03}", "11.8") for at in range(many)])
    await world.read([campaign(f"d{at:03}", "11.8") for at in range(3)])
    rows = world.rows(
        "SELECT a.title, a.message, a.reason - 'conditions' AS reason, e.kind, e.detail,"
        " a.reason -> 'conditions' -> 0 ->> 'value' AS value FROM watchtower_alerts a"
        " JOIN alert_events e ON e.alert_id = a.id"
    )
    assert len(rows) == many + 3
    assert {(row["kind"], row["value"]) for row in rows} == {("opened", "11.8")}
    assert len({orjson.dumps([row["reason"], row["detail"]]) for row in rows}) == 1


@pytest.mark.parametrize("count", [1, 3, FEW + 20, TOLD_TOGETHER, 2 * TOLD_TOGETHER + 1])
async def test_one_event_tells_of_the_alerts_of_a_rule_and_reading(world: World, count):
    rules = {world.rule(), world.rule(name="Lower", threshold_value="14", severity="critical")}
    (other,) = rules - {first := min(rules)}
    await world.read([campaign(f"c{at:04}", "11.8") for at in range(count)])
    alerts = {str(row["id"]): row for row in world.alerts()}
    told: dict[str, UUID] = {}
    for row in world.rows("SELECT * FROM core.outbox_events WHERE type = 'alert.opened' ORDER BY id"):
        data = row["data"]
        check("alert.opened", 1, data)
        head = alerts[row["subject"]]
        assert (data["alert_id"], data["external_id"], data["episode"]) == (
            row["subject"],
            head["external_id"],
            1,
        )
        assert (data["severity"], data["snapshot_id"]) == (head["severity"], str(head["snapshot_id"]))
        members = [data["alert_id"], *data.get("others", [])]
        assert len(members) <= TOLD_TOGETHER
        assert not told.keys() & set(members)
        told |= dict.fromkeys(members, UUID(data["rule_id"]))
    assert told == {alert_id: row["rule_id"] for alert_id, row in alerts.items()}
    assert set(told.values()) == {first, other}
    events = world.rows("SELECT 1 FROM core.outbox_events WHERE type = 'alert.opened'")
    assert len(events) == 2 * -(-count // TOLD_TOGETHER)


async def test_news_count_every_alert_of_an_event(world: World):
    world.rule()
    world.admin.execute("LISTEN belvedere_events")
    await world.read([campaign(f"c{at:03}", "11.8") for at in range(7)])
    news = [orjson.loads(note.payload) for note in world.admin.notifies(timeout=1)]
    assert [(one["client_id"], one["count"]) for one in news if one["type"] == "alert.opened"] == [(1, 7)]


async def test_an_opening_that_tells_nobody_stands_in_the_timeline_without_a_row(world: World, people):
    world.rule()
    await world.read([campaign("a", "11.8")])
    (alert,) = world.alerts()
    assert world.rows("SELECT 1 FROM alert_events") == []
    async with world.db.write(people.olga.scope) as session:
        await acknowledge(session, [alert["id"]], actor="olga", now=world.now)
    async with world.db.read(people.olga.scope) as session:
        steps = (await get_alert(session, alert["id"]))["timeline"]
    assert [(step["kind"], step["actor"]) for step in steps] == [
        ("opened", "watchtower"),
        ("acknowledged", "olga"),
    ]
    assert steps[0]["id"] == str(alert["id"])
    assert steps[0]["detail"] == {"value": "11.8"}
    assert datetime.fromisoformat(steps[0]["at"]) == alert["created_at"]


async def test_alerts_go_with_their_client_and_never_name_one_that_is_not_there(world: World):
    rule = world.rule()
    await world.read([campaign("a", "11.8")])
    snapshot = world.alerts()[0]["snapshot_id"]
    with pytest.raises(psycopg.errors.ForeignKeyViolation), world.admin.transaction():
        world.admin.execute(
            "INSERT INTO watch.watchtower_alerts (client_id, rule_client_id, rule_id, snapshot_id, fingerprint, title,"
            " message, severity) VALUES (4711, 0, %s, %s, 'x', 'x', 'x', 'warning')",
            [rule, snapshot],
        )
    with pytest.raises(psycopg.errors.ForeignKeyViolation), world.admin.transaction():
        world.admin.execute(
            "INSERT INTO watch.alert_events (client_id, alert_id, kind) VALUES (4711, %s, 'note')", [uuid4()]
        )
    world.admin.execute("DELETE FROM core.clients WHERE id = 1")
    assert world.alerts() == []
    assert world.rows("SELECT 1 FROM alert_events") == []
