"""Telling alerts: one message for each client and destination, however many alerts it speaks of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from belvedere.core.ids import new_id
from belvedere.core.text import cut
from belvedere.notify.contracts import DeliveryRequest, Destination, Member, Message, MessageKind
from belvedere.watchtower import wording
from belvedere.watchtower.compose import ALERT, alert_url, destination_from
from belvedere.watchtower.contracts import Severity
from belvedere.watchtower.repository import ClosedAlert, ToldAlert

GROUP = "alert_group"
STEP = "alert_event"
NAMED = 20
RANKS = {word.value: rank for rank, word in enumerate(Severity)}
GROUP_WORDS = {
    MessageKind.OPENED: ("new alert", "new alerts"),
    MessageKind.RESOLVED: ("alert resolved", "alerts resolved"),
    MessageKind.RAISED: ("alert got worse", "alerts got worse"),
    MessageKind.AGAIN: ("alert still open", "alerts still open"),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to say of one alert to one destination; (subject, kind, destination) is told once.

    `not_before` holds it back until that moment.
    """

    client_id: int
    subject_type: str
    subject_id: UUID
    alert_id: UUID
    kind: MessageKind
    destination: Destination
    message: Message
    not_before: datetime | None = None


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
        telling.subject_type,
        telling.subject_id,
        telling.kind,
        telling.destination,
        telling.message,
        not_before=telling.not_before,
    )


def _joined(group: Sequence[Telling], base_url: str, now: datetime) -> DeliveryRequest:
    first = group[0]
    members = tuple(
        Member(telling.subject_id, telling.message.title, telling.subject_type) for telling in group
    )
    return DeliveryRequest(
        first.client_id,
        GROUP,
        new_id(now),
        first.kind,
        first.destination,
        _joined_words(group, base_url),
        members=members,
        not_before=first.not_before,
    )


def _joined_words(group: Sequence[Telling], base_url: str) -> Message:
    """The count in the title, one line each, the first of them by name."""
    first = group[0]
    ordered = sorted(group, key=lambda telling: -RANKS.get(telling.message.severity, 0))
    lines = [f"• {telling.message.title}" for telling in ordered[:NAMED]]
    if len(group) > NAMED:
        lines.append(f"and {len(group) - NAMED} more")
    name = first.message.client_name
    return Message(
        title=cut(f"{len(group)} {GROUP_WORDS[first.kind][1]}: {name}", wording.TITLE_LENGTH),
        text="\n".join(lines),
        severity=ordered[0].message.severity,
        client_name=name,
        url=f"{base_url.rstrip('/')}/alerts?client_id={first.client_id}" if base_url else None,
        fields=(("Client", name), ("Alerts", str(len(group)))),
        detail={"alert_ids": [str(telling.alert_id) for telling in group]},
    )


def closing_tellings(closed: ClosedAlert, client_name: str, base_url: str) -> list[Telling]:
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
        Telling(
            closed.client_id,
            ALERT,
            closed.id,
            closed.id,
            MessageKind.RESOLVED,
            destination_from(place),
            message,
        )
        for place in closed.destinations
    ]


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


def again_tellings(
    told: ToldAlert, step: str, event_id: UUID, client_name: str, base_url: str
) -> list[Telling]:
    """Tell an open alert once more, to whom its opening was told; `step` says why.

    What was held so far is told as an opening, once for each destination.
    """
    is_first = not told.was_told
    title = told.title if is_first else LEADS[step].format(severity=told.severity, title=told.title)
    text = told.message if is_first else f"{WHY[step]} {_latest(told)}"
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
    subject = (ALERT, told.id) if is_first else (STEP, event_id)
    return [
        Telling(
            told.client_id,
            *subject,
            told.id,
            MessageKind.OPENED if is_first else kind,
            destination_from(place),
            message,
        )
        for place in told.destinations
    ]


def _latest(told: ToldAlert) -> str:
    value = f" Newest value: {told.current_value}." if told.current_value is not None else ""
    return f"{told.message}{value}"
