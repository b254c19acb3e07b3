"""Events: CloudEvents 1.0 envelopes written as outbox rows in the transaction of their cause.

Each type has a JSON Schema at `belvedere/events/<type>/v<n>.json`; data that does not fit it is refused before it is
written. Data holds ids and figures, never names, addresses or texts of people.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any
from uuid import UUID

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.core.errors import BelvedereError
from belvedere.core.ids import new_id, uuid7_texts

_INSERT = text(
    "INSERT INTO core.outbox_events (id, client_id, type, source, subject, time, dataschema, dataversion,"
    " correlationid, causationid, actor, data)"
    " SELECT r.id, r.client_id, :type, :source, r.subject, :time, :dataschema, :dataversion, :correlationid,"
    " :causationid, :actor, r.data"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, client_id integer, subject text, data jsonb)"
)


class UnknownEvent(BelvedereError):
    """No schema of this name and version is shipped."""

    code = "unknown_event"


class EventMismatch(BelvedereError):
    """The data of an event does not fit its schema; nothing was written."""

    code = "event_mismatch"


async def emit(
    session: WriteSession,
    event_type: str,
    *,
    subject: str,
    client_id: int,
    data: dict[str, Any],
    actor: str,
    now: datetime,
    version: int = 1,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> UUID:
    """Write one event; returns its id."""
    await emit_many(
        session, event_type, [(subject, data)], client_id=client_id, actor=actor, now=now, version=version,
        correlation_id=correlation_id, causation_id=causation_id, ids=[event_id := new_id(now)],
    )  # fmt: skip
    return event_id


async def emit_many(
    session: WriteSession,
    event_type: str,
    items: list[tuple[str, dict[str, Any]]],
    *,
    client_id: int,
    actor: str,
    now: datetime,
    version: int = 1,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    ids: list[UUID] | None = None,
) -> None:
    """Write many events of one type, each a (subject, data), in one statement."""
    await emit_across(
        session, event_type, [(client_id, subject, data) for subject, data in items], actor=actor, now=now,
        version=version, correlation_id=correlation_id, causation_id=causation_id, ids=ids,
    )  # fmt: skip


async def emit_across(
    session: WriteSession,
    event_type: str,
    items: Sequence[tuple[int, str, dict[str, Any]]],
    *,
    actor: str,
    now: datetime,
    version: int = 1,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    ids: list[UUID] | None = None,
) -> None:
    """Write events of one type of several clients, each a (client, subject, data), in one statement."""
    if not items:
        return
    kind = _kind(event_type, version)
    shared = {
        "type": kind["type"],
        "source": kind["source"],
        "time": now,
        "dataschema": kind["schema"],
        "dataversion": kind["version"],
        "correlationid": correlation_id,
        "causationid": causation_id,
        "actor": actor,
    }
    check_all(event_type, version, [data for _, _, data in items])
    rows = [
        {"id": identity, "client_id": client_id, "subject": subject, "data": data}
        for identity, (client_id, subject, data) in zip(
            ids or uuid7_texts(len(items), now), items, strict=True
        )
    ]
    await session.execute(_INSERT, {**shared, "rows": orjson.dumps(rows).decode()})


def describe(event_type: str, sample: dict[str, Any], version: int = 1) -> dict[str, Any]:
    """What the envelopes of one type have in common, for a statement that writes thousands of them itself; `sample` is
    one as it will write it.
    """
    check(event_type, version, sample)
    return _kind(event_type, version)


def _kind(event_type: str, version: int) -> dict[str, Any]:
    return {
        "type": event_type,
        "source": f"/belvedere/{event_type.split('.', maxsplit=1)[0]}",
        "schema": f"events/{event_type}/v{version}.json",
        "version": version,
    }


def check(event_type: str, version: int, data: dict[str, Any]) -> None:
    """Refuse data that does not fit the schema of its type."""
    if _fits(quick_checks(event_type, version), data):
        return
    error = best_match(validator(event_type, version).iter_errors(data))
    if error is not None:
        raise EventMismatch(f"event {event_type} v{version}: {error.json_path} {error.message}")


def check_all(event_type: str, version: int, items: Sequence[dict[str, Any]]) -> None:
    """Refuse any that does not fit the schema of its type."""
    if not _fit_together(quick_checks(event_type, version), items):
        for data in items:
            check(event_type, version, data)


Quick = tuple[frozenset[str], dict[str, tuple[tuple[type, ...], frozenset[Any] | None]]]
_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "null": type(None)}


@lru_cache(maxsize=256)
def quick_checks(event_type: str, version: int) -> Quick | None:
    """Keys that must be there and what each may hold, for a flat schema; None where only the full check knows.

    Thousands of events of one type are written at once, and the full check costs a hundred times as much. What does
    not pass here is judged by the full check, which also says why.
    """
    schema = validator(event_type, version).schema
    properties: dict[str, tuple[tuple[type, ...], frozenset[Any] | None]] = {}
    if not isinstance(schema, dict) or schema.get("additionalProperties") is not False:
        return None
    for name, rule in schema.get("properties", {}).items():
        words = rule.get("type", "string" if "enum" in rule else None)
        words = [words] if isinstance(words, str) else words or []
        if (
            not words
            or not set(words) <= set(_TYPES)
            or not set(rule) <= {"type", "enum", "format", "description", "minimum"}
        ):
            return None
        properties[name] = (
            tuple(_TYPES[word] for word in words),
            frozenset(rule["enum"]) if "enum" in rule else None,
        )
    return frozenset(schema.get("required", ())), properties


def _fit_together(checks: Quick | None, items: Sequence[dict[str, Any]]) -> bool:
    """Whether all of them fit, looked at key by key; False where that does not settle it."""
    shapes = {tuple(data) for data in items}
    if checks is None or len(shapes) != 1:
        return False
    names = shapes.pop()
    if not checks[0] <= set(names) <= checks[1].keys():
        return False
    return all(_fits_column(*checks[1][name], [data[name] for data in items]) for name in names)


def _fits_column(kinds: tuple[type, ...], words: frozenset[Any] | None, values: list[Any]) -> bool:
    found = set(map(type, values))
    if not found <= set(kinds) or (words is not None and not set(values) <= words):
        return False
    return int not in found or (len(found) == 1 and min(values) >= 1)


def _fits(checks: Quick | None, data: dict[str, Any]) -> bool:
    if checks is None or not checks[0] <= data.keys():
        return False
    for name, value in data.items():
        known = checks[1].get(name)
        if known is None or type(value) not in known[0] or (known[1] is not None and value not in known[1]):
            return False
        if type(value) is int and value < 1:
            return False
    return True


@lru_cache(maxsize=256)
def validator(event_type: str, version: int) -> Draft202012Validator:
    path = resources.files("belvedere.events") / event_type / f"v{version}.json"
    try:
        schema = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise UnknownEvent(f"there is no event {event_type} v{version}") from error
    return Draft202012Validator(schema)


def envelope(row: dict[str, Any]) -> dict[str, Any]:
    """An outbox row as a CloudEvents 1.0 structured envelope."""
    names = (
        "id",
        "source",
        "type",
        "subject",
        "dataschema",
        "dataversion",
        "correlationid",
        "causationid",
        "actor",
    )
    found = {
        name: str(row[name]) if name == "id" else row[name] for name in names if row.get(name) is not None
    }
    return {
        "specversion": "1.0",
        **found,
        "time": row["time"].isoformat(),
        "clientid": row["client_id"],
        "datacontenttype": "application/json",
        "data": row["data"],
    }
