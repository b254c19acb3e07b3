"""What a rule would find in the newest readings, before it is saved. The same judge as for every new reading; nothing
is written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.core.schema import AGENCY
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.sources.service import field_labels, latest_judged, load_stored_snapshot
from belvedere.watchtower import repository
from belvedere.watchtower.contracts import Finding, OtherReading, Place, Rule, WatchState
from belvedere.watchtower.drafts import is_semantic
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import form_units
from belvedere.watchtower.near import MOST as MOST_NEAR
from belvedere.watchtower.near import find_near
from belvedere.watchtower.neighbours import load_other_readings
from belvedere.watchtower.stand_ins import StandIn, find_stand_ins

MOST_READINGS = 40


@dataclass(frozen=True, slots=True)
class PreviewFinding:
    """One entity that the rule would fire on; `is_open`: an alert of the stored rule stands on it already."""

    client_id: int
    finding: Finding
    is_open: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Preview:
    """`entities` were looked at, `no_data` of them without a value; `ends` open alerts would close. `near` are the
    closest records that the rule does not fire on; clients `left_out` have a rule of their own in its place.
    """

    entities: int
    no_data: int
    readings: int
    data_as_of: datetime | None
    findings: tuple[PreviewFinding, ...]
    ends: int
    near: tuple[PreviewFinding, ...] = ()
    left_out: tuple[StandIn, ...] = ()
    is_change: bool = False
    """The rule looks for a change, which is told with the reading that shows it."""

    def count_openings(self, *, at_once: bool) -> int:
        """Alerts that saving would open; the next reading shows no more of a change that the newest one shows."""
        return 0 if self.is_change and not at_once else sum(not item.is_open for item in self.findings)


def is_judged_at_once(stored: Sequence[Rule], rows: Sequence[Rule]) -> bool:
    """Whether saving these rows has the newest readings judged; a new rule of one row waits for the next ones."""
    head = rows[0]
    if not stored:
        return len(rows) > 1 or head.overrides_rule_id is not None
    if len(stored) != len(rows):
        return True
    # Rows of a draft have no ids of their own yet, and stand in a group that is not made: they fit by their order.
    alike = [
        replace(rule, group_id=before.group_id, position=before.position)
        for before, rule in zip(stored, rows, strict=True)
    ]
    return any(is_semantic(before, rule) for before, rule in zip(stored, alike, strict=True))


async def preview_rule(
    session: ReadSession, rules: Sequence[Rule], client_ids: Collection[int], now: datetime
) -> Preview:
    """Judge the rows of one rule on the newest judged readings of the clients in view. A parent is left out: what
    holds a rule back today says nothing about its limit.
    """
    head = rules[0]
    alone = [replace(rule, parent_rule_id=None, dependency_condition=None, is_active=True) for rule in rules]
    wanted = client_ids if head.client_id == AGENCY else [head.client_id]
    left_out = await find_stand_ins(session, head, wanted)
    wanted = set(wanted) - {one.client_id for one in left_out}
    units, labels = await repository.load_metric_words(session)
    entities = no_data = readings = ends = 0
    newest: datetime | None = None
    findings: list[PreviewFinding] = []
    near: list[tuple[float, PreviewFinding]] = []
    for stored in await _readings(session, wanted):
        place = Place(stored.client_id, stored.source_id, stored.provider, stored.endpoint)
        others = await load_other_readings(session, stored, alone, now)
        state = _state_of(stored, place, units, labels, others)
        verdicts = evaluate(alone, stored.frames, stored.previous, state, now)
        if not verdicts:
            continue
        is_open = await _open_entities(session, stored, head.id)
        found = [item for verdict in verdicts for item in verdict.opened]
        findings += [
            PreviewFinding(stored.client_id, item, item.external_id in is_open, place) for item in found
        ]
        near += [
            (gap, PreviewFinding(stored.client_id, item, item.external_id in is_open, place))
            for gap, item in find_near(alone, stored, state, now)
        ]
        ends += len(is_open - {item.external_id for item in found})
        entities += sum(verdict.entities for verdict in verdicts)
        no_data += sum(verdict.no_data for verdict in verdicts)
        readings += 1
        newest = stored.data_as_of if newest is None else max(newest, stored.data_as_of)
    near.sort(key=lambda pair: pair[0])
    closest = tuple(item for _, item in near[:MOST_NEAR])
    is_event = form_units(alone)[0].is_event
    return Preview(entities, no_data, readings, newest, tuple(findings), ends, closest, left_out, is_event)


def _state_of(
    stored: StoredSnapshot,
    place: Place,
    units: Mapping[str, str],
    labels: Mapping[str, str],
    others: Sequence[OtherReading],
) -> WatchState:
    """What the engine knows of a reading beside its data."""
    return WatchState(
        place,
        is_full=stored.completeness is Completeness.FULL,
        metric_units={**units, **stored.metric_units},
        metric_labels=field_labels(place.provider, place.endpoint, labels),
        data_as_of=stored.data_as_of,
        other_readings=others,
    )


async def _readings(session: ReadSession, client_ids: Collection[int]) -> list[StoredSnapshot]:
    found: list[StoredSnapshot] = []
    for client_id in sorted(client_ids):
        for snapshot_id in await latest_judged(session, client_id):
            stored = await load_stored_snapshot(session, client_id, snapshot_id)
            if stored is not None:
                found.append(stored)
            if len(found) == MOST_READINGS:
                return found
    return found


async def _open_entities(session: ReadSession, stored: StoredSnapshot, rule_id: UUID) -> set[str]:
    return await repository.open_entities(session, stored.client_id, stored.source_id, rule_id)
