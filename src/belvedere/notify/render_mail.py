"""An alert as mail: one 600 px column, inline styles, both themes, a text part with the same facts. Pure."""

import quopri
from dataclasses import dataclass, replace
from html import escape

from belvedere.core.text import cut
from belvedere.notify import render
from belvedere.notify.chart_png import draw_chart
from belvedere.notify.chart_words import alternative, figure, newest
from belvedere.notify.contracts import Chart
from belvedere.notify.render import Telling

MAX_BYTES = 78_000
"""Both parts as they travel; with the headers the mail stays below 80 KB, where mail readers begin to cut."""

CHART_ID = "chart"
SUBJECT_LENGTH = 200
LINK_NOTE = "The link opens the page and changes nothing; what there is to decide is decided there."

_INKS = {"critical": "#B3241A", "warning": "#8A5200", "info": "#43586C", "good": "#1A6B40"}
_DARK_INKS = {"critical": "#FF8E84", "warning": "#F0B354", "info": "#A9BCCF", "good": "#6CCB98"}
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_LIMITS = ((12_000, 25, 1_000), (4_000, 15, 400), (400, 6, 60))
"""Characters of a paragraph, number of pairs, characters of a value: the first that fits is taken."""


@dataclass(frozen=True, slots=True)
class Mail:
    """`image` is the plot that the HTML shows as `cid:<CHART_ID>`."""

    subject: str
    text: str
    html: str
    image: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    title: str
    word: str
    tone: str
    client: str
    said: list[str]
    pairs: list[tuple[str, str]]
    link: str | None
    left_out: int
    chart: Chart | None = None


def mail(telling: Telling) -> Mail:
    """Subject, text and HTML; what does not fit is cut with a word about it, never refused."""
    chart = telling.message.chart or (telling.opened.chart if telling.opened else None)
    image = draw_chart(chart) if chart else None
    room = MAX_BYTES - (len(image) * 4 // 3 + 1_000 if image else 0)
    for limits in _LIMITS:
        parts = replace(_fit(telling, *limits), chart=chart if image else None)
        made = Mail(subject(telling), _text(parts), _html(parts), image)
        if _size(made.text) + _size(made.html) <= room:
            return made
    return made


def subject(telling: Telling) -> str:
    """Alert title and client; the client is never cut away."""
    who = cut(render.client(telling), 80)
    what = render.title(telling)
    if what.endswith(f": {who}"):
        # The title of a message for several names the client itself.
        what = what.removesuffix(f": {who}")
    if telling.possible_repeat:
        what = f"{render.REPEAT_TITLE}: {what}"
    return f"{cut(what, SUBJECT_LENGTH - len(who) - 3)} · {who}"


def _fit(telling: Telling, characters: int, most: int, value_length: int) -> _Parts:
    # The client stands above the text already.
    pairs = [pair for pair in render.pairs(telling) if pair != ("Client", render.client(telling))]
    return _Parts(
        title=cut(render.title(telling), 300),
        word=render.severity_word(telling),
        tone=render.tone(telling),
        client=cut(render.client(telling), 200),
        said=[cut(part, characters) for part in render.paragraphs(telling)],
        pairs=[(cut(label, 100), cut(value, value_length)) for label, value in pairs[:most]],
        link=telling.link,
        left_out=max(0, len(pairs) - most),
    )


def _size(text: str) -> int:
    return len(quopri.encodestring(text.encode()))


def _text(parts: _Parts) -> str:
    is_said = not parts.word or parts.title.startswith(f"{parts.word}: ")
    head = parts.title if is_said else f"{parts.word}: {parts.title}"
    lines = [head, f"Client: {parts.client}", ""]
    for paragraph in parts.said:
        lines += [paragraph, ""]
    lines += [f"{label}: {value}" for label, value in parts.pairs]
    if parts.left_out:
        lines.append(f"and {parts.left_out} more on the page")
    if parts.chart:
        lines += ["", alternative(parts.chart), f"Newest values: {newest(parts.chart)}"]
    if parts.link:
        lines += ["", f"Open: {parts.link}", LINK_NOTE]
    return "\n".join([*lines, "", "-- ", "Belvedere", ""])


def _html(parts: _Parts) -> str:
    title, word = escape(parts.title), escape(parts.word)
    body = "".join(
        (
            _row((f'<span class="tone" style="color:{_INKS[parts.tone]};font-weight:600">{word}</span> · ' if word else "")
                 + escape(parts.client), 13, "20px 24px 0"),
            _row(f'<strong style="font-weight:600">{title}</strong>', 20, "4px 24px 8px"),
            *(_row(_broken(part), 14, "4px 24px") for part in parts.said),
            _picture(parts.chart),
            _table(parts),
            _button(parts.link),
            _row('<span class="quiet" style="color:#6E6A62">Belvedere</span>', 12, "16px 24px 20px"),
        )
    )  # fmt: skip
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta name="supported-color-schemes" content="light dark"><title>{title}</title><style>'
        ":root{color-scheme:light dark}@media (prefers-color-scheme:dark){"
        ".canvas{background:#131312!important}.card{background:#1A1A18!important;color:#EDECE8!important}"
        f".tone{{color:{_DARK_INKS[parts.tone]}!important}}.quiet{{color:#95928A!important}}"
        ".go{background:#4A63DB!important}}</style></head>"
        '<body class="canvas" style="margin:0;padding:0;background:#FAFAF8">'
        '<table role="presentation" class="canvas" width="100%" cellpadding="0" cellspacing="0" border="0"'
        ' style="background:#FAFAF8"><tr><td align="center" style="padding:24px 12px">'
        '<table role="presentation" class="card" width="600" cellpadding="0" cellspacing="0" border="0"'
        f' style="width:600px;max-width:100%;background:#FFFFFF;color:#1B1A17;border-top:4px solid'
        f' {_INKS[parts.tone]};border-radius:8px;{_FONT}">{body}</table></td></tr></table></body></html>'
    )


