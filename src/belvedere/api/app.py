"""The REST door: version 1 of the API, with every domain's routes."""

from fastapi import FastAPI

from belvedere.accounts.routes import router as accounts
from belvedere.ads.routes import router as ads
from belvedere.api import system, tables
from belvedere.api.export import router as export
from belvedere.notify.routes import router as notify
from belvedere.sources.routes import router as sources
from belvedere.watchtower.routes import router as watchtower
from belvedere.watchtower.routes_backtest import router as backtest
from belvedere.watchtower.routes_code import router as rule_files
from belvedere.watchtower.routes_digests import router as digests
from belvedere.watchtower.routes_said import router as said
from belvedere.watchtower.routes_silences import router as silences

VERSION = "1.0.0"
PREFIX = "/api/v1"
DESCRIPTION = (
    "Errors are RFC 9457 problems. Lists answer `{data, meta}` with an opaque `next_cursor`; `limit` is 1 to 200."
    " Unsafe calls take an `Idempotency-Key`. Sign in with `Authorization: Bearer bvd_…`; tokens are made on the page"
    " Settings → API tokens or with `belvedere token`."
)


def install(app: FastAPI) -> None:
    # Before the routes of single rules, whose ids would take these words for theirs.
    for router in (accounts, sources, rule_files, backtest, said):
        app.include_router(router, prefix=PREFIX)
    for router in (watchtower, silences, digests, ads, notify, export, tables.router, system.router):
        app.include_router(router, prefix=PREFIX)
    app.include_router(system.open_router)
