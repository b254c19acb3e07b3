"""The web application: the REST door and the pages in one server process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from belvedere.accounts.door import check_doors
from belvedere.api import app as api
from belvedere.api import problems
from belvedere.api.description import describe
from belvedere.api.middleware import Guard
from belvedere.core.errors import BelvedereError
from belvedere.core.live import LiveFeed
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.web import app as web

log = get_logger("web.server")


def create_app(runtime: Runtime) -> FastAPI:
    """The application of one server process. Refuses to start with a route that has no door."""
    production = runtime.settings.environment == "production"
    app = FastAPI(
        title="Belvedere",
        version=api.VERSION,
        description=api.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None if production else "/api/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.runtime = runtime
    app.state.live = LiveFeed(runtime.db)
    api.install(app)
    web.install(app, runtime)
    install_errors(app)
    # Pages and lists of JSON shrink to a tenth; streams are left alone by the middleware itself.
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
    app.add_middleware(
        Guard,
        max_bytes=runtime.settings.max_upload_bytes,
        https=runtime.settings.address.startswith("https"),
        on_crash=on_crash,
    )
    check_doors(app)
    describe(app)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.live.start()
    yield
    await app.state.live.stop()


def is_api(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/hooks/", "/health", "/metrics"))


def install_errors(app: FastAPI) -> None:
    """Problems for programs, pages for people."""

    @app.exception_handler(BelvedereError)
    async def on_error(request: Request, error: BelvedereError) -> Response:
        if error.status >= 500:
            log.error("request failed", path=request.url.path, code=error.code, error=error.detail)
        return problems.of_error(request, error) if is_api(request) else await web.error_page(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> Response:
        return (
            problems.of_validation(request, error)
            if is_api(request)
            else await web.invalid_page(request, error)
        )

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        return (
            problems.of_http(request, error) if is_api(request) else await web.http_error_page(request, error)
        )


async def on_crash(request: Request, error: Exception) -> Response:
    """The last answer: something happened that nobody foresaw."""
    log.error(
        "request crashed",
        path=request.url.path,
        kind=type(error).__name__,
        error=str(error),
        exc_info=error,
    )
    return problems.of_crash(request) if is_api(request) else await web.crash_page(request)
