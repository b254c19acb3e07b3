"""Readings that a file of rule tests spells out, as the frames that sources give."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid5

import polars as pl

from belvedere.sources.contracts import RECORD_COLUMNS, Frames
from belvedere.sources.service import METRIC_SCHEMA, RECORD_SCHEMA
from belvedere.watchtower.code_yaml import Lined, Number

NAMES = UUID("5b0f9a52-6f0e-4b65-9a3e-3e3d0c6a9f11")
"""Ids of made-up things grow out of their names, so that the same test always has the same ids."""

RECORD_KEYS = (*RECORD_COLUMNS, "extra", "metrics")
Refuse = Callable[[int, str], Exception]


def made_up_id(*words: object) -> UUID:
    return uuid5(NAMES, "/".join(str(word) for word in words))


def make_frames(records: Sequence[Lined], refuse: Refuse) -> Frames:
    """Frames of spelled-out records. `refuse` makes the error for a line and what is wrong there."""
    rows: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    for number, record in enumerate(records):
        row = _row(record, number, refuse)
        rows.append(row)
        metrics += _metrics(record, row["id"], refuse)
    return Frames(pl.DataFrame(rows, schema=RECORD_SCHEMA), pl.DataFrame(metrics, schema=METRIC_SCHEMA))


def _row(record: Lined, number: int, refuse: Refuse) -> dict[str, Any]:
    if record.get("external_id") is None:
        raise refuse(record.line, "every record needs its external_id.")
    row: dict[str, Any] = {"id": str(made_up_id("record", number, record["external_id"]))}
    for name in RECORD_COLUMNS:
        try:
            row[name] = _column(name, record.get(name))
        except (ValueError, InvalidOperation) as error:
            raise refuse(record.lines[name], f"{name}: {error or 'this is no number'}.") from error
    row["extra"] = json.dumps(_json(record.get("extra") or {}), ensure_ascii=False)
    return row


def _column(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "tags":
        return [_text(item) for item in value]
    if name == "amount":
        return Decimal(_text(value))
    if name == "quantity":
        return int(_text(value))
    if name == "record_date":
        return read_instant(_text(value))
    return _text(value)


def read_instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _metrics(record: Lined, record_id: str, refuse: Refuse) -> list[dict[str, Any]]:
    given = record.get("metrics") or {}
    if not isinstance(given, Mapping):
        raise refuse(record.lines["metrics"], "metrics are names with their numbers.")
    found = []
    for name, value in given.items():
        unit = None
        number = value
        if isinstance(value, Mapping):
            number, unit = value.get("value"), value.get("unit")
        if number is None:
            continue
        if not isinstance(number, Number):
            raise refuse(record.lines["metrics"], f"the metric {name} is no number.")
        found.append(
            {
                "record_id": record_id,
                "metric_name": name,
                "metric_value": Decimal(number),
                "metric_unit": unit,
            }
        )
    return found


def _text(value: Any) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, Number):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
