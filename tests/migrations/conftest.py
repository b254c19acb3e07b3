"""Both servers that Belvedere must run on, and the shapes its revisions have on the way up."""

from collections.abc import Iterator

import pytest
from tests.migrations.scratch import Scratch, Shape, fill_all, scratch

from belvedere.migrations.runner import revisions


@pytest.fixture(scope="session", params=["embedded", "15"])
def server(request: pytest.FixtureRequest) -> str:
    """A superuser's address of the embedded server, then of the oldest one."""
    return str(request.getfixturevalue("admin_url" if request.param == "embedded" else "server_15"))


def climb(address: str) -> dict[str, Shape]:
    found = {}
    with scratch(address) as place:
        place.migrate("base")
        found["base"] = place.shape()
        for revision in revisions():
            place.migrate(revision)
            found[revision] = place.shape()
    return found


@pytest.fixture(scope="session")
def embedded_shapes(admin_url: str) -> dict[str, Shape]:
    """What each revision makes of an empty database."""
    return climb(admin_url)


@pytest.fixture(scope="session")
def shapes(server: str, request: pytest.FixtureRequest) -> dict[str, Shape]:
    """The same, on the server of the test."""
    if server == request.getfixturevalue("admin_url"):
        return dict(request.getfixturevalue("embedded_shapes"))
    return climb(server)


@pytest.fixture(scope="session")
def full(server: str) -> Iterator[Scratch]:
    """A database at the newest revision with rows in every table; copied, never changed."""
    with scratch(server) as place:
        place.migrate()
        fill_all(place)
        yield place


@pytest.fixture(scope="session")
def newest(server: str) -> Iterator[Scratch]:
    """A database at the newest revision as the migrations leave it; copied, never changed."""
    with scratch(server) as place:
        place.migrate()
        yield place
