"""Rules, and what they say of the readings: evaluations, alerts and their lives."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from belvedere.seeding.names import name_person
from belvedere.seeding.watch_readings import Reading, good, places_of, source_id
from belvedere.seeding.watch_things import Thing
from belvedere.seeding.world import Batch, ClientPlan, World
from belvedere.watchtower import wording
from belvedere.watchtower.compose import fingerprint
from belvedere.watchtower.contracts import Condition, ConditionReason, Finding

FORGOTTEN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule: `owner` is the client it belongs to, 0 for every client; a parented one sleeps."""

    owner: int
    number: int
    name: str
    place: str
    field: str
    condition: Condition
    limit: str | None
    severity: str
    parent: int | None = None

    def id(self, world: World) -> UUID:
        return world.key("watch.watchtower_rules", self.owner, self.number)

    @property
    def target(self) -> str:
        return "communication_reports" if self.place == "internal/communication_reports" else "api_records"


AGENCY_RULES = (
    Watch(0, 0, "Many bounces", "omnisend/campaigns", "bounce_rate", Condition.GREATER_THAN, "3", "warning"),
    Watch(
        0, 1, "Silent channel", "internal/communication_reports", "quantity", Condition.LESS_THAN, "1", "info"
    ),
)


def own_rules(client: ClientPlan) -> tuple[Watch, ...]:
    if client.id == 0:
        return AGENCY_RULES
    low, drop, change = Condition.LESS_THAN, "warning", Condition.CHANGED
    return (
        Watch(client.id, 0, "Low CVR", "scraper/cvr", "cvr", low, "1.5", "critical"),
        Watch(client.id, 1, "Low open rate", "omnisend/campaigns", "open_rate", low, "15", drop),
        Watch(
            client.id, 2, "Theme changed its role", "scraper/shopify_themes", "status", change, None, "info"
        ),
        Watch(
            client.id, 3, "Few clicks where few open", "omnisend/campaigns", "click_rate", low, "1", drop, 1
        ),
    )


def judging(client: ClientPlan) -> list[Watch]:
    """The rules that look at this client's readings: its own and the agency's."""
    own = own_rules(client)
    shared = () if client.id == 0 else AGENCY_RULES
    return [rule for rule in (*own, *shared) if rule.parent is None and rule.place in places_of(client)]


def rules(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "source_id", "client_id", "target_table", "name", "description", "field_name", "condition",
        "threshold_value", "parent_rule_id", "parent_client_id", "dependency_condition", "severity", "is_active",
        "notify_email", "created_by", "created_at", "updated_at",
    )  # fmt: skip
    at = world.now - timedelta(days=world.days)
    made = []
    for rule in own_rules(client):
        parent = (
            world.key("watch.watchtower_rules", rule.owner, rule.parent) if rule.parent is not None else None
        )
        made.append((
            rule.id(world), source_id(world, rule.place), rule.owner, rule.target, rule.name, f"Watches {rule.place}.",
            rule.field, str(rule.condition), rule.limit, parent, rule.owner if parent else None,
            "triggered" if parent else None, rule.severity, parent is None, rule.severity != "info",
            name_person(rule.owner), at, at,
        ))  # fmt: skip
    return Batch("watch.watchtower_rules", columns, made)


@dataclass(slots=True)
class Alert:
    rule: Watch
    first: Reading
    last: Reading
    thing: Thing
    record: UUID
    value: str | None
    previous: str | None
    episode: int
    number: int = 0
    occurrences: int = 1
    closed: tuple[datetime, str, str | None] | None = None
    acknowledged: tuple[datetime, str] | None = None

    def id(self) -> UUID:
        return self.first.world.key("watch.watchtower_alerts", self.first.client.id, self.number)


@dataclass(slots=True)
class Judged:
    evaluations: list[tuple[object, ...]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)


def value_of(thing: Thing, name: str) -> str | None:
    if name in thing.metrics:
        return format(thing.metrics[name][0].normalize(), "f")
    value = getattr(thing, name, None)
    return None if value is None else str(value)


def meets(rule: Watch, value: str | None, previous: str | None) -> bool:
    if value is None:
        return False
    if rule.condition is Condition.CHANGED:
        return previous is not None and previous != value
    figure, limit = Decimal(value), Decimal(rule.limit or "0")
    return figure < limit if rule.condition is Condition.LESS_THAN else figure > limit


def judge(world: World, client: ClientPlan, readings: list[Reading]) -> Judged:
    """Every rule over the readings of its source, in the order of time."""
    judged = Judged()
    for rule in judging(client):
        follow(rule, [reading for reading in good(readings) if reading.place == rule.place], world, judged)
    judged.alerts.sort(
        key=lambda alert: (alert.first.at, alert.rule.owner, alert.rule.number, alert.thing.external_id)
    )
    for number, alert in enumerate(judged.alerts):
        alert.number = number
        tend(world, alert)
    return judged


