"""Routes that keep their answers: what every domain builds its API on."""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute, APIRouter
from psycopg.errors import ForeignKeyViolation
from sqlalchemy.exc import DataError, IntegrityError

from belvedere.accounts.idempotent import HEADER, AlreadyAnswered, Claim
from belvedere.core.errors import Invalid, NotFound
from belvedere.core.logs import get_logger
from belvedere.core.numerals import Written

UNSTORABLE = "A value in the request cannot be stored: a broken character, or a number past its limits."

log = get_logger("accounts.routing")


class DoorRoute(APIRoute):
    """A route whose answer is stored beside its effect when the request named an Idempotency-Key.

    FastAPI calls this handler inside the stack that holds the door's transaction, so it is still open here.
    """

    keeps_answers = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if HEADER in request.headers:
                await request.body()  # read before a form parser drains the stream, for the body's hash
            try:
                response = await original(request)
            except AlreadyAnswered as answered:
                return answered.response()
            except (DataError, UnicodeEncodeError) as error:
                # Half a surrogate pair, a NUL, a number past its column: the fault of the data.
                log.warning("request.unstorable", reason=type(error.__cause__ or error).__name__)
                raise Invalid(UNSTORABLE, code="unstorable") from error
            except IntegrityError as error:
                # A named thing is not there, or went away while the request ran.
                if not isinstance(error.orig, ForeignKeyViolation):
                    raise
                log.warning("request.dangling", constraint=error.orig.diag.constraint_name)
                raise NotFound("Something that the request names is not there.") from error
            claim: Claim | None = getattr(request.state, "claim", None)
            if claim is not None:
                await claim.keep(response)
            return response

        return handle


class ExactRequest(Request):
    """A request whose JSON numbers keep their digits: a limit of 0.1 is a tenth, not the nearest binary fraction."""

    async def json(self) -> Any:
        if not hasattr(self, "_exact"):
            self._exact = json.loads(await self.body(), parse_float=Written)
        return self._exact


class ExactDoorRoute(DoorRoute):
    """A route that reads the numbers of its body as they are written."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await original(ExactRequest(request.scope, request.receive))

        return handle


def door_router(prefix: str = "", *, tags: Iterable[str] = (), exact: bool = False) -> APIRouter:
    """The router that every domain uses; `exact` for bodies with numbers that are kept as text."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=ExactDoorRoute if exact else DoorRoute)
