"""Alert rows and messages from findings: the same words in the row, the mail and the channel."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.ids import uuid7_texts
from belvedere.notify.contracts import (
    ChannelKind,
    Destination,
    Message,
    distinct_mails,
    webhook_address,
)
from belvedere.notify.service import alert_facts, render_or_words
from belvedere.watchtower import wording
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Finding, Place, Rule, Verdict
from belvedere.watchtower.hits import Hits, hits_of
from belvedere.watchtower.judged import Findings

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
    agency_mails: tuple[str, ...] = ()
    """Who is told where a rule of the program finds no channel of the client; known where such rules are judged."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Alerts of one rule to open at one place, as columns of their rows. `shared` is what all of them have."""

    rule: Rule
    client: ClientFacts
    base_url: str
    kind: str
    findings: Sequence[Finding]
    destinations: tuple[Destination, ...]
    shared: dict[str, Any]
    columns: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.columns["id"])

    def message(self, at: int) -> Message:
        """What the opening of one of them says to each destination."""
        columns, client = self.columns, self.client
        conditions = self.findings[at].conditions
        return Message(
            title=columns["title"][at],
            text=columns["message"][at],
            severity=self.rule.severity,
            client_name=client.name,
            url=alert_url(self.base_url, columns["id"][at]),
            fields=wording.fields(conditions, self.rule.name, client.name, client.currency),
            detail={"alert_id": columns["id"][at], "rule_id": str(self.rule.id)},
        )


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
) -> Iterable[Batch]:
    """The alerts to open for entities that the rule fired on, and for those without a value."""
    if not verdict.opened and not verdict.silent:
        return
    rule = verdict.rule
    destinations = told_at_once(rule, client)
    for findings, kind in ((verdict.opened, ""), (verdict.silent, NO_DATA)):
        for hits, group in columns_of(findings):
            shared = _shared(rule, hits, kind, destinations)
            columns = _columns(rule, hits, kind, place, client, now)
            batch = Batch(rule, client, base_url, kind, group, destinations, shared, columns)
            if rule.title_template is not None or rule.message_template is not None:
                _apply_templates(batch, place, now)
            yield batch


def told_at_once(rule: Rule, client: ClientFacts) -> tuple[Destination, ...]:
    return tuple(destinations_of(rule, client)) if rule.notify_immediately else ()


def columns_of(findings: Sequence[Finding]) -> Iterable[tuple[Hits, Sequence[Finding]]]:
    """Findings as columns; those that were made one by one stay so."""
    if isinstance(findings, Findings):
        if findings:
            yield findings.hits, findings
        return
    for finding in findings:
        yield hits_of(finding), (finding,)


def _shared(rule: Rule, hits: Hits, kind: str, destinations: Sequence[Destination]) -> dict[str, Any]:
    is_change = any(is_event_word(reasons.base.condition) for reasons in hits.conditions)
    told = [destination_document(destination) for destination in destinations]
    reason = {"rule_name": rule.name, "rule_version": rule.version}
    if kind or is_change:
        reason["kind"] = kind or EVENT
    return {
        "rule_id": rule.id,
        "rule_client_id": rule.client_id,
        "rule_version": str(rule.version),
        "severity": rule.severity.value,
        "reason": reason,
        # A change has no end to tell.
        "places": {"destinations": told, "end_destinations": [] if is_change else told} if told else None,
    }


def _columns(
    rule: Rule, hits: Hits, kind: str, place: Place, client: ClientFacts, now: datetime
) -> dict[str, list[Any]]:
    count = len(hits.external_ids)
    name = fingerprints(rule.id, place.client_id, place.target_table, place.source_id)
    titles, messages = wording.words(hits, rule.name, client.name, client.currency)
    head = hits.conditions[0]
    if kind == NO_DATA:
        said = f"{head.base.label} has no value to judge. Rule “{rule.name}”, client {client.name}."
        messages = [said] * count
    return {
        "id": uuid7_texts(count, now),
        "record_id": hits.record_ids,
        "external_id": [external_id or None for external_id in hits.external_ids],
        "entity_name": hits.names,
        "fingerprint": [name(external_id, kind) for external_id in hits.external_ids],
        "title": titles,
        "message": messages,
        "current_value": wording.shown_all(head.values),
        "previous_value": wording.shown_all(head.previous),
        "conditions": _conditions(hits),
        "problem": [None] * count,
    }


def _conditions(hits: Hits) -> list[str]:
    """Why each fired, as JSON: every condition with its value, limit and result."""
    columns = [reasons.documents() for reasons in hits.conditions]
    return [f"[{','.join(documents)}]" for documents in zip(*columns, strict=True)]


def _apply_templates(batch: Batch, place: Place, now: datetime) -> None:
    """Put the words of the rule's own templates into the rows, or keep why the built-in ones stand there."""
    rule, client, columns = batch.rule, batch.client, batch.columns
    for at, finding in enumerate(batch.findings):
        words = columns["title"][at], columns["message"][at]
        facts = alert_facts(
            kind="opened",
            title=words[0],
            text=words[1],
            url=alert_url(batch.base_url, columns["id"][at]),
            severity=rule.severity,
            client={"id": client.id, "name": client.name, "currency": client.currency},
            rule={"id": str(rule.id), "name": rule.name, "severity": rule.severity},
            entity={"id": finding.external_id, "name": finding.entity_name},
            conditions=[condition.document() for condition in finding.conditions],
            now=now,
            source=f"{place.provider}/{place.endpoint}",
        )
        said = render_or_words(rule.title_template, rule.message_template, facts, words)
        columns["title"][at], columns["message"][at] = said.title, said.text
        columns["problem"][at] = said.problem


def is_event(finding: Finding) -> bool:
    return any(is_event_word(condition.condition) for condition in finding.conditions)


def is_event_word(condition: str) -> bool:
    return kind_of(condition).is_event


def alert_url(base_url: str, alert_id: UUID | str) -> str | None:
    return f"{base_url.rstrip('/')}/alerts/{alert_id}" if base_url else None


def destinations_of(rule: Rule, client: ClientFacts) -> Iterable[Destination]:
    """Where a rule's messages go. A rule for every client prefers the client's own channel, others their
    own.
    """
    if rule.builtin:
        yield from _destinations_of_builtin(rule, client)
        return
    is_global = rule.client_id != client.id
    if rule.notify_discord:
        choices = (rule.discord_channel_id, client.discord_channel_id)
        address = next((choice for choice in (reversed(choices) if is_global else choices) if choice), None)
        if address:
            yield discord_destination(address)
    if rule.notify_email:
        lists = (rule.email_recipients, client.email_recipients)
        recipients = next((found for found in (reversed(lists) if is_global else lists) if found), ())
        for address in distinct_mails(recipients):
            yield Destination(ChannelKind.EMAIL, address)
    if rule.notify_webhook:
        hooks = (rule.webhook_channel_id, client.webhook_channel_id)
        hook = next((found for found in (reversed(hooks) if is_global else hooks) if found), None)
        if hook:
            yield Destination(ChannelKind.WEBHOOK, webhook_address(hook), hook)


def _destinations_of_builtin(rule: Rule, client: ClientFacts) -> Iterable[Destination]:
    """A rule that comes with the program tells the client's Discord channel, else the agency by mail; never the
    client's own recipients. Channels that somebody gave it come first.
    """
    found = list(
        destinations_of(replace(rule, builtin=None, client_id=client.id, notify_email=False), client)
    )
    if rule.notify_email and (rule.email_recipients or not found):
        addresses = rule.email_recipients or client.agency_mails
        found += [Destination.email(address) for address in distinct_mails(addresses)]
    yield from found


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
