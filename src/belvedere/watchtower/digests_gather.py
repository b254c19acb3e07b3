"""What digests are made of, read from the database: one statement each, for any number of rules and alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.schema import AGENCY
from belvedere.notify.contracts import Destination
from belvedere.sources.contracts import Freshness
from belvedere.sources.service import list_accounts
from belvedere.watchtower.contracts import NotifySchedule
from belvedere.watchtower.digests_decide import DigestKey, Due, Place, Plan, Profile, plan_digests
from belvedere.watchtower.leads import lead_document
from belvedere.watchtower.statements import statement
from belvedere.watchtower.wording import figure_of

MOST_LINES = 10
"""Alerts that a digest names of each kind; the rest is a count and a link."""

ACCOUNTS_PAGE = 500
STALE = frozenset({Freshness.LATE, Freshness.FAILED})

_OVERRIDDEN = text(
    "SELECT client_id, overrides_rule_id FROM watch.watchtower_rules"
    " WHERE overrides_rule_id IS NOT NULL AND is_active"
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many alerts of one client stand in one list; `worst` is the severity of the worst open one."""

    client_id: int
    list: str
    n: int
    worst: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One alert as a digest names it."""

    alert_id: str
    number: int
    client_id: int
    list: str
    title: str
    severity: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_reason: str | None
    acknowledged_by: str | None
    is_acknowledged: bool
    snoozed_until: datetime | None
    held_reason: str | None
    already_sent: bool
    value_now: str | None = None
    """What it shows since, where that is not what its title says."""


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source without fresh data at the boundary, with the reason in a sentence."""

    client_id: int
    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a digest had nothing to tell before this boundary, and whether that was told."""

    boundaries: int
    since: datetime | None
    told: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one digest tells."""

    counts: tuple[Count, ...] = ()
    lines: tuple[Line, ...] = ()
    stale: tuple[StaleSource, ...] = ()

    def total(self, name: str) -> int:
        return sum(count.n for count in self.counts if count.list == name)

    @property
    def is_empty(self) -> bool:
        return not self.counts and not self.stale


_WORST = {1: "critical", 2: "warning", 3: "info"}
_TIMES = ("opened_at", "resolved_at", "snoozed_until")


async def load_plans(session: ReadSession) -> tuple[list[Plan], dict[int, Place]]:
    """Every digest in reach, and the clients."""
    places = {
        row["id"]: _place(dict(row)) for row in (await session.execute(statement("digest_places"))).mappings()
    }
    found = await session.execute(statement("digest_profiles"))
    profiles = [_profile(dict(row)) for row in found.mappings()]
    overridden: dict[int, set[UUID]] = {}
    for row in await session.execute(_OVERRIDDEN):
        overridden.setdefault(row.client_id, set()).add(row.overrides_rule_id)
    return plan_digests(profiles, places, overridden), places


def _place(row: dict[str, Any]) -> Place:
    return Place(**{**row, "emails": tuple(row["emails"] or ())})


def _profile(row: dict[str, Any]) -> Profile:
    media = frozenset(name for name in ("discord", "email", "webhook") if row.pop(f"notify_{name}"))
    return Profile(
        **{
            **row,
            "kind": NotifySchedule(row["kind"]),
            "emails": tuple(row["emails"] or ()),
            "rule_ids": tuple(row["rule_ids"]),
            "media": media,
        }
    )


async def load_last(
    session: ReadSession, keys: Sequence[DigestKey], now: datetime
) -> dict[DigestKey, datetime]:
    """The newest boundary that was made of each digest."""
    if not keys:
        return {}
    asked = [{"n": n, **key_columns(key)} for n, key in enumerate(keys)]
    values = {"keys": orjson.dumps(asked).decode(), "now": now}
    return {keys[row.n]: row.boundary_at for row in await session.execute(statement("digest_last"), values)}


def key_columns(key: DigestKey) -> dict[str, Any]:
    destination: Destination = key.destination
    return {
        "client_id": key.client_id,
        "schedule": key.kind.value,
        "channel": destination.channel.value,
        "destination": destination.address,
    }


async def gather(session: ReadSession, due: Due, *, grace_percent: int) -> Facts:
    """What happened in the window of a digest, and what is still so at its end."""
    plan = due.plan
    values = {
        "owner": plan.key.client_id,
        "own_rules": list(dict.fromkeys(plan.own_rules)),
        "sharing": list(plan.sharing),
        "shared_rules": list(dict.fromkeys(plan.shared_rules)),
        "start": due.start,
        "boundary": due.boundary,
        "most": MOST_LINES,
    }
    row = (await session.execute(statement("digest_alerts"), values)).one()
    return Facts(
        counts=tuple(
            Count(c["client_id"], c["list"], c["n"], _WORST.get(c["worst"] or 0)) for c in row.counts
        ),
        lines=tuple(_line(line) for line in row.lines),
        stale=await _stale(session, due, grace_percent),
    )


def _line(row: dict[str, Any]) -> Line:
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _TIMES}
    shown = value_now(row.pop("first"), row.pop("latest"), row.pop("currency"))
    return Line(**{**row, **times, "value_now": shown})


def value_now(
    first: Sequence[Mapping[str, Any]] | None,
    latest: Sequence[Mapping[str, Any]] | None,
    currency: str | None,
) -> str | None:
    """The newest value of what an alert speaks of; None while it is the one it opened with. Pure."""
    told, now = lead_document(first or ()), lead_document(latest or ())
    if now is None or now.get("value") is None:
        return None
    if told is not None and (told.get("field"), told.get("value")) == (now.get("field"), now["value"]):
        return None
    return figure_of(now, now["value"], currency or "")


async def _stale(session: ReadSession, due: Due, grace_percent: int) -> tuple[StaleSource, ...]:
    """Sources of the clients of a digest that were late or failing at its boundary."""
    owner = due.plan.key.client_id
    wanted = {owner, *due.plan.sharing}
    found: list[StaleSource] = []
    after: UUID | None = None
    while True:
        views = await list_accounts(
            session,
            due.boundary,
            limit=ACCOUNTS_PAGE,
            after=after,
            client_id=None if owner == AGENCY and due.plan.sharing else owner,
            grace_percent=grace_percent,
        )
        found += [
            StaleSource(client_id, source_name(view.row), view.freshness.state.value, view.freshness.reason)
            for view in views
            for client_id in (view.row["client_id"] or AGENCY,)
            if view.freshness.state in STALE and client_id in wanted
        ]
        if len(views) < ACCOUNTS_PAGE:
            return tuple(sorted(found, key=lambda each: (each.client_id, each.name)))
        after = UUID(str(views[-1].row["id"]))


def source_name(row: dict[str, Any]) -> str:
    """The source, and the account where a client has several."""
    account = row.get("display_name") or (row["account_key"] if row["account_key"] != "default" else None)
    source = row.get("source_name") or f"{row.get('provider')} {row.get('endpoint')}"
    return f"{source} ({account})" if account else str(source)


async def load_silence(session: ReadSession, due: Due) -> Silence:
    values = {**key_columns(due.plan.key), "boundary": due.boundary}
    row = (await session.execute(statement("digest_silence"), values)).one()
    return Silence(row.boundaries, row.since, row.told)
