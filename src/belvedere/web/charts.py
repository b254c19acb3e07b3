"""Server-side charts as SVG: one picture serves both themes (colours are CSS classes), crisp at every width.

The lines of a plot stand in a nested SVG that stretches with the page; text, markers and the limit are placed
by percent in the outer one, so that nothing written is ever distorted. Gaps in the data stay gaps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from markupsafe import Markup

from belvedere.web.presentation import Reader, metric, moment

NO_TIME = datetime.fromtimestamp(0, UTC)
Y_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
LABEL_REACH, LABEL_HEIGHT = 18.0, 13.0
"""How wide a label is in percent of a chart, and how near a point may come to its middle."""
MARK_STEP, MARK_HEIGHT = 3.2, 11.0
"""Percent of the width and pixels that a mark of a breach takes up."""
LABEL_PLACES = (10.0, 30.0, 50.0, 70.0, 90.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One reading; `value` None is a gap (not read, or not judged)."""

    at: datetime
    value: Decimal | None
    breach: bool = False


@dataclass(frozen=True, slots=True)
class LineChart:
    """What a chart shows. `limit` is drawn red and dashed, `target` grey and dotted."""

    title: str
    points: Sequence[Point]
    unit: str | None = None
    currency: str | None = None
    limit: Decimal | None = None
    limit_label: str | None = None
    target: Decimal | None = None
    height: int = 176
    from_zero: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart ready for a page: its picture, what it says in words, and the same facts as rows of a table."""

    title: str
    svg: Markup
    finding: str
    rows: list[tuple[datetime, str, bool]]
    breaches: int
    has_gaps: bool
    has_limit: bool


@dataclass(frozen=True, slots=True)
class Scale:
    low: Decimal
    high: Decimal
    height: int

    def y(self, value: Decimal) -> float:
        return round(float((self.high - value) / (self.high - self.low)) * self.height, 2)


def ticks(low: Decimal, high: Decimal, wanted: int = 4) -> list[Decimal]:
    """Round values that enclose low to high, about `wanted` of them."""
    if low == high:
        low, high = low - abs(low) / 2 - 1, high + abs(high) / 2 + 1
    raw = (high - low) / max(wanted - 1, 1)
    power = Decimal(1).scaleb(raw.adjusted())
    step = next(power * factor for factor in Y_STEPS if power * factor >= raw)
    first = (low / step).to_integral_value("ROUND_FLOOR") * step
    marks = [first]
    while marks[-1] < high:
        marks.append(marks[-1] + step)
    return marks


def segments(points: Sequence[Point]) -> list[list[tuple[int, Decimal]]]:
    """Runs of readings without a gap between them, each with its index."""
    runs: list[list[tuple[int, Decimal]]] = [[]]
    for index, point in enumerate(points):
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append((index, point.value))
    return [run for run in runs if run]


def x_percent(index: int, count: int) -> float:
    return 50.0 if count < 2 else round(index / (count - 1) * 100, 2)


def drawn_path(
    run: Sequence[tuple[int, Decimal]], x: Callable[[int], float], y: Callable[[Decimal], float]
) -> str:
    return "M" + "L".join(f"{x(index):g} {y(value):g}" for index, value in run)


def sparkline(
    values: Sequence[Decimal | None], *, breach: bool = False, width: int = 84, height: int = 20
) -> Markup:
    """A small line without axes, grey, red only in breach; None leaves a gap. Empty without two readings."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    scale = Scale(low, high if high != low else low + 1, height - 4)
    points = [Point(NO_TIME, value) for value in values]

    def x(index: int) -> float:
        return round(1 + index / (len(values) - 1) * (width - 5), 1)

    def y(value: Decimal) -> float:
        return round(height / 2, 1) if high == low else round(scale.y(value) + 2, 1)

    runs = segments(points)
    path = "".join(drawn_path(run, x, y) for run in runs if len(run) > 1)
    last_index, last_value = runs[-1][-1]
    return Markup(
        '<svg class="spark{}" width="{}" height="{}" viewBox="0 0 {} {}" aria-hidden="true">'
        '<path d="{}"/><circle cx="{}" cy="{}" r="2"/></svg>'
    ).format(" breach" if breach else "", width, height, width, height, path, x(last_index), y(last_value))


