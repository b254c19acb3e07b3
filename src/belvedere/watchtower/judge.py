"""Everything shared by the rules of one reading: views of it and of other sources, and rows with their limits read."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from belvedere.core.errors import Invalid
from belvedere.sources.contracts import Frames
from belvedere.watchtower.conditions import Kind, kind_of, read_limit
from belvedere.watchtower.contracts import OtherReading, Rule, WatchState
from belvedere.watchtower.fields import FieldPlace, FieldRef, parse_field, place_field
from belvedere.watchtower.groups import Unit as RuleUnit
from belvedere.watchtower.groups import fits
from belvedere.watchtower.guards import Guard
from belvedere.watchtower.judged import JudgedUnit, Part, broadcast, of_records
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.views import Answer, Row, View

NO_READING = "Held: needs another source. There is no good reading of it yet, so this group never matches."
STALE_READING = "Held: the newest reading of {} is stale, so the sources cannot be compared."


class Judge:
    """One reading and all that is known around it."""

    def __init__(
        self,
        current: Frames,
        previous: Frames | None,
        state: WatchState,
        now: datetime,
        prepared: dict[tuple[int, FieldPlace | None], Row] | None = None,
    ) -> None:
        self.state = state
        self._current, self._previous = current, previous
        self.clock = state.data_as_of or now
        self.view = View(current, previous, self.clock, is_full=state.is_full)
        self._others: dict[tuple[int, bool], View] = {}
        # By the rule's object, which lives as long as this: hashing ids took longer than reading them.
        self._rows: dict[tuple[int, int], Row] = {}
        # Rows of readings before: the same rule with its field at the same place reads the same.
        self._prepared = {} if prepared is None else prepared
        self._metrics: dict[int, frozenset[str]] = {}

    @cached_property
    def _wide(self) -> View:
        """The same with the entities that only the reading before held."""
        return View(self._current, self._previous, self.clock, is_full=self.state.is_full, gone_too=True)

    def home(self, unit: RuleUnit) -> View:
        return self._wide if unit.asks_for_gone else self.view

    def row(self, rule: Rule, view: View | None = None) -> Row:
        """A rule with its texts read; raises Invalid where they cannot be."""
        view = view or self.view
        key = (id(rule), id(view))
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = self._read(rule, view)
        return found

    def _read(self, rule: Rule, view: View) -> Row:
        if id(view) not in self._metrics:
            self._metrics[id(view)] = frozenset(self.state.metric_units) | view.metric_names
        metrics = self._metrics[id(view)]
        ref = place_field(parse_field(rule.field_name), metrics)
        if rule.min_volume_field:
            return self._make(rule, ref, metrics)
        key = (id(rule), ref.place)
        if key not in self._prepared:
            self._prepared[key] = self._make(rule, ref, metrics)
        return self._prepared[key]

    def _make(self, rule: Rule, ref: FieldRef, metrics: frozenset[str]) -> Row:
        has_volume = rule.min_volume_field is not None and rule.min_volume is not None
        guard = Guard(
            place_field(parse_field(rule.min_volume_field), metrics) if rule.min_volume_field else None,
            rule.min_volume,
            rule.data_lag_minutes,
        )
        recovery = rule.recovery_threshold
        return Row(
            rule=rule,
            kind=kind_of(rule.condition),
            ref=ref,
            limit=read_limit(rule.condition, rule.threshold_value, rule.field_name),
            recovery=read_limit(rule.condition, recovery, rule.field_name) if recovery else None,
            guard=guard if has_volume else Guard(lag_minutes=rule.data_lag_minutes),
        )

    def problem_of(self, unit: RuleUnit) -> str | None:
        """Why a unit cannot be judged; rules may come by SQL, and one bad rule must not stop the others."""
        try:
            for rule in unit.rows:
                self.row(rule)
        except Invalid as error:
            return f"Held: the rule cannot be read. {error.detail}"
        for rule in unit.rows:
            if not fits(rule, self.state.place):
                others = self._other_readings(rule)
                if not others:
                    return NO_READING
                stale = next((other for other in others if other.is_stale), None)
                if stale is not None:
                    return STALE_READING.format(f"{stale.place.provider}/{stale.place.endpoint}")
        return None

    def _other_readings(self, rule: Rule) -> list[OtherReading]:
        """Newest good readings of the same client that a row of another source or table stands on."""
        return [
            other
            for other in self.state.other_readings
            if other.place.client_id == self.state.place.client_id
            and other.place.source_id != self.state.place.source_id
            and fits(rule, other.place)
        ]

    def _other_view(self, other: OtherReading, *, gone_too: bool) -> View:
        key = (id(other), gone_too)
        if key not in self._others:
            self._others[key] = View(
                other.frames, other.previous, self.clock, is_full=True, gone_too=gone_too
            )
        return self._others[key]

    def prepare(self, units: Iterable[RuleUnit]) -> None:
        """Tell each field everything it will be asked for."""
        wanted: dict[tuple[int, FieldRef, Kind], list[Limit]] = {}
        views: dict[int, View] = {}
        for unit in units:
            view = self.home(unit)
            views[id(view)] = view
            for rule in unit.rows:
                row = self.row(rule, view)
                if row.limit is not None and fits(rule, self.state.place):
                    wanted.setdefault((id(view), row.ref, row.kind), []).append(row.limit)
        for (name, ref, kind), limits in wanted.items():
            kind.expect(views[name].reading.values(ref), limits)

    def carries(self, unit: RuleUnit) -> bool:
        """A rule without a source watches every source that carries its field, or did in the reading before; one
        with a source always does.
        """
        if unit.sources:
            return True
        return any(
            self.view.ever_delivered(self.row(rule).ref) for rule in unit.rows if fits(rule, self.state.place)
        )

    def judge(self, unit: RuleUnit) -> JudgedUnit:
        view = self.home(unit)
        if len(unit.rows) == 1 and unit.head.aggregate is None:
            return JudgedUnit(unit, view, [of_records(view, self.row(unit.head, view))], self.state)
        parts = [self._part(rule, view) for rule in unit.rows]
        return JudgedUnit(unit, view, parts, self.state)

    def _part(self, rule: Rule, view: View) -> Part:
        if not fits(rule, self.state.place):
            return self._part_elsewhere(rule)
        if rule.aggregate is None:
            return of_records(view, self.row(rule, view))
        # A whole reading is what is there now, whatever else the group looks for.
        return broadcast([(self.view, self.row(rule))])

    def _part_elsewhere(self, rule: Rule) -> Part:
        """A row on other sources counts for the client where any of their entities holds."""
        kind = kind_of(rule.condition)
        found = []
        for other in self._other_readings(rule):
            view = self._other_view(other, gone_too=kind.finds_gone)
            found.append((view, self.row(rule, view)))
        return broadcast(found)


__all__ = ["Answer", "Judge"]
