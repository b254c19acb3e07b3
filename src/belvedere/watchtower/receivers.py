"""Whom a message would reach, as the person who asks may know it: people of a client see their own addresses alone."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.context import DbRole
from belvedere.core.database import ReadSession, scope_of
from belvedere.notify.contracts import Destination, webhook_address
from belvedere.watchtower.compose import ClientFacts, destination_document, destination_from, destinations_of
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.surroundings import find_agency_mails

THE_AGENCY = "the agency"
_IS_STAFF = text("SELECT app.is_staff()")
_TOLD = text(
    "SELECT detail -> 'destinations' FROM watch.alert_events WHERE client_id = :client_id AND alert_id = :alert_id"
    " AND kind = 'opened' LIMIT 1"
)
_MAILS_IN_VIEW = text(
    "WITH own AS (SELECT unnest(email_recipients) AS email FROM core.clients WHERE id = 0)"
    " SELECT CAST(email AS text) FROM own UNION SELECT CAST(email AS text) FROM core.users"
    " WHERE NOT EXISTS (SELECT FROM own) AND is_staff AND role = 'owner' AND is_active AND deleted_at IS NULL ORDER BY 1"
)


async def find_receivers(session: ReadSession, rule: Rule, client: ClientFacts) -> list[dict[str, Any]]:
    """Where the rule's messages about a client go, the agency's own addresses included where the sender would use them."""
    is_person = scope_of(session).role is DbRole.AUTHENTICATED
    is_agency = not is_person or bool((await session.execute(_IS_STAFF)).scalar_one())
    if rule.builtin:
        mails = await _agency_mails(session, is_person=is_person) if is_agency else ()
        client = replace(client, agency_mails=mails or (THE_AGENCY,))
    found = destinations_of(rule, client)
    if is_agency:
        return [destination_document(one) for one in found]
    return list(_as_told(found, rule, client))


async def find_told_receivers(
    session: ReadSession, alert_id: UUID, client: ClientFacts
) -> list[dict[str, Any]]:
    """The same of an alert whose rule this person may not read: it is the agency's, so whom the opening was told says it."""
    told = (await session.execute(_TOLD, {"client_id": client.id, "alert_id": alert_id})).scalars().first()
    return list(_as_told((destination_from(one) for one in told or ()), None, client))


async def _agency_mails(session: ReadSession, *, is_person: bool) -> tuple[str, ...]:
    if not is_person:
        return await find_agency_mails(session)
    return tuple((await session.execute(_MAILS_IN_VIEW)).scalars())


def _as_told(
    found: Iterable[Destination], rule: Rule | None, client: ClientFacts
) -> Iterable[dict[str, Any]]:
    """An address that is neither the client's nor of a rule of its own is the agency's."""
    hook = client.webhook_channel_id
    own = {client.discord_channel_id, *client.email_recipients, webhook_address(hook) if hook else None}
    hidden: set[str] = set()
    for one in found:
        if one.address in own or (rule is not None and rule.client_id == client.id):
            yield destination_document(one)
        elif one.channel not in hidden:
            hidden.add(one.channel)
            yield {"channel": one.channel, "address": THE_AGENCY, "channel_id": None}
