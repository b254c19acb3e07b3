"""Words of the command line into ids: clients by name, sources by provider/endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from belvedere.core.errors import FieldProblem, Invalid, NotFound

if TYPE_CHECKING:
    from belvedere.core.database import ReadSession


async def find_client(session: ReadSession, word: str) -> int:
    """A client by number, short name or name; raises NotFound with what there is."""
    from sqlalchemy import text

    found = await session.execute(
        text(
            "SELECT id FROM core.clients WHERE id::text = :word OR slug = :word OR lower(name) = lower(:word)"
        ),
        {"word": word},
    )
    row = found.one_or_none()
    if row is not None:
        return int(row.id)
    known = (await session.execute(text("SELECT id, slug FROM core.clients ORDER BY id LIMIT 20"))).all()
    names = ", ".join(f"{item.id} ({item.slug})" for item in known)
    raise NotFound(f"There is no client {word!r}. There are: {names}.")


async def find_rule_id(session: ReadSession, word: str, client_id: int | None = None) -> UUID:
    """A rule by id, short name or name; with a client, its own before those for every client."""
    from sqlalchemy import text

    found = (
        await session.execute(
            text(
                "SELECT id, client_id FROM watch.watchtower_rules"
                " WHERE id::text = :word OR slug = :word OR lower(name) = lower(:word) ORDER BY client_id, id LIMIT 200"
            ),
            {"word": word},
        )
    ).all()
    own = [row.id for row in found if client_id is not None and row.client_id == client_id]
    ids = own or [row.id for row in found if client_id is None or row.client_id == 0]
    if not ids:
        raise NotFound(f"There is no rule {word!r}. `belvedere rules list` shows them.")
    if len(ids) > 1:
        names = ", ".join(str(rule_id) for rule_id in ids[:5])
        raise Invalid(f"Several rules are called {word!r}. Name one by its id: {names}.")
    return UUID(str(ids[0]))


def split_source(word: str) -> tuple[str, str]:
    """`provider/endpoint` as its two parts."""
    provider, slash, endpoint = word.partition("/")
    if not (provider and slash and endpoint):
        raise Invalid(
            f"A source is written provider/endpoint, not {word!r}.",
            errors=[FieldProblem("/source", "shape", "For example omnisend/campaigns.")],
        )
    return provider, endpoint


async def find_source_id(session: ReadSession, word: str) -> UUID:
    from sqlalchemy import text

    from belvedere.sources.service import find_source

    provider, endpoint = split_source(word)
    found = await find_source(session, provider, endpoint)
    if found is None:
        rows = (
            await session.execute(text("SELECT provider, endpoint FROM watch.api_sources ORDER BY 1, 2"))
        ).all()
        raise NotFound(
            f"There is no source {word}. There are: {', '.join(f'{r.provider}/{r.endpoint}' for r in rows)}."
        )
    return found


async def count_open(session: ReadSession, client_id: int, source_id: UUID) -> int:
    """Alerts that stand open for one client on one source."""
    from sqlalchemy import text

    found = await session.execute(
        text(
            "SELECT count(*) FROM watch.watchtower_alerts"
            " WHERE state = 'open' AND client_id = :client_id AND source_id = :source_id"
        ),
        {"client_id": client_id, "source_id": source_id},
    )
    return int(found.scalar_one())


def as_uuid(word: str, what: str) -> UUID:
    try:
        return UUID(word)
    except ValueError as error:
        raise Invalid(f"{word!r} is not the id of {what}.") from error


def short(value: Any, width: int = 60) -> str:
    text_value = "–" if value is None else str(value)
    return text_value if len(text_value) <= width else text_value[: width - 1] + "…"
