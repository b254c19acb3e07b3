"""Errors of the API as RFC 9457 problems: one shape for every route."""

from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from belvedere.api.wrong_input import said_of
from belvedere.core.errors import BelvedereError, FieldProblem
from belvedere.core.logs import correlation_id

MEDIA_TYPE = "application/problem+json"
TYPE_ROOT = "/docs/reference/errors#"

TITLES = {
    400: "Malformed request",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Unsupported media type",
}


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    instance: str,
    errors: tuple[FieldProblem, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": f"{TYPE_ROOT}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "correlation_id": correlation_id(),
    }
    if errors:
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors]
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def of_error(request: Request, error: BelvedereError) -> Response:
    """A problem out of one of our own errors; inner failures say nothing of their inside."""
    detail = error.detail if error.status < 500 or error.status in (502, 503) else "The error was recorded."
    headers = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(int(retry_after) + 1)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        error.status,
        error.code,
        error.title,
        detail,
        instance=request.url.path,
        errors=error.errors,
        headers=headers,
    )


def of_validation(request: Request, error: RequestValidationError) -> Response:
    """FastAPI's own reading of a request that does not fit its schema."""
    found = tuple(
        FieldProblem(pointer(item["loc"]), str(item["type"]), said_of(item)) for item in error.errors()
    )
    first = found[0] if found else None
    detail = f"{first.pointer}: {first.detail}" if first else "The request does not fit."
    return problem(422, "invalid", "The input is not valid", detail, instance=request.url.path, errors=found)


def of_http(request: Request, error: HTTPException) -> Response:
    title = TITLES.get(error.status_code, "Not possible")
    return problem(
        error.status_code,
        title.lower().replace(" ", "_"),
        title,
        str(error.detail),
        instance=request.url.path,
        headers=dict(error.headers or {}),
    )


def of_crash(request: Request) -> Response:
    return problem(
        500,
        "internal",
        "Something went wrong",
        "The error was recorded under the reference in correlation_id.",
        instance=request.url.path,
    )


def pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer for a body field; `query/limit` and the like for the others."""
    parts = [str(part) for part in location]
    if parts[:1] == ["body"]:
        return "/" + "/".join(parts[1:])
    return "/".join(parts)
