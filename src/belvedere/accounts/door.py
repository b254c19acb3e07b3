"""The only place where a request becomes a person.

A route names its door and nothing else:

    @router.get("/rules")
    async def list_rules(access: Access = Depends(reading("rules.read"), scope="function")) -> ...
    @router.post("/rules")
    async def create_rule(
        body: RuleCreate, access: WriteAccess = Depends(writing("rules.write"), scope="function")
    ) -> ...

The door finds the person, asks the permission, and opens the one transaction of the request under the
person's own database role. `scope="function"` ends that transaction before the answer leaves; `check_doors`
refuses to start an app with a route that forgets it, or that has no door at all.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from belvedere.accounts import principals
from belvedere.accounts.budgets import PER_ADDRESS_REFUSED, Allowance, Budgets, per_principal
from belvedere.accounts.contracts import Principal
from belvedere.accounts.cookies import cookie_name
from belvedere.accounts.csrf import SAFE_METHODS, is_from_own_pages
from belvedere.accounts.idempotent import Claim, claim_key
from belvedere.accounts.permissions import Decision, Permission, allowed, reaches_everybody
from belvedere.core.context import ALL_CLIENTS, Scope
from belvedere.core.database import ReadSession, WriteSession, enter
from belvedere.core.errors import FieldProblem, Forbidden, NotFound, TooManyRequests, Unauthorized
from belvedere.core.runtime import Runtime
from belvedere.core.schema import AGENCY

STEP_UP_LASTS = timedelta(minutes=15)
OPEN_PATHS = frozenset({"/health", "/metrics"})
"""Answered to anybody, even while the database is away."""


@dataclass(slots=True)
class Visit:
    """A request of nobody in particular: login, first run, health."""

    session: ReadSession
    now: datetime
    runtime: Runtime
    request: Request

    @property
    def address(self) -> str:
        return client_address(self.request)


@dataclass(slots=True)
class WriteVisit(Visit):
    session: WriteSession


@dataclass(slots=True)
class Access(Visit):
    """A request of a person whom the door let in for `permission`."""

    principal: Principal
    permission: Permission

    @property
    def scope(self) -> Scope:
        """For further transactions of the same person, such as those of a stream."""
        return person_scope(self.principal)

    @property
    def actor(self) -> str:
        return self.principal.email

    def may(self, permission: str, client_id: int | None = None) -> bool:
        return allowed(self.principal, permission, client_id).allowed

    def require(self, client_id: int | None, permission: str | None = None, *, pointer: str = "") -> None:
        """Check one client: NotFound where it is out of reach, Forbidden where the role is too small. `pointer` is
        the field that named it.
        """
        refuse_unless(allowed(self.principal, permission or self.permission, client_id), pointer)

    def require_reach(self, client_id: int, refused: str) -> None:
        """As `require`; what is for every client (0) asks for somebody who reaches every client, else `refused`."""
        self.require(client_id)
        if client_id == AGENCY and not reaches_everybody(self.principal):
            raise Forbidden(refused)

    def require_step_up(self) -> None:
        """Sensitive acts of a browser session need a fresh password; a token names the scope instead."""
        if self.principal.session_id is None:
            return
        stepped_up_at = self.principal.stepped_up_at
        if stepped_up_at is None or self.now - stepped_up_at > STEP_UP_LASTS:
            raise Forbidden("Confirm your password first.", code="step_up_required")


@dataclass(slots=True)
class WriteAccess(Access):
    session: WriteSession

    def answer_holds_secret(self) -> None:
        """Keep this answer out of the idempotency store: what is shown once must not lie in a table."""
        claim: Claim | None = self.request.state.claim
        if claim is not None:
            claim.shows_secret = True


@dataclass(frozen=True)
class Door:
    """A FastAPI dependency that opens the transaction of a request for somebody with `permission`."""

    permission: Permission
    writes: bool

    async def __call__(self, request: Request) -> AsyncIterator[Access]:
        runtime = runtime_of(request)
        now = runtime.clock()
        async with _transaction(runtime, Scope.authn(), writes=self.writes) as session:
            found = await find_principal(request, session, now)
            if found is None:
                raise stranger(request, now)
            principal = found.principal
            refuse_unless(allowed(principal, self.permission))
            spend(
                request,
                f"user:{principal.token_id or principal.user_id}",
                per_principal(runtime.settings),
                now,
            )
            await enter(session, person_scope(principal), read_only=not self.writes)
            kind = WriteAccess if self.writes else Access
            access = kind(WriteSession(session), now, runtime, request, principal, self.permission)
            request.state.access = access
            request.state.claim = await self._claim(access)
            yield access
        if found.needs_touch(now):
            async with runtime.db.write(Scope.authn()) as session:
                await principals.touch(session, principal, now)

    async def _claim(self, access: Access) -> Claim | None:
        return (
            await claim_key(access.request, WriteSession(access.session), access.principal, access.now)
            if self.writes
            else None
        )


@dataclass(frozen=True)
class PublicDoor:
    """A FastAPI dependency for routes that anybody may call; its transaction sees logins and nothing else."""

    writes: bool

    async def __call__(self, request: Request) -> AsyncIterator[Visit]:
        runtime = runtime_of(request)
        refuse_forged(request, has_cookie=False)
        async with _transaction(runtime, Scope.authn(), writes=self.writes) as session:
            kind = WriteVisit if self.writes else Visit
            yield kind(WriteSession(session), runtime.clock(), runtime, request)


@dataclass(frozen=True)
class OpenDoor:
    """A route that proves its caller otherwise, or tells nobody anything: signed pushes, static pages."""

    reason: str

    async def __call__(self) -> None:
        return None


def reading(permission: str) -> Door:
    """A READ ONLY transaction for somebody who may do `permission` at one client at least."""
    return Door(Permission(permission), writes=False)


def writing(permission: str) -> Door:
    """A transaction that commits before the answer is sent, for somebody who may do `permission`."""
    return Door(Permission(permission), writes=True)


def public_reading() -> PublicDoor:
    return PublicDoor(writes=False)


def public_writing() -> PublicDoor:
    """For login and first run: reads people, writes sessions and throttles, creates the first owner."""
    return PublicDoor(writes=True)


def open_to_all(reason: str) -> OpenDoor:
    """No person and no transaction; `reason` says what guards the route instead."""
    return OpenDoor(reason)


async def optional_principal(request: Request) -> Principal | None:
    """Who is asking, if anybody: for pages that strangers may see. Opens a short transaction of its own."""
    runtime = runtime_of(request)
    async with runtime.db.read(Scope.authn()) as session:
        found = await find_principal(request, session, runtime.clock())
    return found.principal if found else None


async def find_principal(request: Request, session: ReadSession, now: datetime) -> principals.Found | None:
    """The live session or token of a request. A request that shows a token is judged by the token alone."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        kind, _, token = authorization.partition(" ")
        return await principals.by_token(session, token.strip(), now) if kind.lower() == "bearer" else None
    settings = runtime_of(request).settings
    cookie = request.cookies.get(cookie_name(settings))
    if not cookie:
        return None
    refuse_forged(request, has_cookie=True)
    return await principals.by_cookie(
        session, cookie, now, idle=timedelta(minutes=settings.session_idle_minutes)
    )


