"""Conversion figures on a page: a table with headings, or one figure. No input or output."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import Field, model_validator
from selectolax.lexbor import LexborHTMLParser, LexborNode

from belvedere.connectors.contracts import ConnectorSettings, RowProblem
from belvedere.connectors.scraper.numbers import NumberLocale, parse_rate
from belvedere.core.errors import ExternalError
from belvedere.core.percents import Scale

PROVIDER = "scraper"


class CvrSettings(ConnectorSettings):
    """Where a shop's conversion rates stand and how they are written there."""

    url: str = Field(
        title="Page",
        description="Address of the page that shows the conversion rate.",
        pattern=r"^https?://\S+$",
    )
    table_selector: str = Field(
        default="table", title="Table", description="CSS selector of the table with one row for each period."
    )
    period_heading: str = Field(
        default="Period start",
        title="Heading of the period",
        description="Column that holds the first day of a period.",
    )
    cvr_heading: str = Field(
        default="CVR",
        title="Heading of the rate",
        description="Column that holds the conversion rate.",
    )
    selector: str | None = Field(
        default=None,
        title="Single figure",
        description="CSS selector of one element with the conversion rate; the table is then not read.",
    )
    period_selector: str | None = Field(
        default=None,
        title="Period of the single figure",
        description="CSS selector of the element with the first day of the period; "
        "its datetime attribute counts first.",
    )
    date_format: str = Field(
        default="iso",
        title="Dates",
        description="How days are written: iso (2026-01-31) or a pattern such as %d.%m.%Y.",
    )
    number_locale: NumberLocale = Field(
        default=NumberLocale.EN,
        title="Numbers",
        description="en writes 1,234.5 and de writes 1.234,5. Other numbers are refused, not guessed.",
    )
    rate_scale: Scale = Field(
        default=Scale.PERCENT,
        title="Scale of the rate",
        description="percent when the page shows 2.4 or 2.4%, fraction when it shows 0.024.",
    )

    @model_validator(mode="after")
    def _single_figure_has_a_period(self) -> "CvrSettings":
        if self.selector and not self.period_selector:
            raise ValueError("a single figure needs the selector of its period, too")
        return self


@dataclass(frozen=True, slots=True)
class CvrReading:
    """What one page gave; a row that could not be read stands among the problems with its reason."""

    rows: list[dict[str, Any]]
    problems: tuple[RowProblem, ...]

    @property
    def total(self) -> int:
        """Rows that the page shows, each once."""
        return len(self.rows) + len(self.problems)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One period as it stands on the page; `date_format` is `iso` where the day stands in an attribute."""

    period: str
    date_format: str
    rate: str
    rest: dict[str, str]


class _UnreadableError(ValueError):
    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.field = field


def read_cvr(html: bytes, settings: CvrSettings) -> CvrReading:
    """Rows `{period_start, cvr, …}` with `cvr` as exact percent text; a repeated row counts once.

    Raises a permanent ExternalError when the page does not show what the settings name.
    """
    page = LexborHTMLParser(html.decode("utf-8", errors="replace"))
    found = _single(page, settings) if settings.selector else _table(page, settings)
    rows: dict[str, dict[str, Any]] = {}
    problems: list[RowProblem] = []
    for number, cells in enumerate(found, start=1):
        try:
            row = _row(cells, settings, rows)
        except _UnreadableError as error:
            payload = f"{cells.period} | {cells.rate}"[:1000]
            problems.append(RowProblem(number, error.code, error.field, f"Row {number}: {error}.", payload))
        else:
            rows[row["period_start"]] = row
    return CvrReading(list(rows.values()), tuple(problems))


def _row(cells: _Cells, settings: CvrSettings, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    try:
        start = _day(cells.period, cells.date_format).isoformat()
    except ValueError as error:
        raise _UnreadableError("wrong_date", settings.period_heading, str(error)) from None
    try:
        percent = parse_rate(cells.rate, settings.number_locale, settings.rate_scale)
    except ValueError as error:
        raise _UnreadableError("wrong_number", settings.cvr_heading, str(error)) from None
    row = {**cells.rest, "period_start": start, "cvr": format(percent, "f")}
    if known.get(start, row) != row:
        detail = f"{start} stands here twice with different figures; the first was kept"
        raise _UnreadableError("duplicate_id", settings.period_heading, detail)
    return row


def _single(page: LexborHTMLParser, settings: CvrSettings) -> Iterator[_Cells]:
    figure = page.css_first(settings.selector or "")
    period = page.css_first(settings.period_selector or "")
    if figure is None or period is None:
        missing = settings.selector if figure is None else settings.period_selector
        raise _changed(f"The page {settings.url} has no element “{missing}”.")
    stamp = period.attributes.get("datetime")
    yield _Cells(stamp or _text(period), "iso" if stamp else settings.date_format, _text(figure), {})


def _table(page: LexborHTMLParser, settings: CvrSettings) -> Iterator[_Cells]:
    wanted = (_folded(settings.period_heading), _folded(settings.cvr_heading))
    for table in page.css(settings.table_selector):
        lines = [row.css("th, td") for row in table.css("tr")]
        for index, line in enumerate(lines):
            headings = [_folded(_text(cell)) for cell in line]
            if all(name in headings for name in wanted):
                names = [_text(cell) for cell in line]
                at = (headings.index(wanted[0]), headings.index(wanted[1]))
                return _body(lines[index + 1 :], names, at, settings.date_format)
    raise _changed(
        f"The page {settings.url} has no table “{settings.table_selector}” "
        f"with the headings “{settings.period_heading}” and “{settings.cvr_heading}”."
    )


def _body(
    lines: list[list[LexborNode]], names: list[str], at: tuple[int, int], date_format: str
) -> Iterator[_Cells]:
    for line in lines:
        texts = [_text(cell) for cell in line]
        if not any(texts):
            continue
        padded = texts + [""] * (len(names) - len(texts))
        time = line[at[0]].css_first("time[datetime]") if at[0] < len(line) else None
        stamp = time.attributes.get("datetime") if time is not None else None
        rest = {
            name: text
            for place, (name, text) in enumerate(zip(names, padded, strict=False))
            if place not in at and name and text
        }
        yield _Cells(stamp or padded[at[0]], "iso" if stamp else date_format, padded[at[1]], rest)


def _day(text: str, date_format: str) -> date:
    try:
        if date_format == "iso":
            return date.fromisoformat(text.strip()[:10])
        return datetime.strptime(text.strip(), date_format).date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        shape = "2026-01-31" if date_format == "iso" else date_format
        raise ValueError(f"“{text.strip()[:40]}” is not a day written like {shape}") from None


def _changed(detail: str) -> ExternalError:
    return ExternalError(
        f"{detail} Look at the page and set the source's selectors and headings again.",
        provider=PROVIDER,
        permanent=True,
        code="page_changed",
    )


def _text(node: LexborNode) -> str:
    return " ".join(node.text(deep=True, separator=" ").split())


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
