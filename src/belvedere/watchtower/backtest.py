"""What a rule would have done: stored readings judged again in data time, by the engine that judges live.

Nothing is written. The session's scope decides which readings are seen.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.watchtower import repository
from belvedere.watchtower.backtest_across import Across, Timeline, is_of_interest
from belvedere.watchtower.backtest_carry import Carry
from belvedere.watchtower.backtest_fast import make_replay
from belvedere.watchtower.backtest_ledger import Ledger
from belvedere.watchtower.backtest_replay import Question
from belvedere.watchtower.backtest_sum import sum_up
from belvedere.watchtower.backtest_sweep import Sweep
from belvedere.watchtower.backtest_told import Teller
from belvedere.watchtower.contracts import DEPTH_LIMIT, Rule
from belvedere.watchtower.groups import applies, form_units
from belvedere.watchtower.history import Mark, Track, load_tracks
from belvedere.watchtower.history_frames import Blobs, Chunk, Needs, fetch_blobs, needs_of, split, unpack
from belvedere.watchtower.history_truth import looks_around
from belvedere.watchtower.judging import client_facts
from belvedere.watchtower.rule_rows import find_group, find_rule
from belvedere.watchtower.stand_ins import find_stand_ins
from belvedere.watchtower.statements import statement

MOST_ALERTS = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A stretch of time and what to say of it; `rule_id` is the stored rule whose real alerts stand beside."""

    start: datetime
    end: datetime
    client_ids: Collection[int] | None = None
    rule_id: UUID | None = None
    heeds_parent: bool = False
    sweep: bool = False
    most_episodes: int = 200
    base_url: str = ""
    now: datetime | None = None


async def backtest(session: ReadSession, rows: Sequence[Rule], asked: Asked) -> dict[str, Any]:
    """Replay the rows of one rule; gives the whole answer as a document."""
    parents = await _parents(session, rows[0]) if asked.heeds_parent else []
    question = Question(rows, parents)
    units, labels = await repository.load_metric_words(session)
    left_out = await find_stand_ins(session, question.head, asked.client_ids)
    own = {one.client_id for one in left_out}
    tracks = [track for track in await _tracks(session, question, asked) if track.place.client_id not in own]
    needs = needs_of(question.rules, units)
    sweep = Sweep.of(question, units) if asked.sweep else None
    ledgers: dict[int, Ledger] = {}
    for track in tracks:
        client_id = track.place.client_id
        is_asked = asked.client_ids is None or client_id in asked.client_ids
        if client_id not in ledgers and is_asked and applies(question.unit, track.place) and track.marks:
            client = await client_facts(session, client_id)
            ledgers[client_id] = Ledger(client, asked.base_url, Teller.of(question.unit, client))
    if looks_around(question.unit) or question.parents:
        for client_id, ledger in ledgers.items():
            timeline = Timeline(
                client_id, [track for track in tracks if track.place.client_id in (0, client_id)]
            )
            across = Across(question, units, labels, ledger, timeline)
            await _play(session, timeline.marks, needs, across.run)
            across.end_waits(None)
    else:
        for track in tracks:
            replay = make_replay(question, Carry(units, labels), ledgers[track.place.client_id])
            await _play(session, track.marks, needs, replay.run, *([sweep.take] if sweep is not None else []))
    document = sum_up(
        question, list(ledgers.values()), asked.start, asked.end, asked.most_episodes, asked.now
    )
    document["left_out"] = [one.document() for one in left_out]
    document["compared_with"] = await _facts(session, question, asked, document)
    document["sweep"] = sweep.document() if sweep is not None else None
    return document


async def _play(
    session: ReadSession, marks: Sequence[Mark], needs: Needs, *takers: Callable[[Chunk], None]
) -> None:
    """Readings in parts; unpacking and judging leave the event loop to others."""

    def work(part: Sequence[Mark], blobs: Blobs) -> None:
        chunk = unpack(part, blobs, needs)
        for take in takers:
            take(chunk)

    working: asyncio.Future[None] | None = None
    for part in split(marks):
        # The next part is fetched while this one is judged.
        blobs = await fetch_blobs(session, part)
        if working is not None:
            await working
        working = asyncio.ensure_future(asyncio.to_thread(work, part, blobs))
    if working is not None:
        await working


async def _tracks(session: ReadSession, question: Question, asked: Asked) -> list[Track]:
    """Those at which the rule itself stands; with a parent or rows elsewhere also those that it hangs on."""
    head, unit = question.head, question.unit
    looks = looks_around(unit)
    client_ids = asked.client_ids if head.client_id == 0 else [head.client_id]
    if client_ids is not None and any(parent.client_id == 0 for parent in question.parents):
        client_ids = {0, *client_ids}
    sources = {rule.source_id for rule in question.rules}
    tracks = await load_tracks(
        session,
        asked.start,
        asked.end,
        client_ids=client_ids,
        source_ids=None if None in sources else {source for source in sources if source is not None},
        neighbour_ids={source for source in sources if source is not None} if looks else (),
        neighbour_targets=unit.targets if looks else (),
    )
    if looks or question.parents:
        return [track for track in tracks if is_of_interest(question.rules, track.place)]
    return [track for track in tracks if track.marks and applies(unit, track.place)]


async def _parents(session: ReadSession, head: Rule) -> list[Rule]:
    """The rows of every rule up the chain of parents, those that still stand."""
    found: list[Rule] = []
    here = head
    for _ in range(DEPTH_LIMIT):
        if here.parent_rule_id is None:
            break
        parent = await find_rule(session, here.parent_rule_id)
        if parent is None:
            break
        rows = (
            [parent]
            if parent.group_id is None
            else await find_group(session, parent.client_id, parent.group_id)
        )
        found += rows
        here = form_units(rows)[0].head
    return found


async def _facts(
    session: ReadSession, question: Question, asked: Asked, document: dict[str, Any]
) -> dict[str, Any] | None:
    head = question.head
    sources = {rule.source_id for rule in question.rows}
    values = {
        "start": asked.start,
        "end": asked.end,
        "rule_id": asked.rule_id,
        "client_ids": None if head.client_id == 0 and asked.client_ids is None
        else sorted(asked.client_ids or ()) if head.client_id == 0 else [head.client_id],
        "source_ids": None if None in sources else sorted(source for source in sources if source),
        "most": MOST_ALERTS,
    }  # fmt: skip
    row = (await session.execute(statement("backtest_facts"), values)).one()
    document["readings"]["failed"] = row.failed
    return None if asked.rule_id is None else {"opened": row.opened, "alerts": row.alerts}
