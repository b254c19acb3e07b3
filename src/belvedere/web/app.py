"""The pages as one part of the web application: routes, assets, and errors for people."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from belvedere.accounts.door import Access, optional_principal, person_scope, runtime_of
from belvedere.accounts.permissions import Permission
from belvedere.accounts.service import is_first_run
from belvedere.core.context import Scope
from belvedere.core.errors import BelvedereError
from belvedere.core.logs import correlation_id
from belvedere.core.runtime import Runtime
from belvedere.web import (
    answers,
    pages_accounts,
    pages_alert_acts,
    pages_alerts,
    pages_alerts_ads,
    pages_channels,
    pages_clients,
    pages_credentials,
    pages_deliveries,
    pages_digests,
    pages_docs,
    pages_door,
    pages_health,
    pages_live,
    pages_overview,
    pages_packs,
    pages_people,
    pages_rejects,
    pages_rule,
    pages_rule_form,
    pages_rules,
    pages_search,
    pages_settings,
    pages_silences,
    pages_snapshots,
    pages_sources,
    pages_static,
    pages_system,
    pages_tables,
    pages_tokens,
)
from belvedere.web.assets import CONTENT_SECURITY_POLICY
from belvedere.web.view import look, nobody

PAGES = (
    pages_static, pages_door, pages_live, pages_overview, pages_search, pages_alerts, pages_alert_acts, pages_alerts_ads,
    pages_silences, pages_digests, pages_deliveries, pages_rules, pages_health, pages_packs, pages_rule_form, pages_rule,
    pages_sources, pages_accounts, pages_snapshots, pages_rejects, pages_settings, pages_clients, pages_people,
    pages_credentials, pages_tokens, pages_channels, pages_system, pages_tables, pages_docs,
)  # fmt: skip
WHAT = {
    403: "You may not do this.",
    404: "This page does not exist, or not for you.",
    405: "This address does not take that.",
    429: "Too many requests at once.",
    503: "Belvedere cannot answer right now.",
}


def install(app: FastAPI, _runtime: Runtime) -> None:
    for area in PAGES:
        app.include_router(area.router, include_in_schema=False)


async def error_page(request: Request, error: BelvedereError) -> Response:
    """Strangers are shown the way in; everybody else what happened and what to do."""
    if error.status == 401:
        return await _way_in(request)
    if error.code == "step_up_required":
        path = answers.asked_path(request) if request.method == "GET" else answers.came_from(request)
        return RedirectResponse(answers.with_query("/step-up", next=path), 303)
    inner = error.status >= 500 and error.status not in (502, 503)
    what = "The page could not be made. The error was recorded." if inner else error.detail
    errors = [{"field": item.pointer.strip("/"), "detail": item.detail} for item in error.errors]
    answer = await _page(request, error.status, error.title, what, errors=errors)
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(int(retry_after) + 1)
    return answer


async def invalid_page(request: Request, error: RequestValidationError) -> Response:
    """An address or form that does not fit: a wrong id in the address is simply not there."""
    found = error.errors()
    if any(item["loc"][:1] == ("path",) for item in found):
        return await _page(request, 404, "Not found", WHAT[404])
    errors = [{"field": str(item["loc"][-1]), "detail": str(item["msg"])} for item in found]
    return await _page(
        request, 422, "The input is not valid", "The address or form could not be read.", errors=errors
    )


async def http_error_page(request: Request, error: HTTPException) -> Response:
    title = {404: "Not found", 405: "Not possible"}.get(error.status_code, "Not possible")
    what = WHAT.get(error.status_code, str(error.detail))
    answer = await _page(request, error.status_code, title, what)
    answer.headers.update(error.headers or {})
    return answer


async def crash_page(request: Request) -> Response:
    answer = await _page(
        request, 500, "Something went wrong", "The page could not be made. The error was recorded."
    )
    # This answer is made outside of everything that adds headers to the others.
    answer.headers.update(
        {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
            "X-Correlation-Id": correlation_id() or "",
        }
    )
    return answer


async def _way_in(request: Request) -> Response:
    runtime = runtime_of(request)
    async with runtime.db.read(Scope.authn()) as session:
        if await is_first_run(session):
            return RedirectResponse("/setup", 303)
    path = answers.asked_path(request) if request.method == "GET" else answers.came_from(request)
    return RedirectResponse(answers.with_query("/login", next="" if path == "/" else path), 303)


async def _page(
    request: Request, status: int, title: str, what: str, *, errors: list[dict[str, str]] | None = None
) -> Response:
    problem: dict[str, Any] = {
        "status": status,
        "title": title,
        "what": what,
        "why": None,
        "act": None,
        "reference": correlation_id(),
        "errors": errors or [],
    }
    try:
        known = await _known_page(request, problem)
    except (BelvedereError, DBAPIError, OSError):
        # What refused the page may refuse the rail around it too; the sentence alone still helps.
        known = None
    ui = {**nobody(request), "now": runtime_of(request).clock()}
    return known or answers.html("error.html", {"ui": ui, "problem": problem}, status=status)


async def _known_page(request: Request, problem: dict[str, Any]) -> Response | None:
    principal = await optional_principal(request)
    if principal is None:
        return None
    runtime = runtime_of(request)
    async with runtime.db.read(person_scope(principal)) as session:
        access = Access(session, runtime.clock(), runtime, request, principal, Permission.ME_READ)
        view = await look(access, strict=False)
        return view.page("error.html", {"problem": problem}, status=problem["status"])
