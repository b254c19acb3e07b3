"""One shape for the rows of three API generations. No input or output."""

from decimal import Decimal
from typing import Any

from belvedere.core.percents import Scale, to_percent

RATE_FIELDS = ("openRate", "clickRate")


def normalise(row: dict[str, Any], id_field: str, scale: Scale) -> dict[str, Any]:
    """The row with its id under `id_field`, a status and rates as percent; every other field as it came.

    A field the platform did not send stays absent, and a rate that is null or no number is left as it is.
    """
    shaped = dict(row)
    if shaped.get(id_field) is None and shaped.get("id") is not None:
        shaped[id_field] = shaped.pop("id")
    if shaped.get("status") is None and isinstance(shaped.get("isEnabled"), bool):
        shaped["status"] = "enabled" if shaped["isEnabled"] else "disabled"
    for field in RATE_FIELDS:
        if field in shaped:
            shaped[field] = _as_percent(shaped[field], scale)
    return shaped


def _as_percent(value: Any, scale: Scale) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    # repr of a float is the shortest text that names it: the number as the platform wrote it.
    percent = to_percent(Decimal(repr(value)) if isinstance(value, float) else value, scale)
    return int(percent) if percent == percent.to_integral_value() else float(percent)
