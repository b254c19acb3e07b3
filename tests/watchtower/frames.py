"""Frames from plain entities, in the shape that sources promise."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
from tests.watchtower.oracle import Entity

from belvedere.sources.contracts import Frames

RECORD_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "external_id": pl.String,
    "name": pl.String,
    "email": pl.String,
    "status": pl.String,
    "category": pl.String,
    "tags": pl.List(pl.String),
    "amount": pl.Decimal(15, 4),
    "quantity": pl.Int32,
    "record_date": pl.Datetime("us", "UTC"),
    "extra": pl.String,
}
METRIC_SCHEMA: dict[str, Any] = {
    "record_id": pl.String,
    "metric_name": pl.String,
    "metric_value": pl.Decimal(20, 6),
    "metric_unit": pl.String,
}


def make_frames(entities: Sequence[Entity], *, start: int = 1) -> Frames:
    records: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    for number, entity in enumerate(entities, start):
        record_id = str(UUID(int=number))
        extra = json.dumps(entity.extra, default=_raw_number, ensure_ascii=False)
        extra = extra.replace('"§', "").replace('§"', "")
        records.append({"id": record_id, "external_id": entity.external_id, "extra": extra, **entity.columns})
        metrics.extend(
            {"record_id": record_id, "metric_name": name, "metric_value": value, "metric_unit": None}
            for name, value in entity.metrics.items()
        )
    return Frames(
        pl.DataFrame(
            [{name: row.get(name) for name in RECORD_SCHEMA} for row in records], schema=RECORD_SCHEMA
        ),
        pl.DataFrame(metrics, schema=METRIC_SCHEMA),
    )


def _raw_number(value: Decimal) -> str:
    """Decimals stand in the JSON digit by digit; the marks around them are taken off again."""
    return f"§{value}§"
