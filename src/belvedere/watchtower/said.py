"""The very messages of a rule or of an alert, as each receiver would see them. Nothing is stored and nobody is told."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.notify.contracts import Message
from belvedere.notify.service import alert_facts, render_or_words, show_message
from belvedere.watchtower import wording
from belvedere.watchtower.backtest_drafts import stored_rows
from belvedere.watchtower.compose import ClientFacts, alert_url, draft_alerts
from belvedere.watchtower.contracts import ConditionReason, Rule, Verdict
from belvedere.watchtower.judging import client_facts
from belvedere.watchtower.lists import get_alert
from belvedere.watchtower.preview import Preview, PreviewFinding, preview_rule
from belvedere.watchtower.receivers import find_receivers, find_told_receivers

MOST_MESSAGES = 20


async def messages_of_rule(
    session: ReadSession,
    rules: Sequence[Rule],
    client_ids: Collection[int],
    now: datetime,
    *,
    base_url: str = "",
    most: int = MOST_MESSAGES,
) -> dict[str, Any]:
    """What the rule would say of its matches in the newest readings, each match in a message of its own."""
    found = await preview_rule(session, rules, client_ids, now)
    messages = await messages_of_preview(session, rules[0], found, now, base_url=base_url, most=most)
    return {
        "matches": len(found.findings),
        "data_as_of": found.data_as_of,
        "left_out": [one.document() for one in found.left_out],
        "messages": messages,
    }


async def messages_of_preview(
    session: ReadSession, head: Rule, found: Preview, now: datetime, *, base_url: str = "", most: int
) -> list[dict[str, Any]]:
    """The messages of what a preview found, the first ones."""
    clients: dict[int, ClientFacts] = {}
    receivers: dict[int, list[dict[str, Any]]] = {}
    messages = []
    for item in found.findings[:most]:
        if item.client_id not in clients:
            clients[item.client_id] = await client_facts(session, item.client_id)
            receivers[item.client_id] = await find_receivers(session, head, clients[item.client_id])
        said = _message_of(head, item, clients[item.client_id], base_url, now)
        messages.append({**said, "destinations": receivers[item.client_id]})
    return messages


def _message_of(
    head: Rule, item: PreviewFinding, client: ClientFacts, base_url: str, now: datetime
) -> dict[str, Any]:
    verdict = Verdict(rule=head, entities=1, opened=(item.finding,))
    # Without an address the message has no link: the alert is not there yet.
    batch = next(iter(draft_alerts(verdict, item.place, client, "", now)))
    problem = batch.columns["problem"][0]
    shown = show_message(batch.message(0), address=base_url, problem=problem, client_id=client.id, at=now)
    return {
        "client_id": client.id or None,
        "client_name": client.name,
        "external_id": item.finding.external_id or None,
        "entity_name": item.finding.entity_name,
        "is_open": item.is_open,
        **asdict(shown),
    }


async def message_of_alert(
    session: ReadSession,
    alert_id: UUID,
    now: datetime,
    *,
    base_url: str = "",
    title_template: str | None = None,
    message_template: str | None = None,
) -> dict[str, Any]:
    """The message of an alert that is there. Templates that are given stand in for those of its rule."""
    alert = await get_alert(session, alert_id)
    client = await client_facts(session, alert["client_id"] or 0)
    rule = await _rule_of(session, alert["rule_id"])
    if rule is not None:
        rule = replace(
            rule,
            title_template=title_template or rule.title_template,
            message_template=message_template or rule.message_template,
        )
    message, problem = _stored_message(alert, rule, client, base_url, now)
    return {
        "client_id": alert["client_id"],
        "client_name": client.name,
        "external_id": alert["external_id"],
        "entity_name": alert["entity_name"],
        "is_open": alert["state"] == "open",
        "destinations": await find_receivers(session, rule, client)
        if rule
        else await find_told_receivers(session, alert_id, client),
        **asdict(show_message(message, address=base_url, problem=problem, client_id=client.id, at=now)),
    }


async def _rule_of(session: ReadSession, rule_id: str | None) -> Rule | None:
    try:
        return (await stored_rows(session, UUID(rule_id)))[0] if rule_id else None
    except NotFound:
        return None


def _stored_message(
    alert: dict[str, Any], rule: Rule | None, client: ClientFacts, base_url: str, now: datetime
) -> tuple[Message, str | None]:
    documents = (alert["reason"] or {}).get("conditions") or []
    reasons = tuple(ConditionReason(**{**one, "rule_id": UUID(one["rule_id"])}) for one in documents)
    url = alert_url(base_url, alert["id"])
    name = alert["rule_name"] or "Deleted rule"
    words = (alert["title"], alert["message"])
    problem = None
    if rule is not None and (rule.title_template or rule.message_template):
        facts = alert_facts(
            kind="opened", title=words[0], text=words[1], url=url, severity=alert["severity"],
            client={"id": client.id, "name": client.name, "currency": client.currency},
            rule={"id": str(rule.id), "name": rule.name, "severity": rule.severity},
            entity={"id": alert["external_id"], "name": alert["entity_name"]}, conditions=documents, now=now,
            source=alert["source_name"], number=alert["number"], occurrences=alert["occurrences"],
            first_seen=datetime.fromisoformat(alert["first_seen_at"]),
            last_seen=datetime.fromisoformat(alert["last_seen_at"]),
        )  # fmt: skip
        made = render_or_words(rule.title_template, rule.message_template, facts, words)
        words, problem = (made.title, made.text), made.problem
    fields = wording.fields(reasons, name, client.name, client.currency)
    message = Message(
        title=words[0],
        text=words[1],
        severity=alert["severity"],
        client_name=client.name,
        url=url,
        fields=fields,
    )
    return message, problem
