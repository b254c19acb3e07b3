"""Telling alerts: one message for each client and destination, however many alerts it speaks of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.ids import new_id
from belvedere.core.text import cut
from belvedere.notify.contracts import DeliveryRequest, Destination, Member, Message, MessageKind
from belvedere.notify.service import alert_facts, render_or_words
from belvedere.watchtower import wording
from belvedere.watchtower.compose import ALERT, alert_url, destination_from
from belvedere.watchtower.contracts import ResolvedReason, Severity
from belvedere.watchtower.leads import lead_document
from belvedere.watchtower.repository import ClosedAlert, ToldAlert

GROUP = "alert_group"
NAMED_RULES = 3
RANKS = {word.value: rank for rank, word in enumerate(Severity)}
GROUP_WORDS = {
    MessageKind.OPENED: "new alerts",
    MessageKind.RESOLVED: "alerts resolved",
    MessageKind.RAISED: "alerts got worse",
    MessageKind.AGAIN: "alerts still open",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to say of one alert to one destination; (alert, kind, round, destination) is told once.

    `not_before` holds it back until that moment.
    """

    client_id: int
    alert_id: UUID
    kind: MessageKind
    destination: Destination
    message: Message
    not_before: datetime | None = None
    round: int = 0
    rule_name: str = ""


def gather(tellings: Iterable[Telling], base_url: str, now: datetime) -> list[DeliveryRequest]:
    """Requests for what is to be told: alerts that share client, kind and destination share one message."""
    groups: dict[tuple[int, MessageKind, Destination, datetime | None], list[Telling]] = {}
    for telling in tellings:
        key = (telling.client_id, telling.kind, telling.destination, telling.not_before)
        groups.setdefault(key, []).append(telling)
    return [
        _single(group[0]) if len(group) == 1 else _joined(group, base_url, now) for group in groups.values()
    ]


def _single(telling: Telling) -> DeliveryRequest:
    return DeliveryRequest(
        telling.client_id,
        ALERT,
        telling.alert_id,
        telling.kind,
        telling.destination,
        telling.message,
        not_before=telling.not_before,
        round=telling.round,
    )


def _joined(group: Sequence[Telling], base_url: str, now: datetime) -> DeliveryRequest:
    """One message with the alerts as its members; those told there before drop out of it."""
    first = group[0]
    ordered = sorted(group, key=lambda telling: -RANKS.get(telling.message.severity, 0))
    return DeliveryRequest(
        first.client_id,
        GROUP,
        new_id(now),
        first.kind,
        first.destination,
        _joined_words(ordered, base_url),
        members=tuple(
            Member(telling.alert_id, telling.message.title, ALERT, telling.round) for telling in ordered
        ),
        not_before=first.not_before,
    )


def _joined_words(ordered: Sequence[Telling], base_url: str) -> Message:
    """The count stands in the title; the outbox fills it in and adds a line for each alert."""
    first = ordered[0]
    name = first.message.client_name
    rules = list(dict.fromkeys(telling.rule_name for telling in ordered if telling.rule_name))
    said = ", ".join(f"“{rule}”" for rule in rules[:NAMED_RULES])
    more = f" and {len(rules) - NAMED_RULES} more" if len(rules) > NAMED_RULES else ""
    return Message(
        title=cut(f"{{count}} {GROUP_WORDS[first.kind]}: {name}", wording.TITLE_LENGTH),
        text=f"Rules: {said}{more}." if said else "",
        severity=first.message.severity,
        client_name=name,
        url=f"{base_url.rstrip('/')}/alerts?client_id={first.client_id}" if base_url else None,
        fields=(("Client", name),),
        detail={"alert_ids": [str(telling.alert_id) for telling in ordered]},
    )


def closing_tellings(closed: ClosedAlert, client_name: str, base_url: str) -> list[Telling]:
    """The end is told wherever the beginning was, whatever the rule says now."""
    title, text = wording.closed_text(closed.reason, closed.title)
    text = _ending(closed, text)
    message = Message(
        title=title,
        text=text,
        severity=closed.severity,
        client_name=client_name,
        # Who ends alerts by changing a rule knows no address; the sender makes one of the path.
        url=alert_url(base_url, closed.id) or f"/alerts/{closed.id}",
        fields=(("Client", client_name), ("Alert", closed.title)),
        detail={"alert_id": str(closed.id), "rule_id": str(closed.rule_id)},
    )
    return [
        Telling(closed.client_id, closed.id, MessageKind.RESOLVED, destination_from(place), message)
        for place in closed.destinations
    ]


def _ending(closed: ClosedAlert, text: str) -> str:
    """The end in words: who closed it and why, or what the value is now."""
    if closed.reason is ResolvedReason.BY_PERSON and closed.actor:
        note = f" Note: {closed.note}" if closed.note else ""
        return f"Closed by {closed.actor}. The alert is closed.{note}"
    now = wording.standing(closed.conditions[0], closed.currency) if closed.conditions else None
    return f"{text} {now}" if now else text


