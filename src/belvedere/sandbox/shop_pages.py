"""The shops' own web pages, with a conversion report each writes in its own way.

Brandt writes German numbers into a plain table; Marlow adds JSON-LD; Tidewater has data attributes.
`?lang=de|en` shows the other language, so that one shop can be read in both.
"""

import json
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from belvedere.sandbox.faults import Mode
from belvedere.sandbox.pages import nothing_here, render
from belvedere.sandbox.paging import cut_page, page_mode
from belvedere.sandbox.state import sandbox_of
from belvedere.sandbox.world import CvrPeriod, Shop

WORDS = {
    "en": {
        "title": "Conversion report",
        "intro": "Online store sessions that ended with an order, by week.",
        "period": "Period start",
        "visits": "Visits",
        "orders": "Orders",
        "cvr": "CVR",
        "newest": "Last full week",
        "home": "Shop",
        "none": "No week has ended yet",
    },
    "de": {
        "title": "Conversion-Bericht",
        "intro": "Besuche im Onlineshop, die mit einer Bestellung endeten, je Woche.",
        "period": "Zeitraum ab",
        "visits": "Besuche",
        "orders": "Bestellungen",
        "cvr": "Conversion-Rate",
        "newest": "Letzte volle Woche",
        "home": "Shop",
        "none": "Noch ist keine Woche zu Ende",
    },
}


def write_percent(percent: float, language: str) -> str:
    """`2.31%` in English, `2,31 %` with a no-break space in German."""
    text = f"{percent:.2f}"
    return text.replace(".", ",") + "\u00a0%" if language == "de" else f"{text}%"


def write_count(count: int, language: str) -> str:
    return f"{count:,}".replace(",", ".") if language == "de" else f"{count:,}"


def write_day(day: date, language: str) -> str:
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {day:%b %Y}"


def row_of(period: CvrPeriod, language: str) -> dict[str, Any]:
    return {
        "start": period.starts_on.isoformat(),
        "end": (period.starts_on + timedelta(days=6)).isoformat(),
        "day": write_day(period.starts_on, language),
        "visits": write_count(period.visits, language),
        "orders": write_count(period.orders, language),
        "cvr": write_percent(period.percent, language),
        "raw_visits": period.visits,
        "raw_orders": period.orders,
        "raw_cvr": f"{period.percent:.2f}",
    }


def linked_data(shop: Shop, rows: list[dict[str, Any]]) -> Markup:
    """schema.org observations; `<` is written as an escape, so that a name cannot end the script."""
    data = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": f"Conversion rate of {shop.client.name}",
        "temporalCoverage": f"{rows[-1]['start']}/{rows[0]['end']}" if rows else "",
        "variableMeasured": [
            {
                "@type": "PropertyValue",
                "propertyID": "conversion_rate",
                "unitText": "percent",
                "value": float(row["raw_cvr"]),
                "validFrom": row["start"],
                "validThrough": row["end"],
            }
            for row in rows
        ],
    }
    return Markup(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704 - escaped just there


async def report(request: Request) -> Response:
    shop = _shop(request)
    if shop is None:
        return _no_shop(request)
    asked = request.query_params.get("lang")
    language = asked if asked in WORDS else shop.client.language
    page = cut_page(shop.periods, 0, len(shop.periods), page_mode(request))
    rows = [row_of(period, language) for period in page.items]
    if page_mode(request) is Mode.DUPLICATE_PAGES:
        rows = rows + rows
    return render(
        request,
        "report.html",
        shop=shop,
        rows=rows,
        newest=row_of(max(page.items, key=lambda one: one.starts_on), language) if page.items else None,
        language=language,
        words=WORDS[language],
        data_attributes=shop.client.slug == "tidewater",
        json_ld=linked_data(shop, rows) if shop.client.slug == "marlow" else None,
    )


async def home(request: Request) -> Response:
    shop = _shop(request)
    if shop is None:
        return _no_shop(request)
    return render(
        request, "shop.html", shop=shop, language=shop.client.language, words=WORDS[shop.client.language]
    )


async def robots(request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nAllow: /\n", 200 if _shop(request) else 404)


def _shop(request: Request) -> Shop | None:
    return sandbox_of(request).world.by_slug(request.path_params["shop"])


def _no_shop(request: Request) -> HTMLResponse:
    return nothing_here(request, "There is no such shop", "/", "What the sandbox serves")


ROUTES = [
    Route("/shop/{shop}", home),
    Route("/shop/{shop}/", home),
    Route("/shop/{shop}/robots.txt", robots),
    Route("/shop/{shop}/reports/conversion", report),
]
