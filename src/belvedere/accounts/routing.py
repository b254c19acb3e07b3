"""Routes that go through a door, and the check that every route does."""

from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIRouter, iter_route_contexts
from sqlalchemy.exc import DataError

from belvedere.accounts.csrf import SAFE_METHODS
from belvedere.accounts.door import Door, PublicDoor
from belvedere.accounts.idempotent import HEADER, AlreadyAnswered, Claim
from belvedere.core.errors import Invalid
from belvedere.core.logs import get_logger

UNSTORABLE = "A value in the request cannot be stored: a broken character, or a number past its limits."

log = get_logger("accounts.routing")


class DoorRoute(APIRoute):
    """A route whose answer is stored beside its effect when the request named an Idempotency-Key.

    FastAPI calls this handler inside the stack that holds the door's transaction, so it is still open here.
    """

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
            claim: Claim | None = getattr(request.state, "claim", None)
            if claim is not None:
                await claim.keep(response)
            return response

        return handle


def door_router(prefix: str = "", *, tags: Iterable[str] = ()) -> APIRouter:
    """The router that every domain uses."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=DoorRoute)


@dataclass(frozen=True, slots=True)
class RouteDoor:
    """What a route asks of its caller; `permission` is None for public routes."""

    path: str
    methods: tuple[str, ...]
    permission: str | None
    writes: bool


def doors_of(app: FastAPI) -> list[RouteDoor]:
    """Every API and page route with its door. Raises RuntimeError on a route without a right one."""
    return list(_doors(app))


def check_doors(app: FastAPI) -> None:
    """Refuse to start with a route that has no door, forgets its scope, or writes on a safe method."""
    doors_of(app)


def _doors(app: FastAPI) -> Iterator[RouteDoor]:
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute):
            continue
        path, methods = context.path or "", tuple(sorted(context.methods or ()))
        place = f"{' '.join(methods)} {path}"
        door = _single_door(context.dependant, place)
        if door.writes and SAFE_METHODS.intersection(methods):
            raise RuntimeError(f"{place} writes on a safe method")
        if not isinstance(context.original_route, DoorRoute) and door.writes:
            raise RuntimeError(f"{place} must be on a door_router, so that Idempotency-Key works")
        yield RouteDoor(path, methods, getattr(door, "permission", None), door.writes)


def _single_door(dependant: Dependant, place: str) -> Door | PublicDoor:
    found = [part for part in _flat(dependant) if isinstance(part.call, Door | PublicDoor)]
    doors = {part.call for part in found}
    if len(doors) != 1:
        raise RuntimeError(f"{place} needs exactly one door, found {len(doors)}")
    if any(part.scope != "function" for part in found):
        raise RuntimeError(
            f'{place}: its door needs scope="function", or it commits after the answer is sent'
        )
    door = doors.pop()
    if not isinstance(door, Door | PublicDoor):
        raise TypeError(place)
    return door


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    for part in dependant.dependencies:
        yield part
        yield from _flat(part)
