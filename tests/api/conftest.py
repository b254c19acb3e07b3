"""One running application, everybody's token, and a filled house where a test asks for it."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from tests.api.house import Clock, House, add_tokens, fill
from tests.people import People

from belvedere.accounts import service as accounts
from belvedere.asgi import create_app
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.wiring.modules import connect_modules


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data_dir=tmp_path, allow_private_networks="127.0.0.0/8", max_upload_bytes=200_000)


@pytest.fixture
async def runtime(settings: Settings, db: Database) -> AsyncIterator[Runtime]:
    connect_modules()
    accounts.use_keyring(accounts.load_keyring(settings))
    http = HttpClient(settings)
    yield Runtime(settings, db, http=http, clock=Clock())
    await http.aclose()


@pytest.fixture
def house(runtime: Runtime, admin: psycopg.Connection, people: People) -> House:
    """Everybody has a token; nothing was read yet."""
    return House(create_app(runtime), runtime, admin, people, add_tokens(admin, people))


@pytest.fixture
async def filled(house: House) -> House:
    await fill(house)
    return house


@pytest.fixture
async def owner(house: House):
    async with house.caller("owner") as caller:
        yield caller


@pytest.fixture
async def anybody(house: House):
    async with house.caller("anonymous") as caller:
        yield caller
