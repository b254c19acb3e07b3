"""Requests made from the API's own description: no answer is a crash, every answer is a described one.

The application runs on a socket of its own, over a database that all examples share; the examples are the same in every run.
"""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from psycopg import sql
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.house import add_tokens
from tests.conftest import login_url, on_database
from tests.people import add_people
from tools.reference import make_app

from belvedere.accounts import service as accounts
from belvedere.asgi import create_app
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.wiring.modules import connect_modules

EXAMPLES = 2
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
document = make_app().openapi()
# The stream has no end; pushes and files are no JSON and have tests of their own.
api = schemathesis.openapi.from_dict(document).exclude(path_regex="/events/stream|/hooks/|/ingest")


@dataclass(frozen=True)
class Served:
    address: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def served(admin_url, template, tmp_path_factory) -> Iterator[Served]:
    """The application in a thread of its own."""
    name = f"belvedere_fuzz_{time.time_ns()}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    url = on_database(admin_url, name)
    with psycopg.connect(url, autocommit=True) as admin:
        tokens = add_tokens(admin, add_people(admin))
    connect_modules()
    house_settings = Settings(
        data_dir=tmp_path_factory.mktemp("fuzz"),
        allow_private_networks="127.0.0.0/8",
        requests_per_second=100_000,
    )
    accounts.use_keyring(accounts.load_keyring(house_settings))
    database = Database(login_url(url, template, "api"), login_url(url, template, "worker"), pool_size=4)
    runtime = Runtime(house_settings, database, http=HttpClient(house_settings))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(runtime), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", tokens)
    server.should_exit = True
    thread.join(20)
    listener.close()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.filterwarnings("ignore")
@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_a_described_one(case, served):
    for who in ("client 1", "owner"):
        answer = case.call(base_url=served.address, headers={"Authorization": f"Bearer {served.tokens[who]}"})
        case.validate_response(answer, checks=CHECKS)
