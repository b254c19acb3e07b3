from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from belvedere.connectors.contracts import ErrorClass
from belvedere.connectors.omnisend.connector import AUTOMATIONS, CAMPAIGNS
from belvedere.connectors.omnisend.paging import next_cursor, unseen
from belvedere.connectors.omnisend.rows import normalise
from belvedere.connectors.omnisend.settings import OmnisendSettings
from belvedere.connectors.omnisend.statistics import report_body, with_counts
from belvedere.core.errors import ExternalError
from belvedere.core.percents import Scale

KEY = {"api_key": "brand-key"}
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def campaign(number, **fields):
    return {
        "campaignID": f"c{number}",
        "name": f"Mail {number}",
        "status": "sent",
        "type": "standart",
        **fields,
    }


async def read(connector, http, settings, cursor=None, credential=KEY):
    return [page async for page in connector.pages(http, settings, credential, cursor)]


def rows_in(pages):
    return [row for page in pages for row in page.rows]


class Lists:
    """A list by offset or cursor that remembers what it was asked."""

    def __init__(self, items, key="campaigns", *, by_cursor=False, twist=None):
        self.items, self.key, self.by_cursor, self.twist = items, key, by_cursor, twist
        self.asked = []
        self.app = Starlette(
            routes=[
                Route("/v3/campaigns", self.answer),
                Route("/v5/campaigns", self.answer),
                Route("/v3/automations", self.answer),
                Route("/v5/automations", self.answer),
                Route("/api/campaigns", self.answer),
                Route("/api/analytics/reports", self.report, methods=["POST"]),
            ]
        )
        self.reports = []

    async def answer(self, request):
        query = dict(request.query_params)
        self.asked.append((request.url.path, query, dict(request.headers)))
        start = int(query.get("after") or query.get("offset") or 0)
        size = int(query["limit"])
        document = {self.key: self.items[start : start + size], "paging": {"offset": start, "limit": size}}
        more = start + size < len(self.items)
        if self.by_cursor:
            document["paging"] = {"cursors": {"after": str(start + size) if more else None}, "hasMore": more}
        elif more:
            document["paging"]["next"] = (
                f"http://elsewhere.example/v3/x?offset={start + size}&limit={size}&key=1"
            )
        if self.twist:
            self.twist(document, len(self.asked))
        return JSONResponse(document)

    async def report(self, request):
        body = await request.json()
        self.reports.append(body)
        ids = body["queries"][0]["filters"][0]["values"]
        days = [
            {
                "timestamp": f"2026-03-0{day}T00:00:00Z",
                "activity": name,
                "sent": 10 * day,
                "opened": day,
                "clicked": 1,
            }
            for name in ids
            if name != "c2"
            for day in (1, 2)
        ]
        return JSONResponse({"reports": [{"alias": "campaigns", "rows": days}]})


async def test_v3_follows_offsets_and_keeps_the_key_at_home(serve, http):
    lists = Lists([campaign(n, sent=n) for n in range(250)], key="campaign")
    root = await serve(lists.app)
    pages = await read(CAMPAIGNS, http, OmnisendSettings(base_url=root))
    assert [row["campaignID"] for row in rows_in(pages)] == [f"c{n}" for n in range(250)]
    assert [page.next_cursor for page in pages] == ["limit=100&offset=100", "limit=100&offset=200", None]
    assert {headers["x-api-key"] for _, _, headers in lists.asked} == {"brand-key"}
    assert all("key" not in query for _, query, _ in lists.asked)


async def test_a_reading_resumes_from_a_cursor(serve, http):
    lists = Lists([campaign(n) for n in range(30)])
    root = await serve(lists.app)
    settings = OmnisendSettings(base_url=root, page_size=10)
    first = await read(CAMPAIGNS, http, settings)
    rest = await read(CAMPAIGNS, http, settings, cursor=first[0].next_cursor)
    assert rows_in(first)[10:] == rows_in(rest)


