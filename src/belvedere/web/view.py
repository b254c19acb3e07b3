"""Who looks, at which client, and what they may do: the part of the context that every page shares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from belvedere.accounts.contracts import Client, ClientStatus
from belvedere.accounts.door import Access, Visit
from belvedere.accounts.service import list_clients
from belvedere.ads.service import count_inbox
from belvedere.core.errors import NotFound
from belvedere.core.schema import AGENCY
from belvedere.sources import service as sources
from belvedere.sources.contracts import Freshness
from belvedere.web import answers

AGENCY_NAME = "Agency"
MOST_CLIENTS = 2000
MOST_SOURCES = 200
THEMES = frozenset({"light", "dark"})
SECTIONS = {
    "you": "me.read",
    "clients": "clients.write",
    "people": "users.read",
    "credentials": "credentials.read",
    "channels": "channels.read",
    "tokens": "tokens.read",
    "audit": "audit.read",
    "jobs": "jobs.read",
    "tables": "schema.read",
}
"""The pages of the settings and what each asks for."""


@dataclass(frozen=True, slots=True)
class View:
    """One person's look at the program. `client` is the chosen one, None for all in reach."""

    access: Access
    everybody: dict[int, Client]
    client: Client | None
    counts: dict[str, int]
    health: dict[str, Any] | None

    @property
    def client_id(self) -> int | None:
        return None if self.client is None else self.client.id

    @property
    def clients(self) -> list[Client]:
        """Clients to choose from: without the agency itself and without archived ones."""
        return [
            client
            for client in self.everybody.values()
            if client.id != AGENCY and client.status is not ClientStatus.ARCHIVED
        ]

    def name_of(self, client_id: int | None) -> str:
        client = self.everybody.get(client_id or AGENCY)
        if client is not None and client.id != AGENCY:
            return client.name
        return AGENCY_NAME if not client_id else f"Client {client_id}"

    def named(self, client_id: int | None) -> dict[str, Any]:
        return {"id": client_id or AGENCY, "name": self.name_of(client_id)}

    def currency_of(self, client_id: int | None) -> str:
        client = self.everybody.get(client_id or AGENCY)
        return client.currency if client else ""

    def choices(self, permission: str, *, agency: str = "") -> list[tuple[str, str]]:
        """Clients that the person may do something at, as options; `agency` names the agency's own row."""
        own = [(str(AGENCY), agency)] if agency and self.access.may(permission, AGENCY) else []
        return own + [(str(c.id), c.name) for c in self.clients if self.access.may(permission, c.id)]

    def page(
        self,
        template: str,
        context: Mapping[str, Any],
        *,
        status: int = 200,
        operate: str = "alerts.write",
        configure: str = "rules.write",
        at: int | None = None,
        path: str | None = None,
        query: str | None = None,
    ) -> Response:
        """Render a page. `operate` and `configure` name what its buttons need, `at` the client they act on. A page that
        answers a form stands at the `path` and `query` that the form stood at.
        """
        access = self.access
        can = {
            "operate": access.may(operate, at),
            "configure": access.may(configure, at),
            "govern": access.may("users.write"),
        }
        ui = self.ui(path or access.request.url.path, can)
        if query is not None:
            ui["query"] = query
        answer = answers.html(template, {"ui": ui, **context}, status=status)
        return answers.forget_flash(answer, access.request)

    def ui(self, path: str, can: Mapping[str, bool]) -> dict[str, Any]:
        access = self.access
        who = access.principal
        return {
            **shared(access.request),
            "path": path,
            "now": access.now,
            "zone": who.timezone,
            "user": {"name": who.display_name or who.email, "email": who.email, "role": who.role},
            "client": {"id": self.client.id, "name": self.client.name} if self.client else None,
            "clients": [{"id": client.id, "name": client.name} for client in self.clients],
            "counts": self.counts,
            "health": self.health,
            "live": answers.with_query("/live", client=self.client_id) if access.may("alerts.read") else None,
            "can": can,
            "sections": [name for name, word in SECTIONS.items() if access.may(word)],
        }


async def look(access: Access, *, strict: bool = True, client_word: str = "") -> View:
    """Read what every page shows. NotFound for a client out of reach; not `strict` looks at all instead. `client_word`
    stands for the client where the address of a form names none.
    """
    rows = await list_clients(access.session, include_archived=True, limit=MOST_CLIENTS)
    everybody = {client.id: client for client in rows}
    client = _chosen(access.request.query_params.get("client") or client_word, everybody, strict=strict)
    counts = {"alerts": 0, "critical": 0}
    if access.may("alerts.read"):
        counts = short_counts(await count_inbox(access.session, client.id if client else None))
    health = await _health(access, client) if access.may("sources.read") else None
    return View(access, everybody, client, counts, health)


def short_counts(found: Mapping[str, Any]) -> dict[str, int]:
    return {"alerts": found["waiting"], "critical": found["critical"]}


def shared(request: Request) -> dict[str, Any]:
    """What a page needs without knowing anybody: theme, keys, the address and the toast."""
    theme = request.cookies.get("belvedere_theme", "auto")
    return {
        "theme": theme if theme in THEMES else "auto",
        "query": request.url.query if request.method == "GET" else "",
        "csrf": "",
        "flash": answers.read_flash(request),
        "keys": request.cookies.get("belvedere_keys") != "off",
    }


def door_page(visit: Visit, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    """A page for somebody who is not signed in."""
    ui = {**nobody(visit.request), "now": visit.now}
    answer = answers.html(template, {"ui": ui, **context}, status=status)
    return answers.forget_flash(answer, visit.request)


def nobody(request: Request) -> dict[str, Any]:
    return {
        **shared(request),
        "path": request.url.path,
        "now": None,
        "zone": "UTC",
        "user": None,
        "client": None,
        "clients": [],
        "counts": {"alerts": 0, "critical": 0},
        "health": None,
        "live": None,
        "can": {"operate": False, "configure": False, "govern": False},
        "sections": [],
    }


def _chosen(word: str | None, everybody: Mapping[int, Client], *, strict: bool) -> Client | None:
    if not word:
        return None
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 11 else -1
    client = everybody.get(number) if number != AGENCY else None
    if client is None and strict:
        raise NotFound("This client does not exist, or not for you.")
    return client


async def _health(access: Access, client: Client | None) -> dict[str, Any] | None:
    """The state of the data in one line: how many accounts are fresh."""
    views = await sources.list_accounts(
        access.session,
        access.now,
        limit=MOST_CLIENTS,
        client_id=client.id if client else None,
        grace_percent=access.runtime.settings.snapshot_grace_percent,
    )
    states: list[Freshness] = [
        view.freshness.state for view in views if view.freshness.state is not Freshness.OFF
    ]
    if not states:
        return None
    worst = worst_of(states)
    fresh = states.count(Freshness.FRESH)
    others = [
        f"{states.count(state)} {word}"
        for state, word in (
            (Freshness.FAILED, "failed"),
            (Freshness.LATE, "late"),
            (Freshness.NEVER, "not read yet"),
        )
        if states.count(state)
    ]
    return {
        "state": worst.value,
        "text": f"{fresh} of {len(states)} {'account' if len(states) == 1 else 'accounts'} fresh",
        "detail": ", ".join(others),
    }


_WORST_FIRST = (Freshness.FAILED, Freshness.LATE, Freshness.NEVER, Freshness.FRESH, Freshness.OFF)


def worst_of(states: Iterable[Freshness]) -> Freshness:
    return min(states, key=_WORST_FIRST.index, default=Freshness.NEVER)
