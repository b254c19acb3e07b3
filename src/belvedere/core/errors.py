"""Errors that carry an HTTP status and a stable code; one handler per door renders them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong input: `pointer` names the field (JSON pointer or form field), `detail` says how to mend it."""

    pointer: str
    code: str
    detail: str


def writable(words: str) -> str:
    """Words of a file may hold what neither UTF-8 nor PostgreSQL can; it is shown as a mark instead."""
    return words.encode("utf-8", "replace").decode().replace("\x00", "␀")


class BelvedereError(Exception):
    """Something went wrong that a person can act on."""

    status = 500
    code = "internal"
    title = "Something went wrong"

    def __init__(self, detail: str, *, errors: Sequence[FieldProblem] = (), code: str | None = None) -> None:
        detail = writable(detail)
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        if code is not None:
            self.code = code


class Invalid(BelvedereError):
    """The input does not hold; each wrong field is named."""

    status = 422
    code = "invalid"
    title = "The input is not valid"


class NotFound(BelvedereError):
    """The thing does not exist, or not for this person."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(BelvedereError):
    """The request does not fit the present state."""

    status = 409
    code = "conflict"
    title = "Conflict"


class Unauthorized(BelvedereError):
    """Nobody is signed in."""

    status = 401
    code = "unauthorized"
    title = "Sign in first"


class Forbidden(BelvedereError):
    """The signed-in person may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class TooManyRequests(BelvedereError):
    """Too many tries; `retry_after` in seconds says when the next may come."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class SetupError(BelvedereError):
    """The installation cannot run as it is set up: a wrong address, a port in use, a folder that cannot be written."""

    status = 503
    code = "setup"
    title = "Belvedere cannot run like this"


class ExternalError(BelvedereError):
    """An outside service failed. `permanent` tells whether trying again can help; `retry_after` is in seconds."""

    status = 502
    code = "external"
    title = "An outside service failed"

    def __init__(
        self,
        detail: str,
        *,
        provider: str,
        permanent: bool,
        code: str | None = None,
        status_code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.provider = provider
        self.permanent = permanent
        self.status_code = status_code
        self.retry_after = retry_after
