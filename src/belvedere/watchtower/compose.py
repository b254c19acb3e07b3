"""Alert rows and messages from findings: the same words in the row, the mail and the channel."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.ids import uuid7_batch
from belvedere.notify.contracts import (
    ChannelKind,
    Destination,
    Message,
    webhook_address,
)
from belvedere.notify.service import alert_facts, render_or_words
from belvedere.watchtower import wording
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Condition, Finding, Place, Rule, Verdict

WEBHOOK_PREFIX = "webhook:"
ALERT = "alert"
NO_DATA = "no_data"
EVENT = "event"


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What messages need of a client. `webhook_channel_id` is its first active webhook channel."""

    id: int
    name: str
    currency: str
    discord_channel_id: str | None = None
    email_recipients: tuple[str, ...] = ()
    webhook_channel_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert to open, as its row, with the messages that will tell of it."""

    row: dict[str, Any]
    rule: Rule
    finding: Finding
    destinations: tuple[Destination, ...]
    message: Message | None


def fingerprint(
    rule_id: UUID, client_id: int, target: str, source_id: UUID, external_id: str, kind: str = ""
) -> str:
    """The identity of an alert: its rule, client, target and entity, never the record, which each reading
    renews. A whole reading is the entity without a name.
    """
    parts = [str(rule_id), str(client_id), target, str(source_id), external_id]
    return hashlib.sha256("\x1f".join([*parts, kind] if kind else parts).encode()).hexdigest()


def draft_alerts(
    verdict: Verdict, place: Place, client: ClientFacts, base_url: str, now: datetime
) -> Iterable[Draft]:
    """One draft for each entity that the rule fired on."""
    findings = [(finding, "") for finding in verdict.opened] + [(found, NO_DATA) for found in verdict.silent]
    if not findings:
        return
    rule = verdict.rule
    destinations = tuple(destinations_of(rule, client)) if rule.notify_immediately else ()
    told = [destination_document(destination) for destination in destinations]
    ids = uuid7_batch(2 * len(findings), now)
    for number, (finding, kind) in enumerate(findings):
        alert_id, event_id = ids[2 * number], ids[2 * number + 1]
        row = _row(rule, finding, kind, place, client, alert_id)
        problem = _by_template(row, rule, finding, place, client, base_url, now)
        row["event_id"] = event_id
        row["detail"] = {
            "destinations": told,
            # A change has no end to tell.
            "end_destinations": [] if is_event(finding) else told,
            "value": row["current_value"],
            **({"template_problem": problem} if problem else {}),
        }
        words = _opening_words(row, rule, finding, client, base_url) if destinations else None
        yield Draft(row, rule, finding, destinations, words)


def _row(
    rule: Rule, finding: Finding, kind: str, place: Place, client: ClientFacts, alert_id: UUID
) -> dict[str, Any]:
    value = wording.shown(finding.head.value)
    return {
        "id": alert_id,
        "rule_id": rule.id,
        "rule_client_id": rule.client_id,
        "record_id": finding.record_id,
        "external_id": finding.external_id or None,
        "entity_name": finding.entity_name,
        "fingerprint": fingerprint(
            rule.id, place.client_id, place.target_table, place.source_id, finding.external_id, kind
        ),
        "title": wording.title(finding, client.currency),
        "message": _sentence(rule, finding, kind, client),
        "severity": rule.severity,
        "current_value": value,
        "previous_value": wording.shown(finding.head.previous),
        "reason": {**reason_document(rule, finding, kind), "told_value": value},
    }


def _by_template(
    row: dict[str, Any],
    rule: Rule,
    finding: Finding,
    place: Place,
    client: ClientFacts,
    base_url: str,
    now: datetime,
) -> str | None:
    """Put the words of the rule's own templates into the row; gives why the built-in ones stand there instead."""
    if rule.title_template is None and rule.message_template is None:
        return None
    facts = alert_facts(
        kind="opened",
        title=row["title"],
        text=row["message"],
        url=alert_url(base_url, row["id"]),
        severity=rule.severity,
        client={"id": client.id, "name": client.name, "currency": client.currency},
        rule={"id": str(rule.id), "name": rule.name, "severity": rule.severity},
        entity={"id": finding.external_id, "name": finding.entity_name},
        conditions=row["reason"]["conditions"],
        now=now,
        source=f"{place.provider}/{place.endpoint}",
    )
    words = (row["title"], row["message"])
    said = render_or_words(rule.title_template, rule.message_template, facts, words)
    row["title"], row["message"] = said.title, said.text
    return said.problem


def _sentence(rule: Rule, finding: Finding, kind: str, client: ClientFacts) -> str:
    if kind != NO_DATA:
        return wording.message(finding.conditions, rule.name, client.name, client.currency)
    return f"{finding.head.label} has no value to judge. Rule “{rule.name}”, client {client.name}."


def _opening_words(
    row: dict[str, Any], rule: Rule, finding: Finding, client: ClientFacts, base_url: str
) -> Message:
    return Message(
        title=row["title"],
        text=row["message"],
        severity=rule.severity,
        client_name=client.name,
        url=alert_url(base_url, row["id"]),
        fields=wording.fields(finding.conditions, rule.name, client.name, client.currency),
        detail={"alert_id": str(row["id"]), "rule_id": str(rule.id)},
    )


def is_event(finding: Finding) -> bool:
    return any(kind_of(Condition(condition.condition)).is_event for condition in finding.conditions)


def reason_document(rule: Rule, finding: Finding, kind: str = "") -> dict[str, Any]:
    """Why it fired: every condition with its value, limit and result."""
    reason = {
        "rule_name": rule.name,
        "rule_version": rule.version,
        "conditions": [condition.document() for condition in finding.conditions],
    }
    kind = kind or (EVENT if is_event(finding) else "")
    return {**reason, "kind": kind} if kind else reason


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
    if rule.notify_webhook:
        hooks = (rule.webhook_channel_id, client.webhook_channel_id)
        hook = next((found for found in (reversed(hooks) if is_global else hooks) if found), None)
        if hook:
            yield Destination(ChannelKind.WEBHOOK, webhook_address(hook), hook)


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