def follow(rule: Watch, readings: list[Reading], world: World, judged: Judged) -> None:
    """One rule: an alert opens when a thing meets it, is seen again while it does, and ends when it no longer does."""
    running: dict[str, Alert] = {}
    episodes: dict[str, int] = {}
    before: dict[str, str | None] = {}
    for reading in readings:
        met = 0
        for place, thing in enumerate(reading.things):
            key, value = thing.external_id, value_of(thing, rule.field)
            if not meets(rule, value, before.get(key)):
                close(running.pop(key, None), reading.done_at, "recovered")
            elif key in running:
                met += 1
                running[key].occurrences += 1
                running[key].last, running[key].value = reading, value
            else:
                met += 1
                episodes[key] = episodes.get(key, 0) + 1
                alert = Alert(
                    rule,
                    reading,
                    reading,
                    thing,
                    reading.record_id(place),
                    value,
                    before.get(key),
                    episodes[key],
                )
                running[key] = alert
                judged.alerts.append(alert)
        for key in running.keys() - {thing.external_id for thing in reading.things}:
            close(running.pop(key), reading.done_at, "missing")
        before = {thing.external_id: value_of(thing, rule.field) for thing in reading.things}
        why = json.dumps({"rule_name": rule.name, "readings": "full"})
        judged.evaluations.append((
            reading.client.id, rule.id(world), 1, reading.id, reading.done_at + timedelta(seconds=1),
            len(reading.things), met, 0, 0, 0, why,
        ))  # fmt: skip


def close(alert: Alert | None, at: datetime, reason: str) -> None:
    """The end of an alert; a change is an event and has none of its own, so it lies there until it is forgotten."""
    if alert is None:
        return
    if alert.rule.condition is Condition.CHANGED:
        expires = alert.first.done_at + FORGOTTEN
        if expires <= alert.first.world.now:
            alert.closed = (expires, "expired", None)
        return
    alert.closed = (at, reason, None)


def tend(world: World, alert: Alert) -> None:
    """What people did with it: many are acknowledged within a morning, some are closed by hand."""
    chance = world.random("watch.watchtower_alerts", alert.first.client.id, alert.number)
    person = name_person(chance.randrange(6))
    looked = alert.first.done_at + timedelta(minutes=chance.randint(35, 400))
    end = alert.closed[0] if alert.closed else world.now
    if looked < end and chance.random() < 0.6:
        alert.acknowledged = (looked, person)
    if alert.closed and alert.closed[1] == "expired" and chance.random() < 0.5:
        alert.closed = (looked + timedelta(hours=1), "by_person", person)
        alert.acknowledged = alert.acknowledged if alert.acknowledged and looked < alert.closed[0] else None


def evaluations(judged: Judged) -> Batch:
    columns = (
        "client_id", "rule_id", "rule_version", "snapshot_id", "evaluated_at", "entities", "matched", "no_data",
        "errors", "held_back", "reason",
    )  # fmt: skip
    return Batch("watch.rule_evaluations", columns, judged.evaluations)


def alerts(world: World, judged: Judged) -> Batch:
    columns = (
        "id", "rule_id", "rule_client_id", "snapshot_id", "record_id", "client_id", "source_id", "external_id",
        "entity_name", "fingerprint", "episode", "state", "title", "message", "severity", "current_value",
        "previous_value", "reason", "occurrences", "first_seen_at", "last_seen_at", "last_snapshot_id",
        "is_acknowledged", "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_reason", "resolved_by",
        "created_at", "told_at", "last_told_at",
    )  # fmt: skip
    return Batch("watch.watchtower_alerts", columns, [alert_row(world, alert) for alert in judged.alerts])


def alert_row(world: World, alert: Alert) -> tuple[object, ...]:
    rule, first, client, thing = alert.rule, alert.first, alert.first.client, alert.thing
    source, found = source_id(world, rule.place), finding(world, alert)
    reason = {
        "rule_name": rule.name,
        "rule_version": 1,
        "conditions": [c.document() for c in found.conditions],
    }
    seen = alert.acknowledged or (None, None)
    closed = alert.closed or (None, None, None)
    return (
        alert.id(), rule.id(world), rule.owner, first.id, alert.record, client.id, source, thing.external_id,
        thing.name, fingerprint(rule.id(world), client.id, rule.target, source, thing.external_id), alert.episode,
        "resolved" if alert.closed else "open", wording.title(found, client.currency),
        wording.message(found.conditions, rule.name, client.name, client.currency), rule.severity,
        wording.shown(alert.value), wording.shown(alert.previous), json.dumps(reason), alert.occurrences,
        first.done_at, alert.last.done_at, alert.last.id, alert.acknowledged is not None, *seen, *closed, first.done_at,
        first.done_at, first.done_at,
    )  # fmt: skip


def finding(world: World, alert: Alert) -> Finding:
    rule, unit = alert.rule, alert.thing.metrics.get(alert.rule.field, (None, None))[1]
    reason = ConditionReason(
        rule.id(world), rule.name, rule.field, wording.label_of(rule.field), str(rule.condition), rule.limit,
        alert.value, alert.previous, unit, result=True,
    )  # fmt: skip
    return Finding(alert.thing.external_id, alert.record, alert.thing.name, (reason,))


def events(world: World, judged: Judged) -> Batch:
    columns = ("id", "client_id", "alert_id", "at", "kind", "actor", "note", "detail")
    return Batch(
        "watch.alert_events", columns, [row for alert in judged.alerts for row in steps(world, alert)]
    )


def steps(world: World, alert: Alert) -> Iterator[tuple[object, ...]]:
    """The life of one alert as its steps."""
    client = alert.first.client.id

    def step(
        at: datetime, kind: str, actor: str | None = None, note: str | None = None, **detail: str
    ) -> tuple[object, ...]:
        key = world.key("watch.alert_events", client, alert.number, kind)
        return key, client, alert.id(), at, kind, actor, note, json.dumps(detail)

    yield step(alert.first.done_at, "opened", value=alert.value or "")
    if alert.acknowledged:
        at, person = alert.acknowledged
        yield step(at, "acknowledged", person)
        if alert.number % 4 == 0:
            yield step(at, "note", person, "Asked the client; waiting for the answer.")
    if alert.closed:
        at, reason, closer = alert.closed
        yield step(at, "resolved", closer, reason=reason)
