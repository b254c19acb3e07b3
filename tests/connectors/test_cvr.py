from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from belvedere.connectors.contracts import ErrorClass
from belvedere.connectors.scraper.cvr import CVR
from belvedere.connectors.scraper.cvr_page import CvrSettings, read_cvr
from belvedere.connectors.scraper.numbers import NumberLocale, parse_localised, parse_rate
from belvedere.core.errors import ExternalError
from belvedere.core.percents import Scale

PAGE = """<html><body><table><tr><td>menu</td></tr></table>
<table class="cvr"><thead><tr><th>Period start</th><th>Visits</th><th> CVR </th></tr></thead>
<tbody>
<tr><td><time datetime="2026-03-02">2 March</time></td><td>9,300</td><td>2.38 %</td></tr>
<tr><td>2026-03-09</td><td>9,120</td><td>2,41</td></tr>
<tr><td>soon</td><td></td><td>2.2</td></tr>
<tr><td>2026-03-16</td><td>8,000</td><td>0.1</td></tr>
<tr><td>2026-03-16</td><td>8,000</td><td>0.2</td></tr>
<tr><td>2026-03-16</td><td>8,000</td><td>0.1</td></tr>
<tr><td></td><td></td><td></td></tr>
</tbody></table></body></html>"""


def settings(**fields):
    headings = {"period_heading": "Period start", "cvr_heading": "CVR"}
    return CvrSettings(**{"url": "https://shop.example/cvr", **headings, **fields})


def test_a_table_is_read_by_its_headings_and_bad_rows_are_named():
    reading = read_cvr(PAGE.encode(), settings())
    assert reading.rows == [
        {"Visits": "9,300", "period_start": "2026-03-02", "cvr": "2.38"},
        {"Visits": "8,000", "period_start": "2026-03-16", "cvr": "0.1"},
    ]
    assert [(p.row_number, p.code) for p in reading.problems] == [
        (2, "wrong_number"),
        (3, "wrong_date"),
        (5, "duplicate_id"),
    ]
    assert "1,234.5" in reading.problems[0].detail


def test_german_numbers_are_read_as_declared():
    page = "<table><tr><th>Woche ab</th><th>Rate</th></tr><tr><td>02.03.2026</td><td>2,38%</td></tr></table>"
    german = settings(
        period_heading="woche AB", cvr_heading="Rate", number_locale="de", date_format="%d.%m.%Y"
    )
    assert read_cvr(page.encode(), german).rows == [{"period_start": "2026-03-02", "cvr": "2.38"}]


def test_a_single_figure_is_read_with_its_period():
    page = '<time id="from" datetime="2026-03-02T00:00:00Z">Monday</time>: <b class="rate">0.0238</b>'
    single = settings(selector=".rate", period_selector="#from", rate_scale="fraction")
    assert read_cvr(page.encode(), single).rows == [{"period_start": "2026-03-02", "cvr": "2.38"}]


def test_a_changed_page_says_what_is_missing():
    with pytest.raises(ExternalError, match="headings") as failure:
        read_cvr(b"<p>We moved</p>", settings())
    assert failure.value.permanent
    assert failure.value.code == "page_changed"


def test_a_single_figure_needs_its_period():
    with pytest.raises(ValidationError):
        settings(selector=".rate")
    with pytest.raises(ValidationError):
        settings(colour="red")


async def test_the_page_is_fetched_over_http(serve, http):
    async def page(_request):
        return HTMLResponse(PAGE)

    root = await serve(Starlette(routes=[Route("/cvr", page)]))
    (read,) = [page async for page in CVR.pages(http, settings(url=f"{root}/cvr"), {}, None)]
    assert len(read.rows) == 2
    assert read.expected_total == 5
    with pytest.raises(ExternalError) as failure:
        [page async for page in CVR.pages(http, settings(url=f"{root}/gone"), {}, None)]
    assert CVR.classify(failure.value) is ErrorClass.PERMANENT


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_a_number_written_in_a_locale_is_read_back_and_never_as_another(number):
    english = f"{number:,.3f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_localised(english, NumberLocale.EN) == number
    assert parse_localised(german, NumberLocale.DE) == number
    for text, locale in ((english, NumberLocale.DE), (german, NumberLocale.EN)):
        try:
            assert parse_localised(text, locale) == number * 1000
        except ValueError:
            continue


@given(st.text(max_size=12), st.sampled_from(NumberLocale))
def test_any_text_is_a_number_or_a_reason(text, locale):
    try:
        parse_localised(text, locale)
    except ValueError as error:
        reason = str(error)
    else:
        reason = "a number"
    assert reason


@pytest.mark.parametrize("text", ["1,23", "12,34,567", "1.2.3", "1e5", "2.4 or so", "", "٣", "0,123", "--1"])
def test_doubtful_english_numbers_are_refused(text):
    with pytest.raises(ValueError, match=r"empty|not a number"):
        parse_localised(text, NumberLocale.EN)


def test_a_percent_sign_contradicts_a_fraction():
    assert parse_rate("2.4 %", NumberLocale.EN, Scale.PERCENT) == Decimal("2.4")
    with pytest.raises(ValueError, match="percent sign"):
        parse_rate("2.4%", NumberLocale.EN, Scale.FRACTION)