async def test_v5_lists_without_counts_leave_them_absent(serve, http):
    items = [{"id": f"c{n}", "name": "x", "status": "sent", "channel": "email"} for n in range(12)]
    lists = Lists(items, by_cursor=True)
    root = await serve(lists.app)
    pages = await read(CAMPAIGNS, http, OmnisendSettings(base_url=root, api_version="v5", page_size=5))
    rows = rows_in(pages)
    assert [row["campaignID"] for row in rows] == [f"c{n}" for n in range(12)]
    assert all("sent" not in row and "opened" not in row for row in rows)
    assert rows[0]["channel"] == "email"


async def test_2026_signs_in_its_own_way_and_sums_the_days_of_a_report(serve, http):
    lists = Lists([{"id": f"c{n}", "createdAt": "2026-02-01T00:00:00Z"} for n in range(3)], by_cursor=True)
    root = await serve(lists.app)
    connector = CAMPAIGNS.__class__(**{**CAMPAIGNS.__dict__, "clock": lambda: NOW})
    pages = await read(connector, http, OmnisendSettings(base_url=root, api_version="2026-03-15"))
    headers = lists.asked[0][2]
    assert headers["authorization"] == "Omnisend-API-Key brand-key"
    assert headers["omnisend-version"] == "2026-03-15"
    rows = rows_in(pages)
    assert (rows[0]["sent"], rows[0]["opened"], rows[0]["clicked"]) == (30, 3, 2)
    assert "sent" not in rows[2]
    query = lists.reports[0]["queries"][0]
    assert query["dateRange"] == {"from": "2026-02-01T00:00:00Z", "to": "2026-03-20T12:00:00Z"}


async def test_statistics_can_be_left_out(serve, http):
    lists = Lists([{"id": "c1"}], by_cursor=True)
    root = await serve(lists.app)
    await read(CAMPAIGNS, http, OmnisendSettings(base_url=root, api_version="2026-03-15", statistics=False))
    assert lists.reports == []


async def test_automations_take_their_status_from_is_enabled(serve, http):
    items = [{"id": "a1", "name": "Welcome", "isEnabled": True}, {"automationID": "a2", "status": "paused"}]
    lists = Lists(items, key="automations")
    root = await serve(lists.app)
    rows = rows_in(await read(AUTOMATIONS, http, OmnisendSettings(base_url=root)))
    assert [(row["automationID"], row["status"]) for row in rows] == [("a1", "enabled"), ("a2", "paused")]


async def test_a_repeated_cursor_ends_as_a_temporary_error(serve, http):
    def stuck(document, _asked):
        document["paging"] = {"cursors": {"after": "5"}, "hasMore": True}

    lists = Lists([campaign(n) for n in range(20)], by_cursor=True, twist=stuck)
    root = await serve(lists.app)
    with pytest.raises(ExternalError, match="again and again") as failure:
        await read(CAMPAIGNS, http, OmnisendSettings(base_url=root, page_size=5))
    assert failure.value.permanent is False
    assert CAMPAIGNS.classify(failure.value) is ErrorClass.RETRY


async def test_a_page_of_another_place_is_asked_for_again(serve, http):
    def once(document, asked):
        if asked == 2:
            document["campaigns"] = lists.items[:10]
            document["paging"]["offset"] = 0

    lists = Lists([campaign(n) for n in range(25)], twist=once)
    root = await serve(lists.app)
    pages = await read(CAMPAIGNS, http, OmnisendSettings(base_url=root, page_size=10))
    assert len(rows_in(pages)) == 25


async def test_an_endless_list_ends_with_a_setting_to_raise(serve, http):
    lists = Lists([campaign(n) for n in range(50)])
    root = await serve(lists.app)
    with pytest.raises(ExternalError, match="Most pages"):
        await read(CAMPAIGNS, http, OmnisendSettings(base_url=root, page_size=5, max_pages=3))


async def test_a_row_that_is_no_object_is_a_problem_and_the_rest_comes(serve, http):
    lists = Lists([campaign(1), "oops", campaign(2)])
    root = await serve(lists.app)
    (page,) = await read(CAMPAIGNS, http, OmnisendSettings(base_url=root))
    assert len(page.rows) == 2
    assert page.problems[0].row_number == 2


