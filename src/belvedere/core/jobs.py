"""Jobs: rows of the transaction of their cause, run by workers (procrastinate underneath).

A queue is a wake-up only. What must happen stands in a table of its domain, and every handler can be run twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.core.errors import BelvedereError
from belvedere.core.runtime import Runtime

_ENQUEUE = text(
    "SELECT core.enqueue_job(:queue, :task, CAST(:args AS jsonb), :priority, :lock, :queueing_lock,"
    " CAST(:run_at AS timestamptz) + coalesce(now() - CAST(:now AS timestamptz), interval '0'))"
)


class UnknownJob(BelvedereError):
    """No job of this name is registered."""

    code = "unknown_job"


@dataclass(frozen=True, slots=True)
class JobCall:
    """One run of a job: for which client and by whom it was asked, with its arguments. `attempt` counts from 1."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    client_id: int | None = None
    actor: str = "system"
    attempt: int = 1
    job_id: int | None = None


Handler = Callable[[Runtime, JobCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A registered job; `cron` (six fields, the last is seconds) makes it periodic."""

    name: str
    handler: Handler
    queue: str
    max_attempts: int
    purpose: str
    cron: str | None = None


REGISTRY: dict[str, JobSpec] = {}


def job(
    name: str, *, queue: str = "default", max_attempts: int = 5, cron: str | None = None
) -> Callable[[Handler], Handler]:
    """Register `handler` under `name` ("domain.verb_object"); its docstring's first line stands in the docs."""

    def register(handler: Handler) -> Handler:
        known = REGISTRY.get(name)
        if known is not None and known.handler is not handler:
            raise ValueError(f"two jobs are called {name}")
        purpose = (handler.__doc__ or "").strip().split("\n")[0]
        REGISTRY[name] = JobSpec(name, handler, queue, max_attempts, purpose, cron)
        return handler

    return register


async def enqueue(
    session: WriteSession,
    name: str,
    args: dict[str, Any] | None = None,
    *,
    client_id: int | None = None,
    actor: str = "system",
    run_at: datetime | None = None,
    now: datetime | None = None,
    lock: str | None = None,
    queueing_lock: str | None = None,
    priority: int = 0,
) -> int | None:
    """Add a job in the caller's transaction; returns its number, or None when `queueing_lock` already has one waiting.

    Workers wait for `run_at` by the database's clock; with `now`, it is as far off there as it is from `now`.
    Jobs of one `lock` run one after the other. Higher `priority` runs first.
    """
    spec = REGISTRY.get(name)
    if spec is None:
        raise UnknownJob(f"there is no job {name}")
    call = {"args": args or {}, "client_id": client_id, "actor": actor}
    found = await session.execute(
        _ENQUEUE,
        {
            "queue": spec.queue,
            "task": name,
            "args": orjson.dumps({"call": call}).decode(),
            "priority": priority,
            "lock": lock,
            "queueing_lock": queueing_lock,
            "run_at": run_at,
            "now": now,
        },
    )
    number = found.scalar_one()
    return None if number is None else int(number)


async def run_now(runtime: Runtime, name: str, call: JobCall) -> None:
    """Run a registered job in this process, as a worker would."""
    spec = REGISTRY.get(name)
    if spec is None:
        raise UnknownJob(f"there is no job {name}")
    await spec.handler(runtime, call)
