"""Alert rows and messages from findings: the same words in the row, the mail and the channel."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.ids import new_id
from belvedere.notify.contracts import (
    ChannelKind,
    DeliveryRequest,
    Destination,
    Message,
    MessageKind,
)
from belvedere.watchtower import wording
from belvedere.watchtower.contracts import Condition, Finding, Place, Rule, Verdict
from belvedere.watchtower.repository import ClosedAlert

WEBHOOK_PREFIX = "webhook:"
ALERT = "alert"


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What messages need of a client."""

    id: int
    name: str
    currency: str
    discord_channel_id: str | None = None
    email_recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert to open, as its row, with the messages that will tell of it."""

    row: dict[str, Any]
    rule: Rule
    finding: Finding
    destinations: tuple[Destination, ...]
    message: Message


def fingerprint(rule_id: UUID, client_id: int, target: str, source_id: UUID, external_id: str) -> str:
    """The identity of an alert: its rule, client, target and entity, never the record, which each reading
    renews.
    """
    parts = (str(rule_id), str(client_id), target, str(source_id), external_id)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def draft_alerts(
    verdict: Verdict, place: Place, client: ClientFacts, base_url: str, now: datetime
) -> Iterable[Draft]:
    """Every alert that a verdict opens."""
    rule = verdict.rule
    destinations = tuple(destinations_of(rule, client)) if rule.notify_immediately else ()
    told = [destination_document(destination) for destination in destinations]
    for finding in verdict.opened:
        alert_id = new_id(now)
        title = wording.title(finding, client.currency)
        message = wording.message(finding.conditions, rule.name, client.name, client.currency)
        row = {
            "id": alert_id,
            "event_id": new_id(now),
            "rule_id": rule.id,
            "rule_client_id": rule.client_id,
            "record_id": finding.record_id,
            "external_id": finding.external_id,
            "entity_name": finding.entity_name,
            "fingerprint": fingerprint(
                rule.id, place.client_id, place.target_table, place.source_id, finding.external_id
            ),
            "title": title,
            "message": message,
            "severity": rule.severity,
            "current_value": wording.shown(finding.head.value),
            "previous_value": wording.shown(finding.head.previous),
            "reason": reason_document(rule, finding),
            "detail": {
                "destinations": told,
                # A change has no end to tell.
                "end_destinations": [] if is_event(finding) else told,
                "value": wording.shown(finding.head.value),
            },
        }
        words = Message(
            title=title,
            text=message,
            severity=rule.severity,
            client_name=client.name,
            url=alert_url(base_url, alert_id),
            fields=wording.fields(finding.conditions, rule.name, client.name, client.currency),
            detail={"alert_id": str(alert_id), "rule_id": str(rule.id)},
        )
        yield Draft(row, rule, finding, destinations, words)


def is_event(finding: Finding) -> bool:
    return any(condition.condition == Condition.CHANGED for condition in finding.conditions)


def reason_document(rule: Rule, finding: Finding) -> dict[str, Any]:
    """Why it fired: every condition with its value, limit and result."""
    return {
        "rule_name": rule.name,
        "rule_version": rule.version,
        "conditions": [condition.document() for condition in finding.conditions],
    }


def alert_url(base_url: str, alert_id: UUID) -> str | None:
    return f"{base_url.rstrip('/')}/alerts/{alert_id}" if base_url else None


def destinations_of(rule: Rule, client: ClientFacts) -> Iterable[Destination]:
    """Where a rule's messages go. A rule for every client prefers the client's own channel, others their
    own.
    """
    is_global = rule.client_id != client.id
    if rule.notify_discord:
        choices = (rule.discord_channel_id, client.discord_channel_id)
        address = next((choice for choice in (reversed(choices) if is_global else choices) if choice), None)
        if address:
            yield discord_destination(address)
    if rule.notify_email:
        lists = (rule.email_recipients, client.email_recipients)
        recipients = next((found for found in (reversed(lists) if is_global else lists) if found), ())
        for address in dict.fromkeys(recipients):
            yield Destination(ChannelKind.EMAIL, address)


def discord_destination(address: str) -> Destination:
    """A channel id for the bot, or `webhook:<uuid>` for a stored webhook."""
    return Destination.discord(address)


def destination_document(destination: Destination) -> dict[str, Any]:
    channel_id = str(destination.channel_id) if destination.channel_id else None
    return {"channel": destination.channel, "address": destination.address, "channel_id": channel_id}


def destination_from(document: dict[str, Any]) -> Destination:
    channel_id = document.get("channel_id")
    return Destination(
        ChannelKind(document["channel"]), document["address"], UUID(channel_id) if channel_id else None
    )


def opening_requests(draft: Draft, client_id: int) -> list[DeliveryRequest]:
    alert_id = draft.row["id"]
    return [
        DeliveryRequest(client_id, ALERT, alert_id, MessageKind.OPENED, destination, draft.message)
        for destination in draft.destinations
    ]


def closing_requests(closed: ClosedAlert, client_name: str, base_url: str) -> list[DeliveryRequest]:
    """The end is told wherever the beginning was, whatever the rule says now."""
    title, text = wording.closed_text(closed.reason, closed.title)
    message = Message(
        title=title,
        text=text,
        severity=closed.severity,
        client_name=client_name,
        url=alert_url(base_url, closed.id),
        fields=(("Client", client_name), ("Alert", closed.title)),
        detail={"alert_id": str(closed.id), "rule_id": str(closed.rule_id)},
    )
    return [
        DeliveryRequest(
            closed.client_id, ALERT, closed.id, MessageKind.RESOLVED, destination_from(document), message
        )
        for document in closed.destinations
    ]
