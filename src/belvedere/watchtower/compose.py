"""Alert rows and messages from findings: the same words in the row, the mail and the channel."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.ids import uuid7_texts
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
    return fingerprints(rule_id, client_id, target, source_id)(external_id, kind)


def fingerprints(rule_id: UUID, client_id: int, target: str, source_id: UUID) -> Callable[[str, str], str]:
    """Identities of the alerts of one rule at one place."""
    stem = hashlib.sha256(f"{rule_id}\x1f{client_id}\x1f{target}\x1f{source_id}\x1f".encode())

    def name(external_id: str, kind: str) -> str:
        sum_ = stem.copy()
        sum_.update((f"{external_id}\x1f{kind}" if kind else external_id).encode())
        return sum_.hexdigest()

    return name


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
    shared = _Shared(rule, place, client, is_change=is_event(findings[0][0]))
    # A change has no end to tell.
    places = {"destinations": told, "end_destinations": [] if shared.is_change else told}
    ids = uuid7_texts(2 * len(findings), now)
    for (finding, kind), alert_id, event_id in zip(findings, ids[::2], ids[1::2], strict=True):
        row = shared.row(finding, kind, alert_id)
        problem = _by_template(row, rule, finding, place, client, base_url, now)
        row["event_id"] = event_id
        row["detail"] = {**places, "value": row["current_value"]}
        if problem:
            row["detail"]["template_problem"] = problem
        words = _opening_words(row, rule, finding, client, base_url) if destinations else None
        yield Draft(row, rule, finding, destinations, words)


class _Shared:
    """What is the same in every alert that one rule opens at one place, worked out once."""

    def __init__(self, rule: Rule, place: Place, client: ClientFacts, *, is_change: bool) -> None:
        self.is_change = is_change
        self._rule, self._client = rule, client
        self._name = fingerprints(rule.id, place.client_id, place.target_table, place.source_id)
        self._rule_id, self._severity = str(rule.id), rule.severity.value
        self._reason = {"rule_name": rule.name, "rule_version": rule.version}
        self._kind = EVENT if is_change else ""

    def row(self, finding: Finding, kind: str, alert_id: str) -> dict[str, Any]:
        head = finding.head
        value = wording.shown(head.value)
        reason = {**self._reason, "conditions": [condition.document() for condition in finding.conditions]}
        if kind or self._kind:
            reason["kind"] = kind or self._kind
        reason["told_value"] = value
        return {
            "id": alert_id,
            "rule_id": self._rule_id,
            "rule_client_id": self._rule.client_id,
            "record_id": finding.record_id,
            "external_id": finding.external_id or None,
            "entity_name": finding.entity_name,
            "fingerprint": self._name(finding.external_id, kind),
            "title": wording.title(finding, self._client.currency),
            "message": _sentence(self._rule, finding, kind, self._client),
            "severity": self._severity,
            "current_value": value,
            "previous_value": wording.shown(head.previous),
            "reason": reason,
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
        detail={"alert_id": row["id"], "rule_id": str(rule.id)},
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


def alert_url(base_url: str, alert_id: UUID | str) -> str | None:
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
