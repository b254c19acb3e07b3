"""Which role gets through which route; the picture is checked in and read in reviews."""

import os
import re
from pathlib import Path

import pytest
from tests.api.house import ids_of
from tests.api.requests import UNKNOWN
from tests.people import BRANDT

MATRIX = Path(__file__).parent / "matrix.txt"
CALLERS = ("owner", "analyst", "operator", "viewer", "client 1", "client 2", "anonymous")
ENDLESS = {"/api/v1/events/stream"}
ONLY_ASKING = {
    "/api/v1/rules/backtest", "/api/v1/rules/plan", "/api/v1/rules/preview", "/api/v1/digests/preview",
    "/api/v1/rules/preview-message", "/api/v1/rules/preview-messages", "/api/v1/alerts/{alert_id}/preview-message",
}  # fmt: skip
"""Questions too long for an address: they are posted, and change nothing."""
HEAD = """# What each role is answered at each route, about things of client 1. The staff below the owner work on client 1.
# Reading routes are called with things that exist; changing routes with an unknown thing or a body that does not fit,
# so that 404 and 422 mean: the door let this role in. BELVEDERE_WRITE_MATRIX=1 writes this file anew.
"""


def target(path: str, method: str, ids: dict[str, str], *, has_body: bool) -> str:
    """The address of a route: what exists where nothing can change, else what does not exist."""
    real = method == "GET" or has_body

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "kind":
            return "alerts"
        if name == "origin":
            return "watch"
        if name == "job_id":
            return "1"
        if name in ("schema", "table"):
            return {"schema": "watch", "table": "api_sources"}[name]
        if real and name in ids:
            return ids[name]
        return "99" if name == "client_id" else UNKNOWN

    return re.sub(r"\{(\w+)\}", value, path)


async def answers(house) -> list[str]:
    ids = ids_of(house, BRANDT)
    callers = {name: house.caller(name) for name in CALLERS}
    lines = []
    for path, operations in sorted(house.app.openapi()["paths"].items()):
        for verb, operation in operations.items():
            if path in ENDLESS:
                continue
            method, has_body = verb.upper(), "requestBody" in operation
            address = target(path, method, ids, has_body=has_body)
            body = {"json": {"surprise": 1}} if has_body else {}
            found = [(await callers[name].request(method, address, **body)).status_code for name in CALLERS]
            lines.append(f"{method:7}{path:66}" + "".join(f"{status:>10}" for status in found))
    for caller in callers.values():
        await caller.aclose()
    return lines


@pytest.fixture
async def matrix(filled) -> str:
    head = " " * 73 + "".join(f"{name:>10}" for name in CALLERS)
    return HEAD + "\n".join([head, *(await answers(filled))]) + "\n"


def test_every_role_gets_through_the_doors_it_should(matrix):
    if os.environ.get("BELVEDERE_WRITE_MATRIX"):
        MATRIX.write_text(matrix)
    assert matrix.splitlines() == MATRIX.read_text().splitlines()


def test_no_changing_route_lets_a_stranger_or_a_viewer_in():
    head, *rows = [line for line in MATRIX.read_text().splitlines() if not line.startswith("#")]
    assert head.split()[0] == "owner"
    for row in rows:
        method, path, *found = row.split()
        about_oneself = path.startswith(("/api/v1/me", "/api/v1/sessions"))
        if path.startswith(("/api/v1/hooks", "/health", "/metrics")):
            continue
        assert found[-1] == "401", row
        assert (
            method == "GET" or path in ONLY_ASKING or about_oneself or found[CALLERS.index("viewer")] == "403"
        ), row
