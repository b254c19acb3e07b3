"""Which digests there are and which of them are due. Pure: rules, clients and the moment in, plans out.

A digest belongs to a destination: everything that daily (or weekly) rules send there is one message. Rules with
different times at one destination make it come at each of them, and each tells what is new since the one before.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from belvedere.core.schema import AGENCY
from belvedere.notify.contracts import ChannelKind, Destination, distinct_mails, webhook_address
from belvedere.watchtower.contracts import NotifySchedule
from belvedere.watchtower.schedules import (
    Schedule,
    boundary_before,
    choose_zone,
    last_boundary,
    next_boundary,
)

SETTLE = timedelta(seconds=30)
"""How long after its boundary a digest waits for alerts that were being written at that moment."""

LATE_AFTER = timedelta(minutes=15)
CATCH_UP = {NotifySchedule.DAILY: timedelta(hours=24), NotifySchedule.WEEKLY: timedelta(hours=72)}
"""How late a digest may still be sent; what is later goes into the next one."""

MOST_WINDOW = timedelta(days=31)
EDITED_NEAR = timedelta(minutes=5)
MEDIA = ("discord", "email", "webhook")


@dataclass(frozen=True, slots=True)
class Place:
    """A client as digests see it. Archived and paused ones are not told anything."""

    id: int
    name: str
    zone: str
    is_active: bool = True
    discord: str | None = None
    emails: tuple[str, ...] = ()
    webhook: UUID | None = None

    def addresses(self, medium: str) -> tuple[str, ...]:
        return _addresses(medium, self.discord, self.emails, self.webhook)


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules that share every setting of their digest; `created_at` and `updated_at` are the earliest of them."""

    client_id: int
    kind: NotifySchedule
    created_at: datetime
    updated_at: datetime
    rule_ids: tuple[UUID, ...] = ()
    clock: time | None = None
    day: int | None = None
    zone: str | None = None
    is_active: bool = True
    all_clear: bool = False
    media: frozenset[str] = frozenset()
    discord: str | None = None
    emails: tuple[str, ...] = ()
    webhook: UUID | None = None

    def addresses(self, medium: str) -> tuple[str, ...]:
        return _addresses(medium, self.discord, self.emails, self.webhook)


@dataclass(frozen=True, slots=True)
class DigestKey:
    """What a digest is known by, beside its boundary. Client 0 is the agency's, over several clients."""

    client_id: int
    kind: NotifySchedule
    destination: Destination


@dataclass(frozen=True, slots=True)
class Stream:
    """One schedule of a digest and since when its rules are as they are."""

    schedule: Schedule
    created_at: datetime
    updated_at: datetime
    note: str | None = None


@dataclass(slots=True)
class Plan:
    """A digest: when it comes, over which rules of which clients.

    `own_rules` speak of the digest's own client, `shared_rules` of every client without an address of its own.
    """

    key: DigestKey
    name: str
    streams: list[Stream] = field(default_factory=list)
    own_rules: list[UUID] = field(default_factory=list)
    shared_rules: list[UUID] = field(default_factory=list)
    sharing: tuple[int, ...] = ()
    all_clear: bool = False

    @property
    def rules(self) -> int:
        return len({*self.own_rules, *self.shared_rules})

    @property
    def schedules(self) -> list[Schedule]:
        return list(dict.fromkeys(stream.schedule for stream in self.streams))

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(stream.note for stream in self.streams if stream.note))

    def next_at(self, now: datetime) -> datetime:
        return min(next_boundary(schedule, now) for schedule in self.schedules)


@dataclass(frozen=True, slots=True)
class Due:
    """A digest to make now: everything in (`start`, `boundary`]."""

    plan: Plan
    boundary: datetime
    start: datetime
    zone: str
    is_late: bool = False


def _addresses(
    medium: str, discord: str | None, emails: Iterable[str], webhook: UUID | None
) -> tuple[str, ...]:
    if medium == "discord":
        return (discord.strip(),) if discord and discord.strip() else ()
    if medium == "email":
        return tuple(distinct_mails(word.strip() for word in emails if word.strip()))
    return (webhook_address(webhook),) if webhook else ()


def to_destination(medium: str, address: str) -> Destination:
    if medium == "discord":
        return Destination.discord(address)
    if medium == "email":
        return Destination.email(address)
    return Destination(ChannelKind.WEBHOOK, address, UUID(address.partition(":")[2]))


def plan_digests(
    profiles: Iterable[Profile], places: Mapping[int, Place], overridden: Mapping[int, Collection[UUID]]
) -> list[Plan]:
    """Every digest that has a rule, by client and destination; one without streams is of switched-off rules.

    A rule for every client goes to the client's own address where it has one, else to the rule's; any other rule to
    its own address first. `overridden` names rules that another one replaces at a client.
    """
    board = _Board(places, overridden)
    given = list(profiles)
    for medium in MEDIA:
        of_medium = [profile for profile in given if medium in profile.media]
        for profile in of_medium:
            board.add_own(profile, medium)
        board.add_to_clients(_merged(each for each in of_medium if each.client_id == AGENCY), medium)
    return [plan for plan in board.plans.values() if _place_of(plan.key, places).is_active]


def _merged(profiles: Iterable[Profile]) -> list[Profile]:
    """As few profiles as their times allow: at a client's own address the rules' addresses do not matter."""
    alike: dict[tuple[object, ...], list[Profile]] = {}
    for each in profiles:
        key = (each.kind, each.clock, each.day, each.zone, each.is_active, each.all_clear)
        alike.setdefault(key, []).append(each)
    return [
        replace(
            found[0],
            rule_ids=tuple(rule for each in found for rule in each.rule_ids),
            created_at=min(each.created_at for each in found),
            updated_at=min(each.updated_at for each in found),
        )
        for found in alike.values()
    ]


