"""Past digests, those to come, and what the next one would say. None of it writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core.cursor import CURSORS
from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.core.reach import page_keys
from belvedere.notify.contracts import ChannelKind
from belvedere.notify.service import deliveries_of
from belvedere.watchtower.contracts import DigestState, NotifySchedule
from belvedere.watchtower.digests import DIGEST
from belvedere.watchtower.digests_compose import compose, text_lines
from belvedere.watchtower.digests_decide import Plan, upcoming_window
from belvedere.watchtower.digests_gather import gather, load_last, load_plans, load_silence
from belvedere.watchtower.lists import Page
from belvedere.watchtower.statements import read_statement

MOST_PREVIEWS = 20

_VISIBLE = text("SELECT id FROM core.clients")


@dataclass(frozen=True, slots=True)
class DigestFilter:
    """None leaves a filter out. `client_id` 0 is the agency's own."""

    client_id: int | None = None
    schedule: NotifySchedule | None = None
    state: DigestState | None = None
    channel: ChannelKind | None = None
    destination: str | None = None

    def conditions(self) -> tuple[list[str], dict[str, Any]]:
        given = {
            "schedule": self.schedule,
            "state": self.state,
            "channel": self.channel,
            "destination": (self.destination or "").replace("\x00", "").strip() or None,
        }
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return ["true", *(f"t.{name} = :{name}" for name in values)], values | {"client_id": self.client_id}


async def list_digests(
    session: ReadSession, wanted: DigestFilter, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """Digests that were made, newest first, each with the state of its message."""
    parts, values = wanted.conditions()
    if cursor:
        at, identity = CURSORS.read("digests", cursor)
        parts.append("(t.created_at, t.id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))")
        values |= {"after_at": datetime.fromisoformat(at), "after_id": identity}
    keys = page_keys("watch.digests", " AND ".join(parts))
    found = await session.execute(
        text(
            f"WITH keys AS MATERIALIZED ({keys}) SELECT d.created_at, d.id, ({read_statement('digest_row')})::text AS body"
            " FROM keys JOIN watch.digests d ON d.client_id = keys.client_id AND d.id = keys.id"
            " LEFT JOIN core.clients c ON c.id = d.client_id ORDER BY d.created_at DESC, d.id DESC"
        ),
        {**values, "limit": limit + 1},
    )
    rows = found.all()
    kept = rows[:limit]
    more = len(rows) > limit
    following = CURSORS.make("digests", [kept[-1].created_at.isoformat(), str(kept[-1].id)]) if more else None
    return Page(f"[{','.join(row.body for row in kept)}]", following)


async def get_digest(session: ReadSession, digest_id: UUID) -> dict[str, Any]:
    """One digest with what it says and its messages. Of the agency's, a person sees their own clients alone."""
    found = await session.execute(
        text(
            f"SELECT d.id, d.body, ({read_statement('digest_row')})::text AS row FROM watch.digests d"
            " LEFT JOIN core.clients c ON c.id = d.client_id WHERE d.id = :id"
        ),
        {"id": digest_id},
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such digest.")
    digest: dict[str, Any] = orjson.loads(row.row)
    body = {"lead": "", "groups": [], "notes": [], **row.body}
    visible = set((await session.execute(_VISIBLE)).scalars())
    body["groups"] = [group for group in body["groups"] if (group["client_id"] or 0) in visible]
    digest["body"] = body
    digest["text"] = "\n".join(text_lines(body, several=digest["client_id"] is None))
    digest["deliveries"] = (await deliveries_of(session, [digest_id], subject_type=DIGEST)).get(digest_id, [])
    return digest


async def list_upcoming(
    session: ReadSession, now: datetime, *, client_id: int | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """Digests to come, the next first."""
    plans, _ = await load_plans(session)
    live = [plan for plan in plans if plan.streams and client_id in (None, plan.key.client_id)]
    coming = sorted(live, key=lambda plan: (plan.next_at(now), plan.name))[:limit]
    last = await load_last(session, [plan.key for plan in coming], now)
    return [_upcoming(plan, last.get(plan.key), now) for plan in coming]


def _upcoming(plan: Plan, last: datetime | None, now: datetime) -> dict[str, Any]:
    key = plan.key
    return {
        "client_id": key.client_id or None,
        "client": plan.name,
        "schedule": key.kind.value,
        "channel": key.destination.channel.value,
        "destination": key.destination.address,
        "next_boundary_at": plan.next_at(now),
        "times": [f"{each.words}, {each.zone}" for each in plan.schedules],
        "zone": plan.schedules[0].zone,
        "rules": plan.rules,
        "all_clear": plan.all_clear,
        "last_boundary_at": last,
        "notes": plan.notes,
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """Which digests to preview: those of a rule, or one destination."""

    rule_id: UUID | None = None
    client_id: int | None = None
    schedule: NotifySchedule | None = None
    channel: ChannelKind | None = None
    destination: str | None = None


async def preview_digests(
    session: ReadSession, asked: Asked, now: datetime, *, grace_percent: int
) -> list[dict[str, Any]]:
    """What the next digest of a rule or destination would say if it came now."""
    chosen, places = await _chosen(session, asked)
    chosen = sorted(chosen, key=lambda plan: (plan.next_at(now), plan.name))[:MOST_PREVIEWS]
    last = await load_last(session, [plan.key for plan in chosen], now)
    shown = []
    for plan in chosen:
        window = upcoming_window(plan, last.get(plan.key), now)
        facts = await gather(session, window, grace_percent=grace_percent)
        silence = await load_silence(session, window)
        digest = compose(window, facts, places, now, silence, None)
        several = bool(plan.sharing)
        shown.append({
            **_upcoming(plan, last.get(plan.key), now),
            "window_start": window.start,
            "state": digest.state.value,
            "title": digest.body["title"],
            "text": "\n".join(text_lines(digest.body, several=several)),
            "body": digest.body,
            "is_sent": digest.message is not None,
        })  # fmt: skip
    return shown


async def _chosen(session: ReadSession, asked: Asked) -> tuple[list[Plan], Any]:
    plans, places = await load_plans(session)
    live = [plan for plan in plans if plan.streams]
    if asked.rule_id is not None:
        found = [plan for plan in live if asked.rule_id in {*plan.own_rules, *plan.shared_rules}]
        if not found:
            raise NotFound("This rule has no digest: give it a schedule and a channel, and switch it on.")
        return found, places
    found = [plan for plan in live if _fits(plan, asked)]
    if not found:
        raise NotFound("No active rule sends a digest there.")
    return found, places


def _fits(plan: Plan, asked: Asked) -> bool:
    key = plan.key
    wanted: Sequence[tuple[object, object]] = (
        (asked.client_id, key.client_id),
        (asked.schedule, key.kind),
        (asked.channel, key.destination.channel),
        (asked.destination, key.destination.address),
    )
    return all(want is None or want == have for want, have in wanted)
