"""What people are called: an act keeps the e-mail address of who did it, and shows the name."""

from collections.abc import Iterable

from sqlalchemy import text

from belvedere.core.database import ReadSession

_NAMES = text(
    "SELECT CAST(email AS text) AS email, display_name FROM core.users"
    " WHERE email = ANY (CAST(:emails AS text[])) AND display_name <> ''"
)
SHELL = "cli:"


async def name_people(session: ReadSession, actors: Iterable[str | None]) -> dict[str, str]:
    """Names of the actors that have one, as far as the session may see them."""
    asked = {actor for actor in actors if actor}
    emails = sorted(actor for actor in asked if "@" in actor)
    names = {
        actor: f"{actor.removeprefix(SHELL)} (command line)" for actor in asked if actor.startswith(SHELL)
    }
    if emails:
        found = await session.execute(_NAMES, {"emails": emails})
        names |= {row.email: row.display_name for row in found}
    return names