def line_chart(chart: LineChart, reader: Reader) -> Drawn:
    """Draw it; with fewer than two readings the picture is empty and the words say so."""
    show = _writer(chart)
    rows = [(point.at, show(point.value), point.breach) for point in chart.points]
    known = [point.value for point in chart.points if point.value is not None]
    breaches = sum(point.breach for point in chart.points)
    finding = _finding(chart, known, breaches, show, reader)
    svg = _picture(chart, known, show, reader, finding) if known else Markup("")
    gaps = len(known) < len(chart.points)
    return Drawn(chart.title, svg, finding, rows, breaches, gaps, chart.limit is not None)


def _writer(chart: LineChart) -> Callable[[Decimal | None], str]:
    return lambda value: metric(value, chart.unit, chart.currency)


def _finding(
    chart: LineChart,
    known: Sequence[Decimal],
    breaches: int,
    show: Callable[[Decimal | None], str],
    reader: Reader,
) -> str:
    if not known:
        return f"{chart.title}: no reading yet."
    first, last = chart.points[0].at, chart.points[-1].at
    parts = [
        (
            f"{chart.title}, {moment(first, reader)} to {moment(last, reader)}: "
            f"last {show(known[-1])}, lowest {show(min(known))}, highest {show(max(known))}"
        )
    ]
    if chart.limit is not None:
        parts.append(f"limit {show(chart.limit)}")
    if breaches:
        parts.append(f"{breaches} {'reading' if breaches == 1 else 'readings'} in breach")
    return ", ".join(parts) + "."


def _scale(chart: LineChart, known: Sequence[Decimal]) -> tuple[Scale, list[Decimal]]:
    reach = [*known, *(value for value in (chart.limit, chart.target) if value is not None)]
    if chart.from_zero or (min(reach) >= 0 and min(reach) * 4 <= max(reach)):
        reach.append(Decimal(0))
    marks = ticks(min(reach), max(reach))
    return Scale(marks[0], marks[-1], chart.height), marks


def _picture(
    chart: LineChart,
    known: Sequence[Decimal],
    show: Callable[[Decimal | None], str],
    reader: Reader,
    finding: str,
) -> Markup:
    scale, marks = _scale(chart, known)
    parts = [
        *_grid(scale, marks, show),
        *_gaps(chart),
        _lines(chart, scale),
        *_limit_lines(chart, scale),
        *_breaches(chart, scale),
        *_labels(chart, scale, show),
        *_dates(chart, reader),
    ]
    return Markup('<svg width="100%" height="{}" role="img" aria-label="{}">{}</svg>').format(
        chart.height, finding, Markup("").join(parts)
    )


def _grid(scale: Scale, marks: Sequence[Decimal], show: Callable[[Decimal | None], str]) -> list[Markup]:
    rows = []
    for position, mark in enumerate(marks):
        y = scale.y(mark)
        rows.append(
            Markup(
                '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>'
                '<text x="-8" y="{}" text-anchor="end">{}</text>'
            ).format("base" if position == 0 else "grid", y, y, y + 4, show(mark))
        )
    return rows


def _gaps(chart: LineChart) -> list[Markup]:
    count = len(chart.points)
    if count < 2 or all(point.value is not None for point in chart.points):
        return []
    hatch = Markup(
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)">'
        '<line class="base" y2="6" stroke-width="2"/></pattern></defs>'
    )
    width = 100 / (count - 1)
    bands = []
    for index, point in enumerate(chart.points):
        if point.value is None:
            left = max(x_percent(index, count) - width / 2, 0)
            bands.append(
                Markup('<rect class="gap" x="{:g}%" width="{:g}%" height="{}"/>').format(
                    round(left, 2), round(min(width, 100 - left), 2), chart.height
                )
            )
    return [hatch, *bands]


def _lines(chart: LineChart, scale: Scale) -> Markup:
    count = len(chart.points)
    runs = segments(chart.points)
    path = "".join(
        drawn_path(run, lambda index: x_percent(index, count), scale.y) for run in runs if len(run) > 1
    )
    lone = [
        Markup('<circle class="lone" cx="{:g}%" cy="{}" r="3"/>').format(
            x_percent(run[0][0], count), scale.y(run[0][1])
        )
        for run in runs
        if len(run) == 1
    ]
    inner = Markup(
        '<svg viewBox="0 0 100 {0}" width="100%" height="{0}" preserveAspectRatio="none">'
        '<path class="ln" d="{1}"/></svg>'
    ).format(chart.height, path)
    return Markup("").join([inner, *lone])