def _picture(chart: Chart | None) -> str:
    if chart is None:
        return ""
    said = escape(alternative(chart))
    limit = f" · limit {figure(chart.limit, chart.unit)}, dashed" if chart.limit is not None else ""
    times = f" · {chart.times[0]} to {chart.times[-1]}" if chart.times else ""
    return _row(
        f'<span class="quiet" style="color:#6E6A62;font-size:12px">{escape(chart.label + limit + times)}</span><br>'
        f'<img src="cid:{CHART_ID}" alt="{said}" width="552" height="120"'
        ' style="display:block;width:100%;max-width:552px;height:auto;border:0">',
        12,
        "8px 24px",
    )


def _row(inner: str, size: int, padding: str) -> str:
    style = f"padding:{padding};font-size:{size}px;line-height:1.5;overflow-wrap:anywhere"
    return f'<tr><td style="{style}">{inner}</td></tr>'


def _broken(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _table(parts: _Parts) -> str:
    rows = [
        '<tr><td class="quiet" valign="top" style="color:#6E6A62;padding:3px 16px 3px 0;font-size:13px">'
        f'{escape(label)}</td><td style="padding:3px 0;font-size:13px;overflow-wrap:anywhere">'
        f"{_broken(value)}</td></tr>"
        for label, value in parts.pairs
    ]
    if parts.left_out:
        more = f"and {parts.left_out} more on the page"
        rows.append(f'<tr><td colspan="2" style="font-size:13px">{more}</td></tr>')
    inner = "".join(rows)
    return _row(f'<table cellpadding="0" cellspacing="0" border="0">{inner}</table>', 13, "8px 24px")


def _button(link: str | None) -> str:
    if link is None:
        return ""
    look = "display:inline-block;padding:8px 14px;border-radius:6px;background:#2B4ACB;color:#FFFFFF"
    style = f"{look};text-decoration:none;font-weight:500"
    opened = f'<a class="go" href="{escape(link)}" style="{style}">Open in Belvedere</a>'
    note = f'<br><span class="quiet" style="color:#6E6A62;font-size:12px">{LINK_NOTE}</span>'
    return _row(opened + note, 14, "12px 24px 0")