async def test_an_answer_without_a_list_is_temporary(serve, http):
    lists = Lists([], key="other")
    root = await serve(lists.app)
    with pytest.raises(ExternalError, match="campaign or campaigns") as failure:
        await read(CAMPAIGNS, http, OmnisendSettings(base_url=root))
    assert not failure.value.permanent


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, ErrorClass.AUTH),
        (403, ErrorClass.AUTH),
        (410, ErrorClass.GONE),
        (404, ErrorClass.PERMANENT),
        (429, ErrorClass.RETRY),
        (500, ErrorClass.RETRY),
    ],
)
async def test_refusals_are_told_apart(serve, http, status, expected):
    async def refuse(_request):
        return JSONResponse({"error": "no"}, status)

    root = await serve(Starlette(routes=[Route("/v3/campaigns", refuse)]))
    with pytest.raises(ExternalError) as failure:
        await read(CAMPAIGNS, http, OmnisendSettings(base_url=root))
    assert CAMPAIGNS.classify(failure.value) is expected


async def test_a_missing_key_is_said_before_any_request(http):
    with pytest.raises(ExternalError, match="no Omnisend API key") as failure:
        await read(CAMPAIGNS, http, OmnisendSettings(base_url="http://127.0.0.1:1"), credential={})
    assert CAMPAIGNS.classify(failure.value) is ErrorClass.AUTH


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (0.2931, Scale.FRACTION, 29.31),
        (29.31, Scale.PERCENT, 29.31),
        (1, Scale.FRACTION, 100),
        (None, Scale.PERCENT, None),
    ],
)
def test_rates_follow_the_declared_scale(value, scale, expected):
    assert normalise({"id": "c", "openRate": value}, "campaignID", scale)["openRate"] == expected


@given(st.integers(0, 1_000_000))
def test_a_fraction_becomes_exactly_its_percent(millionths):
    fraction = millionths / 1_000_000
    got = normalise({"id": 1, "openRate": fraction}, "campaignID", Scale.FRACTION)["openRate"]
    assert round(got * 10_000) == millionths
    assert len(repr(got).partition(".")[2]) <= 4 or "e" in repr(got)


@given(st.lists(st.integers(0, 60)), st.integers(1, 9), st.randoms(use_true_random=False))
def test_repeated_and_reordered_pages_neither_double_nor_lose_a_row(numbers, size, random):
    pages = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    served = pages + [page for page in pages if random.random() < 0.5]
    random.shuffle(served)
    seen: set[str] = set()
    kept = [row for page in served for row in unseen([campaign(n) for n in page], "campaignID", seen)]
    assert sorted(row["campaignID"] for row in kept) == sorted({f"c{n}" for n in numbers})


def test_rows_without_an_id_are_kept_to_be_refused_by_name():
    assert len(unseen([{"name": "a"}, {"name": "b"}], "campaignID", set())) == 2


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_link_to_the_next_page_never_brings_other_parameters(value, token):
    document = {"paging": {"next": f"https://evil.example/?offset=5&token={token}&x={value}"}}
    cursor = next_cursor(document, asked=None, received=5, page_size=5)
    assert {name for name, _ in parse_qsl(cursor or "")} <= {"limit", "offset", "after", "cursor", "page"}


def test_without_paging_a_full_page_asks_for_the_next():
    assert next_cursor({}, asked="offset=10", received=5, page_size=5) == "offset=15"
    assert next_cursor({}, asked="offset=10", received=4, page_size=5) is None


def test_counts_of_unknown_campaigns_and_wrong_types_are_left_out():
    answer = {
        "reports": [
            {"alias": "campaigns", "rows": [{"activity": "c1", "sent": "12", "opened": 3}, {"sent": 1}]}
        ]
    }
    assert with_counts([{"campaignID": "c1"}, {"campaignID": "c9"}], answer) == [
        {"campaignID": "c1", "opened": 3},
        {"campaignID": "c9"},
    ]
    assert report_body([{"name": "no id"}], NOW) is None
