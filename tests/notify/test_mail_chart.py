"""The plot in a mail: a valid picture, visible on both themes, with its figures in words."""

import struct
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.notify.conftest import MAILBOX, request

from belvedere.notify import chart_png
from belvedere.notify.chart_png import HEIGHT, WIDTH, draw_chart
from belvedere.notify.chart_words import alternative, newest
from belvedere.notify.contracts import Chart
from belvedere.notify.sending import send_due

CHART = Chart(
    "Open rate",
    (21.0, 19.5, None, 18.2, 16.2, 11.8),
    tuple(f"{day} Nov" for day in range(15, 21)),
    15.0,
    "percent",
    5,
)


def pixels(png):
    """Width, height and the pixels of a PNG that uses no filter; raises on a wrong checksum."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + data),)
        found[kind] = data
        at += 12 + length
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    raw = zlib.decompress(found[b"IDAT"])
    rows = [raw[y * (width * 4 + 1) + 1 : (y + 1) * (width * 4 + 1)] for y in range(height)]
    return width, height, rows


def colours(png):
    _, _, rows = pixels(png)
    return {tuple(row[x : x + 3]) for row in rows for x in range(0, len(row), 4) if row[x + 3] > 250}


def contrast(one, two):
    def light(colour):
        parts = [value / 255 for value in colour]
        r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_picture_shows_line_limit_and_breach():
    png = draw_chart(CHART)
    width, height, _ = pixels(png)
    assert (width, height) == (WIDTH, HEIGHT)
    assert {chart_png.LINE, chart_png.LIMIT} <= colours(png)
    assert len(png) < 20_000


def test_every_colour_stands_out_on_a_light_and_on_a_dark_card():
    for colour in (chart_png.LINE, chart_png.LIMIT, chart_png.MARK, chart_png.AXIS):
        assert contrast(colour, (255, 255, 255)) >= 3
        assert contrast(colour, (0x1A, 0x1A, 0x18)) >= 3


def test_a_chart_of_one_value_is_no_picture():
    assert draw_chart(Chart("a", (1.0, None), ("x", "y"))) is None
    assert draw_chart(Chart("a", (), ())) is None


def test_the_words_hold_the_figures():
    said = alternative(CHART)
    assert said.startswith("Open rate, 5 values from 11.8% to 21.0%, last 11.8%, limit 15.0%")
    assert "the breach is 11.8% at 20 Nov" in said
    assert "17 Nov –" in newest(CHART)


VALUES = st.lists(st.none() | st.floats(-1e12, 1e12, allow_nan=False), max_size=30)


@settings(max_examples=25, deadline=None)
@given(VALUES, st.none() | st.floats(-1e12, 1e12), st.none() | st.integers(-5, 40))
def test_any_values_make_a_picture_or_none(values, limit, marked):
    chart = Chart("Any", tuple(values), tuple(str(n) for n in range(len(values))), limit, None, marked)
    png = draw_chart(chart)
    if sum(value is not None for value in values) >= 2:
        assert pixels(png)[:2] == (WIDTH, HEIGHT)
    assert alternative(chart).startswith("Any")


async def test_a_mail_carries_its_plot_inside(runtime, outbox, sandbox):
    await outbox.ask(request(MAILBOX, words={"chart": CHART}))
    await send_due(runtime)
    (mail,) = sandbox.sandbox.mailbox.mails
    parts = {part.get_content_type(): part for part in mail.parsed.walk()}
    assert {"text/plain", "text/html", "multipart/related", "image/png"} <= set(parts)
    assert parts["image/png"]["Content-ID"] == "<chart>"
    assert parts["image/png"].get_content_disposition() == "inline"
    assert pixels(parts["image/png"].get_content())
    html = parts["text/html"].get_content()
    assert 'src="cid:chart"' in html
    assert 'alt="Open rate, 5 values' in html
    assert "limit 15.0%" in parts["text/plain"].get_content().replace("=\n", "")
    assert len(mail.raw) < 80_000
