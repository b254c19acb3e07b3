"""The figures outlive the rows they were made from, so each test leaves them empty."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from tests.outreach.mails import NOW

from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.outreach.jobs import FIGURES


@pytest.fixture
def figures(admin: psycopg.Connection) -> Iterator[psycopg.Connection]:
    yield admin
    for table in ("email_sends", "email_send_months", "lead_outcomes"):
        admin.execute(f"DELETE FROM outreach.{table}")  # type: ignore[call-overload]
    for name in FIGURES:
        admin.execute(f"REFRESH MATERIALIZED VIEW outreach.{name}")  # type: ignore[call-overload]


@pytest.fixture
async def runtime(settings: Settings, db: Database) -> AsyncIterator[Runtime]:
    runtime = Runtime(settings=settings, db=db, http=HttpClient(settings), clock=lambda: NOW)
    yield runtime
    await runtime.http.aclose()