def _limit_lines(chart: LineChart, scale: Scale) -> list[Markup]:
    return [
        Markup('<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>').format(
            css, scale.y(value), scale.y(value)
        )
        for value, css in ((chart.target, "target"), (chart.limit, "limit"))
        if value is not None
    ]


def _breaches(chart: LineChart, scale: Scale) -> list[Markup]:
    return [
        Markup(
            '<svg x="{:g}%" y="{}" overflow="visible"><path class="dia" d="M0-5.5 5.5 0 0 5.5-5.5 0z"/></svg>'
        ).format(*place)
        for place in _marked(chart, scale)
    ]


def _marked(chart: LineChart, scale: Scale) -> list[tuple[float, float]]:
    """Where breaches are marked: the first and the last of a stretch, and between them those that have room."""
    points, count = chart.points, len(chart.points)
    places: list[tuple[float, float]] = []
    for index, point in enumerate(points):
        if not point.breach or point.value is None:
            continue
        x, y = x_percent(index, count), scale.y(point.value)
        begins = index == 0 or not points[index - 1].breach
        ends = index == count - 1 or not points[index + 1].breach
        has_room = not places or x - places[-1][0] >= MARK_STEP or abs(y - places[-1][1]) >= MARK_HEIGHT
        if begins or ends or has_room:
            places.append((x, y))
    return places


def _labels(chart: LineChart, scale: Scale, show: Callable[[Decimal | None], str]) -> list[Markup]:
    """Words above all lines and marks, each where the fewest of them run."""
    count = len(chart.points)
    taken = [
        (x_percent(index, count), scale.y(point.value))
        for index, point in enumerate(chart.points)
        if point.value is not None
    ]
    parts = []
    broken = [point for point in chart.points if point.breach and point.value is not None]
    if broken:
        index, value = chart.points.index(broken[-1]), broken[-1].value
        at, y = x_percent(index, count), scale.y(value or Decimal(0))
        centre = min(max(at, LABEL_REACH / 2), 100 - LABEL_REACH / 2)
        text_y = _freest([y + 20, y - 12], [centre], taken, scale)[0]
        taken += [(centre + step, text_y - 4) for step in (-4, 0, 4)] * 3
        parts.append(
            Markup('<text class="crit" x="{:g}%" y="{}" dx="{}" text-anchor="{}">{}</text>').format(
                at, text_y, 4 if at > 90 else 0, "end" if at > 90 else "middle", show(value)
            )
        )
    for value, css, label in (
        (chart.target, "tag", "Target"),
        (chart.limit, "crit", chart.limit_label or "Limit"),
    ):
        if value is None:
            continue
        y = scale.y(value)
        text_y, centre = _freest([y - 6, y + 15], LABEL_PLACES, taken, scale)
        parts.append(
            Markup('<text class="{}" x="{:g}%" y="{}" text-anchor="middle">{} {}</text>').format(
                css, centre, text_y, label, show(value)
            )
        )
    return parts


def _freest(
    heights: Sequence[float], centres: Sequence[float], taken: Sequence[tuple[float, float]], scale: Scale
) -> tuple[float, float]:
    """The place of a label with the fewest points of the line within its reach; the first of equals."""
    inside = [y for y in heights if 8 <= y <= scale.height - 4] or list(heights)
    places = [(y, x) for y in inside for x in centres]

    def crowd(place: tuple[float, float]) -> int:
        y, centre = place
        return sum(
            abs(x - centre) <= LABEL_REACH / 2 + 2 and abs(at - (y - 4)) <= LABEL_HEIGHT for x, at in taken
        )

    return min(places, key=crowd)


def _dates(chart: LineChart, reader: Reader) -> list[Markup]:
    """First and last moment, and up to three between them that a phone leaves out."""
    count = len(chart.points)
    if count < 2:
        return []
    chosen = sorted({0, count - 1, *(round((count - 1) * part / 4) for part in (1, 2, 3))})
    parts, before = [], ""
    for index in chosen:
        text = moment(chart.points[index].at, reader)
        edge = index in {0, count - 1}
        if text == before and not edge:
            continue
        before = text
        anchor = "start" if index == 0 else ("end" if index == count - 1 else "middle")
        parts.append(
            Markup('<text class="{}" x="{:g}%" y="{}" text-anchor="{}">{}</text>').format(
                "" if edge else "m", x_percent(index, count), chart.height + 18, anchor, text
            )
        )
    return parts