class _Board:
    """Plans as they are gathered."""

    def __init__(self, places: Mapping[int, Place], overridden: Mapping[int, Collection[UUID]]) -> None:
        self.plans: dict[DigestKey, Plan] = {}
        self._places = places
        self._overridden = overridden
        self._agency_zone = places[AGENCY].zone if AGENCY in places else None
        self._sharing: dict[str, tuple[int, ...]] = {}

    def add_own(self, profile: Profile, medium: str) -> None:
        """To the rule's own address, else its client's; one for every client serves those without an address too."""
        place = self._places.get(profile.client_id)
        own = profile.addresses(medium)
        for address in own or (place.addresses(medium) if place else ()):
            plan = self._plan(profile.client_id, profile, medium, address)
            plan.own_rules.extend(profile.rule_ids)
            if own and profile.client_id == AGENCY:
                plan.shared_rules.extend(profile.rule_ids)
                plan.sharing = self._without_address(medium)

    def add_to_clients(self, profiles: Sequence[Profile], medium: str) -> None:
        """Rules for every client, to each client that has an address of its own."""
        for place in self._places.values() if profiles else ():
            if place.id == AGENCY or not place.is_active:
                continue
            for address in place.addresses(medium):
                for profile in profiles:
                    self._plan(place.id, profile, medium, address).own_rules.extend(profile.rule_ids)

    def _plan(self, client_id: int, profile: Profile, medium: str, address: str) -> Plan:
        key = DigestKey(client_id, profile.kind, to_destination(medium, address))
        plan = self.plans.get(key)
        if plan is None:
            plan = self.plans[key] = Plan(key, _name(key, self._places))
        replaced = self._overridden.get(client_id, ())
        if profile.is_active and any(rule not in replaced for rule in profile.rule_ids):
            zone = choose_zone(profile.zone, _place_of(key, self._places).zone, self._agency_zone)
            schedule = Schedule.of(profile.kind, profile.clock, profile.day, zone.name)
            plan.streams.append(Stream(schedule, profile.created_at, profile.updated_at, zone.note))
            plan.all_clear = plan.all_clear or profile.all_clear
        return plan

    def _without_address(self, medium: str) -> tuple[int, ...]:
        if medium not in self._sharing:
            self._sharing[medium] = tuple(
                place.id
                for place in self._places.values()
                if place.id != AGENCY and place.is_active and not place.addresses(medium)
            )
        return self._sharing[medium]


def _place_of(key: DigestKey, places: Mapping[int, Place]) -> Place:
    return places.get(key.client_id) or Place(key.client_id, f"Client {key.client_id}", "UTC")


def _name(key: DigestKey, places: Mapping[int, Place]) -> str:
    return "All clients" if key.client_id == AGENCY else _place_of(key, places).name


def find_due(plans: Sequence[Plan], last: Mapping[DigestKey, datetime], now: datetime) -> list[Due]:
    """Digests to make at `now`; `last` holds the newest boundary of each that is not after it."""
    found = (decide(plan, last.get(plan.key), now) for plan in plans)
    return sorted((due for due in found if due), key=lambda due: due.boundary)


def decide(plan: Plan, last: datetime | None, now: datetime) -> Due | None:
    """The newest boundary that passed, if nobody made it: at most one, however many were missed."""
    passed = [
        (boundary, stream)
        for stream in plan.streams
        for boundary in (last_boundary(stream.schedule, now - SETTLE),)
        if _counts(stream, boundary, now)
    ]
    if not passed:
        return None
    boundary, stream = max(passed, key=lambda found: found[0])
    lateness = now - boundary
    if (last is not None and boundary <= last) or lateness >= _patience(plan, last, boundary):
        return None
    start = window_start(plan, last, boundary)
    return Due(plan, boundary, start, stream.schedule.zone, is_late=lateness >= LATE_AFTER)


def _patience(plan: Plan, last: datetime | None, boundary: datetime) -> timedelta:
    """How late it may be. Old rules that never had a digest begin with the next one: nothing was missed."""
    known = min(stream.updated_at for stream in plan.streams)
    is_begun = last is not None or known >= boundary - MOST_WINDOW
    return CATCH_UP[plan.key.kind] if is_begun else LATE_AFTER


def _counts(stream: Stream, boundary: datetime, now: datetime) -> bool:
    """A boundary from before the rule, or from before it was given this time, is none of its own."""
    if boundary <= stream.created_at:
        return False
    return stream.updated_at <= boundary or now - boundary <= EDITED_NEAR


def window_start(plan: Plan, last: datetime | None, boundary: datetime) -> datetime:
    """What was told last; for the first digest the boundary before, or the rules' beginning if that is later."""
    if last is not None:
        return max(last, boundary - MOST_WINDOW)
    before = max(boundary_before(schedule, boundary) for schedule in plan.schedules)
    created = min(stream.created_at for stream in plan.streams)
    # Rules that stood before a boundary which nobody made: their first digest reaches back over it.
    known = min(stream.updated_at for stream in plan.streams)
    reach = min(before, known) if known >= boundary - MOST_WINDOW else before
    return max(created, reach)


def upcoming_window(plan: Plan, last: datetime | None, now: datetime) -> Due:
    """The next digest as if it came at `now`: everything since the last one."""
    boundary = plan.next_at(now)
    zone = next(s.zone for s in plan.schedules if next_boundary(s, now) == boundary)
    return Due(plan, now, min(window_start(plan, last, now), now - timedelta(microseconds=1)), zone)
