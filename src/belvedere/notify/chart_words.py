"""The figures of a chart in words: for the text part of a mail and for who does not see the picture. Pure."""

from decimal import Decimal

from belvedere.core.text import format_number, format_percent
from belvedere.notify.contracts import Chart

SHOWN = 8


def figure(value: float | None, unit: str | None) -> str:
    """A value with its unit; a gap stays a gap."""
    if value is None:
        return "–"
    number = Decimal(repr(float(value)))
    places = 0 if number == number.to_integral_value() else 2
    return format_percent(number, 1) if unit == "percent" else format_number(number, places)


def alternative(chart: Chart) -> str:
    """What the picture shows, in one sentence."""
    known = [value for value in chart.values if value is not None]
    if not known:
        return f"{chart.label}: no values."
    said = (
        f"{chart.label}, {len(known)} values from {figure(min(known), chart.unit)}"
        f" to {figure(max(known), chart.unit)}, last {figure(known[-1], chart.unit)}"
    )
    if chart.limit is not None:
        said += f", limit {figure(chart.limit, chart.unit)}"
    at = chart.marked
    if at is not None and 0 <= at < len(chart.values) and chart.values[at] is not None:
        when = f" at {chart.times[at]}" if at < len(chart.times) else ""
        said += f"; the breach is {figure(chart.values[at], chart.unit)}{when}"
    return f"{said}."


def newest(chart: Chart) -> str:
    """The last values with their times, oldest first."""
    pairs = list(zip(chart.times, chart.values, strict=False))[-SHOWN:]
    return ", ".join(f"{when} {figure(value, chart.unit)}" for when, value in pairs)
