"""A message as it is kept in its delivery row, and back."""

from collections.abc import Mapping
from math import isfinite
from typing import Any
from uuid import UUID

from belvedere.notify.contracts import Chart, DeliveryRequest, Message, RepeatPolicy
from belvedere.notify.render import clean


def to_document(request: DeliveryRequest) -> dict[str, Any]:
    """JSON that PostgreSQL takes whatever the message holds; `via` names the stored channel to send by."""
    message, destination = request.message, request.destination
    document = {
        "title": clean(message.title),
        "text": clean(message.text),
        "severity": clean(message.severity),
        "client_name": clean(message.client_name),
        "url": None if message.url is None else clean(message.url),
        "fields": [[clean(label), clean(value)] for label, value in message.fields],
        "detail": _cleaned(message.detail),
        "policy": request.policy.value,
        "via": None if destination.channel_id is None else str(destination.channel_id),
    }
    if request.members:
        document["group"] = True
    if message.chart is not None:
        document["chart"] = chart_document(message.chart)
    return document


def chart_document(chart: Chart) -> dict[str, Any]:
    return {
        "label": clean(chart.label),
        "values": [finite(value) for value in chart.values],
        "times": [clean(time) for time in chart.times],
        "limit": finite(chart.limit),
        "unit": None if chart.unit is None else clean(chart.unit),
        "marked": chart.marked,
    }


def finite(value: float | None) -> float | None:
    """JSON knows no infinity."""
    return float(value) if value is not None and isfinite(value) else None


def _chart(document: Mapping[str, Any] | None) -> Chart | None:
    if not document:
        return None
    return Chart(
        label=str(document.get("label") or ""),
        values=tuple(document.get("values") or ()),
        times=tuple(document.get("times") or ()),
        limit=document.get("limit"),
        unit=document.get("unit"),
        marked=document.get("marked"),
    )


def from_document(document: Mapping[str, Any]) -> Message:
    """The message again."""
    return Message(
        title=str(document.get("title") or ""),
        text=str(document.get("text") or ""),
        severity=str(document.get("severity") or "info"),
        client_name=str(document.get("client_name") or ""),
        url=document.get("url"),
        fields=tuple((str(label), str(value)) for label, value in document.get("fields") or ()),
        detail=document.get("detail") or {},
        chart=_chart(document.get("chart")),
    )


def policy_of(document: Mapping[str, Any]) -> RepeatPolicy:
    return RepeatPolicy(document.get("policy") or RepeatPolicy.AT_LEAST_ONCE)


def channel_of(document: Mapping[str, Any]) -> UUID | None:
    """The stored channel that the message goes by."""
    via = document.get("via")
    return UUID(via) if via else None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(str(value))