LEADS = {
    "severity_raised": "Now {severity}: {title}",
    "worsened": "Worse: {title}",
    "told_again": "Still open: {title}",
    "reminded": "Reminder: {title}",
    "ack_expired": "Open again: {title}",
    "unsnoozed": "Back from snooze: {title}",
}
WHY = {
    "severity_raised": "Its severity rose.",
    "worsened": "The value is clearly further beyond the limit than when it was last told.",
    "told_again": "It is still open and nobody has acknowledged it.",
    "reminded": "It was acknowledged and is still open.",
    "ack_expired": "The time for which it was acknowledged has ended, and it is still open.",
    "unsnoozed": "Its snooze has ended, and it is still open.",
}


def again_tellings(told: ToldAlert, step: str, client_name: str, base_url: str) -> list[Telling]:
    """Tell an open alert once more, to whom its opening was told; `step` says why.

    What was held so far is told as an opening, once for each destination.
    """
    is_first = not told.was_told
    title, text = (told.title, told.message) if is_first else _again_words(told, step, client_name, base_url)
    message = Message(
        title=cut(title, wording.TITLE_LENGTH),
        text=text,
        severity=told.severity,
        client_name=client_name,
        url=alert_url(base_url, told.id),
        fields=(("Client", client_name), ("Rule", told.rule_name)),
        detail={"alert_id": str(told.id), "rule_id": str(told.rule_id)},
    )
    kind = MessageKind.RAISED if step in ("severity_raised", "worsened") else MessageKind.AGAIN
    if is_first:
        kind = MessageKind.OPENED
    return [
        Telling(
            told.client_id,
            told.id,
            kind,
            destination_from(place),
            message,
            round=0 if is_first else told.steps,
            rule_name=told.rule_name,
        )
        for place in told.destinations
    ]


def _again_words(told: ToldAlert, step: str, client_name: str, base_url: str) -> tuple[str, str]:
    """What got worse is told by its new value; everything else keeps the words of its opening."""
    head = lead_document(told.latest)
    if step != "worsened" or head is None or head.get("value") is None:
        return (
            LEADS[step].format(severity=told.severity, title=told.title),
            f"{WHY[step]} {_latest(told)}",
        )
    words = _worse_words(told, head, client_name)
    if told.title_template is None and told.message_template is None:
        return words
    # The rule's own words, of the values as they are now.
    facts = _facts(told, head, words, client_name, base_url)
    said = render_or_words(told.title_template, told.message_template, facts, words)
    title = words[0] if said.title == words[0] else LEADS[step].format(title=said.title)
    return title, words[1] if said.text == words[1] else f"{WHY[step]} {said.text}"


def _worse_words(told: ToldAlert, head: Mapping[str, Any], client_name: str) -> tuple[str, str]:
    now, limit = wording.figure_of(head, head["value"], told.currency), wording.limit_of(head, told.currency)
    was, first = "", _first_value(told, head)
    if first is not None:
        was = f", was {wording.figure_of(head, first, told.currency)}"
    where = f" on {told.entity}" if told.entity else ""
    since = f"{was} when it opened" if was else ""
    text = f"{head['label']} is now {now}{since}, limit {limit}. {WHY['worsened']}"
    title = f"Worse: {head['label']} now {now}{was}{where}"
    return title, f"{text} Rule “{told.rule_name}”, client {client_name}."


def _facts(
    told: ToldAlert, head: Mapping[str, Any], words: tuple[str, str], client_name: str, base_url: str
) -> dict[str, Any]:
    return alert_facts(
        kind="raised",
        title=words[0],
        text=words[1],
        url=alert_url(base_url, told.id),
        severity=told.severity,
        client={"id": told.client_id, "name": client_name, "currency": told.currency},
        rule={"id": str(told.rule_id), "name": told.rule_name, "severity": told.severity},
        entity={"id": told.external_id, "name": told.entity_name},
        conditions=[head, *(one for one in told.latest if one is not head)],
        now=told.last_seen_at,
        source=told.source,
        number=told.number,
        occurrences=told.occurrences,
        first_seen=told.first_seen_at,
        last_seen=told.last_seen_at,
    )


def _first_value(told: ToldAlert, head: Mapping[str, Any]) -> str | None:
    """What the same condition showed when the alert opened."""
    return next((one.get("value") for one in told.conditions if one["rule_id"] == head["rule_id"]), None)


def _latest(told: ToldAlert) -> str:
    head = lead_document(told.latest)
    now = wording.standing(head, told.currency) if head else None
    value = f" {now}" if head and now and _first_value(told, head) != told.current_value else ""
    return f"{told.message}{value}"
