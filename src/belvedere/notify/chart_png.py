"""A small line plot as PNG, written with the standard library: values, the limit dashed, the breach marked. Pure.

The ground is transparent and every colour stands out on a light and on a dark card, because a mail cannot know which
of them its reader has. There is no text in the picture: figures stand beside it and in its alternative text.
"""

import struct
import zlib
from itertools import pairwise
from math import ceil, floor, hypot

from belvedere.notify.contracts import Chart

WIDTH, HEIGHT = 1104, 240
"""Pixels; shown at half of it."""

MARGIN = 18.0
LINE = (0x4F, 0x6D, 0xE3)
LIMIT = (0xD9, 0x54, 0x4A)
MARK = (0xD9, 0x54, 0x4A)
AXIS = (0x8A, 0x87, 0x80)
"""Each has a ratio of at least 3 on #FFFFFF and on #1A1A18."""

THICK = 2.4
DASH = (14.0, 10.0)
MOST_POINTS = 400

Point = tuple[float, float]


class Canvas:
    """Pixels of red, green, blue and cover."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels = bytearray(width * height * 4)

    def put(self, x: int, y: int, colour: tuple[int, int, int], cover: float) -> None:
        """Keep the stronger of what is there and what comes: lines meet without seams."""
        if not (0 <= x < self.width and 0 <= y < self.height) or cover <= 0:
            return
        at = (y * self.width + x) * 4
        alpha = min(255, round(cover * 255))
        if alpha > self.pixels[at + 3]:
            self.pixels[at : at + 4] = bytes((*colour, alpha))

    def png(self) -> bytes:
        rows = (
            b"\x00" + self.pixels[y * self.width * 4 : (y + 1) * self.width * 4] for y in range(self.height)
        )
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 6, 0, 0, 0)
        parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def draw_chart(chart: Chart) -> bytes | None:
    """The picture, or None where there are not two values to join."""
    values, marked = thinned(chart)
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = _span([*known, *([chart.limit] if chart.limit is not None else [])])
    canvas = Canvas(WIDTH, HEIGHT)
    step = (WIDTH - 2 * MARGIN) / max(1, len(values) - 1)

    def height_of(value: float) -> float:
        return HEIGHT - MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * MARGIN)

    points = [
        None if value is None else (MARGIN + step * number, height_of(value))
        for number, value in enumerate(values)
    ]
    _line(canvas, (MARGIN, HEIGHT - 2.0), (WIDTH - MARGIN, HEIGHT - 2.0), AXIS, 1.0)
    if chart.limit is not None:
        _dashes(canvas, height_of(chart.limit))
    for before, after in pairwise(points):
        if before is not None and after is not None:
            _line(canvas, before, after, LINE, THICK)
    _dots(canvas, points, marked)
    return canvas.png()


def thinned(chart: Chart) -> tuple[list[float | None], int | None]:
    """The newest values that fit, and where the marked one stands among them."""
    values = list(chart.values)[-MOST_POINTS:]
    cut_away = len(chart.values) - len(values)
    marked = None if chart.marked is None else chart.marked - cut_away
    return values, marked if marked is not None and 0 <= marked < len(values) else None


def _span(values: list[float]) -> Point:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or max(abs(high) * 0.1, 1.0)
    return low - room, high + room


def _dots(canvas: Canvas, points: list[Point | None], marked: int | None) -> None:
    """A value between two gaps is a dot; the breach is a diamond."""
    for number, point in enumerate(points):
        if point is None:
            continue
        before = points[number - 1] if number else None
        after = points[number + 1] if number + 1 < len(points) else None
        if before is None and after is None:
            _shape(canvas, point, 4.0, LINE, is_diamond=False)
        if number == marked:
            _shape(canvas, point, 10.0, MARK, is_diamond=True)


def _dashes(canvas: Canvas, y: float) -> None:
    x = MARGIN
    while x < WIDTH - MARGIN:
        _line(canvas, (x, y), (min(x + DASH[0], WIDTH - MARGIN), y), LIMIT, 1.6)
        x += sum(DASH)


def _line(canvas: Canvas, start: Point, end: Point, colour: tuple[int, int, int], half: float) -> None:
    """Pixels near the segment, each covered by how near it is."""
    (x1, y1), (x2, y2) = start, end
    length = hypot(x2 - x1, y2 - y1) or 1.0
    slope = (y2 - y1) / (x2 - x1) if abs(x2 - x1) > 1e-9 else None
    for x in range(floor(min(x1, x2) - half - 1), ceil(max(x1, x2) + half + 1) + 1):
        if slope is None or abs(x2 - x1) < 2:
            low, high = min(y1, y2), max(y1, y2)
        else:
            # A steep segment passes several rows within one column.
            ends = sorted(
                y1 + slope * (min(max(edge, min(x1, x2)), max(x1, x2)) - x1) for edge in (x - 1, x + 1)
            )
            low, high = ends
        reach = half * length / max(abs(x2 - x1), length / 50) + 1
        for y in range(max(0, floor(low - reach)), min(canvas.height - 1, ceil(high + reach)) + 1):
            along = max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length**2))
            away = hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))
            canvas.put(x, y, colour, half + 0.5 - away)


def _shape(
    canvas: Canvas, centre: Point, radius: float, colour: tuple[int, int, int], *, is_diamond: bool
) -> None:
    for x in range(floor(centre[0] - radius - 1), ceil(centre[0] + radius + 1) + 1):
        for y in range(floor(centre[1] - radius - 1), ceil(centre[1] + radius + 1) + 1):
            across, down = abs(x - centre[0]), abs(y - centre[1])
            away = across + down if is_diamond else hypot(across, down)
            canvas.put(x, y, colour, radius + 0.5 - away)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