def refuse_forged(request: Request, *, has_cookie: bool) -> None:
    """Refuse an unsafe request that another site made a browser send."""
    address = runtime_of(request).settings.address
    if not is_from_own_pages(request.method, request.headers, address, has_cookie=has_cookie):
        raise Forbidden("This request did not come from a page of Belvedere.", code="cross_site")


def stranger(request: Request, now: datetime) -> Unauthorized:
    spend(request, f"refused:{client_address(request)}", PER_ADDRESS_REFUSED, now)
    return Unauthorized("Sign in, or send a live API token as `Authorization: Bearer bvd_…`.")


def refuse_unless(decision: Decision, pointer: str = "") -> None:
    if decision.hidden:
        problems = [FieldProblem(pointer, "unknown", decision.reason)] if pointer else []
        raise NotFound(decision.reason, errors=problems)
    if not decision:
        raise Forbidden(decision.reason)


def spend(request: Request, key: str, allowance: Allowance, now: datetime) -> None:
    """Take one request from a budget of this process."""
    budgets = getattr(request.app.state, "budgets", None)
    if budgets is None:
        budgets = request.app.state.budgets = Budgets()
    wait = budgets.wait_seconds(key, allowance, now)
    if wait:
        raise TooManyRequests("Too many requests at once.", retry_after=wait)


def person_scope(principal: Principal) -> Scope:
    clients = ALL_CLIENTS if principal.token_client_id is None else principal.token_client_id
    return Scope.person(principal.user_id, clients, actor=principal.email)


def client_address(request: Request) -> str:
    """The address of the peer; a forwarded one counts only where the server was told to trust its proxy."""
    return request.client.host if request.client else "unknown"


def runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


@asynccontextmanager
async def _transaction(runtime: Runtime, scope: Scope, *, writes: bool) -> AsyncIterator[ReadSession]:
    async with runtime.db.write(scope) if writes else runtime.db.read(scope) as session:
        yield session


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
        door = _single_door(context.dependant, place, is_open=path in OPEN_PATHS)
        if door is None:
            continue
        if door.writes and SAFE_METHODS.intersection(methods):
            raise RuntimeError(f"{place} writes on a safe method")
        if door.writes and not getattr(context.original_route, "keeps_answers", False):
            raise RuntimeError(f"{place} must be on a door_router, so that Idempotency-Key works")
        yield RouteDoor(path, methods, getattr(door, "permission", None), door.writes)


def _single_door(dependant: Dependant, place: str, *, is_open: bool) -> Door | PublicDoor | None:
    found = [(part.call, part.scope) for part in _flat(dependant)]
    if is_open or any(isinstance(call, OpenDoor) for call, _ in found):
        return None
    doors = {call: scope for call, scope in found if isinstance(call, Door | PublicDoor)}
    if len(doors) != 1:
        raise RuntimeError(f"{place} needs exactly one door, found {len(doors)}")
    ((door, scope),) = doors.items()
    if scope != "function":
        raise RuntimeError(
            f'{place}: its door needs scope="function", or it commits after the answer is sent'
        )
    return door


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    for part in dependant.dependencies:
        yield part
        yield from _flat(part)
