"""Stored readings for replays: as rows with blobs in the database, or as marks and blobs in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity
from tests.watchtower.world import World

from belvedere.sources.contracts import StoredSnapshot
from belvedere.sources.frames import FORMAT, encode
from belvedere.watchtower.contracts import Place
from belvedere.watchtower.history import Mark

DAY = datetime(2026, 11, 1, tzinfo=UTC)
PLACE = Place(1, UUID(int=900), "omnisend", "campaigns")


def keep(world: World, entities: Sequence[Entity], **more: Any) -> StoredSnapshot:
    """A reading with its blob, an hour after the last."""
    stored = world.ingest(entities, **more)
    world.admin.execute(
        "INSERT INTO snapshot_frames (client_id, snapshot_id, records, metrics, format)"
        " VALUES (%s, %s, %s, %s, %s)",
        [stored.client_id, stored.snapshot_id, *encode(stored.frames), FORMAT],
    )
    world.admin.execute(
        "UPDATE api_snapshots SET total_metrics = %s WHERE id = %s",
        [stored.frames.metrics.height, stored.snapshot_id],
    )
    return stored


def keep_pointer(world: World, same_as: StoredSnapshot, **more: Any) -> StoredSnapshot:
    """A reading that held the same as an earlier one."""
    stored = world.ingest([], **more)
    world.admin.execute(
        "UPDATE api_snapshots SET same_as_snapshot_id = %s, total_records = %s WHERE id = %s",
        [same_as.snapshot_id, same_as.frames.records.height, stored.snapshot_id],
    )
    return stored


Step = tuple[Sequence[Entity] | None, bool] | tuple[Sequence[Entity] | None, bool, UUID | None]
"""What a reading holds (None: the same as the one before it), whether it is a full one, and of which account."""


def remember(steps: Sequence[Step], at_once: int = 1) -> tuple[list[Mark], dict[UUID, tuple[bytes, bytes]]]:
    """Marks and blobs as the database would give them; so many readings in a row tell of one moment."""
    marks: list[Mark] = []
    blobs: dict[UUID, tuple[bytes, bytes]] = {}
    for number, (entities, is_full, *more) in enumerate(steps, 1):
        account = more[0] if more else None
        if entities is None and marks:
            frames_id, records, metrics = marks[-1].frames_id, marks[-1].records, marks[-1].metrics
        else:
            frames = make_frames(entities or [], start=number * 1000)
            frames_id, records, metrics = UUID(int=number), frames.records.height, frames.metrics.height
            blobs[frames_id] = encode(frames)
        moment = DAY + timedelta(hours=(number - 1) // at_once + 1)
        earlier = (mark for mark in reversed(marks) if mark.is_full and mark.account_id == account)
        mark = Mark(
            UUID(int=number + 10**6), frames_id, PLACE, account, is_full, moment, records,
            metrics, was_judged=True, previous=next((mark for mark in earlier if mark.data_as_of < moment), None),
        )  # fmt: skip
        marks.append(mark)
    return marks, blobs
