"""The slider of a limit: the metric of 30 days as a band, the limit as a line over it, and how often each limit fires."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from belvedere.web.alert_views import instant
from belvedere.web.charts import Scale, ticks
from belvedere.web.presentation import Reader, decimal_of, moment, number

HEIGHT = 160


def tune_view(sweep: Mapping[str, Any] | None, reader: Reader) -> dict[str, Any] | None:
    """The context of the slider, or {why} where the rule is one that a slider cannot answer for."""
    if sweep is None:
        return None
    if not sweep["possible"]:
        return {"why": sweep["why"]}
    positions = sweep["positions"]
    limits = [decimal_of(item["threshold"]) or Decimal(0) for item in positions]
    series = sweep["series"]
    known = [Decimal(str(value)) for name in ("least", "most") for value in series[name]]
    marks = ticks(min([*known, *limits]), max([*known, *limits]))
    scale = Scale(marks[0], marks[-1], HEIGHT)
    at = _nearest(limits, decimal_of((sweep["threshold"] or "").removesuffix("%").strip()))
    return {
        "why": None,
        "field": sweep["field"],
        "at": at,
        "last": len(positions) - 1,
        "limit": positions[at]["threshold"],
        "fired": positions[at]["episodes"],
        "entities": series["entities"],
        "svg": _picture(series, scale, marks, limits[at], reader),
        "rows": positions[:: max(len(positions) // 12, 1)],
        "data": {
            "low": float(marks[0]),
            "high": float(marks[-1]),
            "height": HEIGHT,
            "points": [{"limit": item["threshold"], "fired": item["episodes"]} for item in positions],
        },
    }


def _nearest(limits: Sequence[Decimal], wanted: Decimal | None) -> int:
    if wanted is None:
        return len(limits) // 2
    return min(range(len(limits)), key=lambda index: abs(limits[index] - wanted))


def _picture(
    series: Mapping[str, Any], scale: Scale, marks: Sequence[Decimal], limit: Decimal, reader: Reader
) -> Markup:
    count = len(series["at"])
    step = 100 / max(count - 1, 1)
    points = {
        name: [
            (round(index * step, 2), scale.y(Decimal(str(value)))) for index, value in enumerate(series[name])
        ]
        for name in ("least", "middle", "most")
    }
    edge = [*points["most"], *reversed(points["least"])]

    def written(mark: Decimal) -> str:
        return number(mark) + ("%" if series.get("unit") == "percent" else "")

    parts = [
        Markup(
            '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/><text x="-8" y="{}" text-anchor="end">{}</text>'
        ).format(
            "base" if place == 0 else "grid", scale.y(mark), scale.y(mark), scale.y(mark) + 4, written(mark)
        )
        for place, mark in enumerate(marks)
    ]
    parts.append(
        Markup(
            '<svg viewBox="0 0 100 {0}" width="100%" height="{0}" preserveAspectRatio="none">'
            '<path class="band" d="M{1}Z"/><path class="ln" d="M{2}"/></svg>'
        ).format(scale.height, _path(edge), _path(points["middle"]))
    )
    y = scale.y(limit)
    parts.append(Markup('<line class="limit" data-line x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(y))
    parts += _ends(series["at"], reader, scale.height)
    said = f"Lowest, middle and highest value of {series['entities']} records over 30 days, with the limit as a line"
    return Markup('<svg width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        scale.height, said, Markup("").join(parts)
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:g} {y:g}" for x, y in points)


def _ends(moments: Sequence[Any], reader: Reader, height: int) -> list[Markup]:
    found = []
    for place, anchor, value in (("0", "start", moments[0]), ("100%", "end", moments[-1])):
        at = instant(value)
        if at is not None:
            found.append(
                Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
                    place, height + 18, anchor, moment(at, reader)
                )
            )
    return found
