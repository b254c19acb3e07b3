"""A message as each receiver would see it, before anything is sent. Nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from belvedere.connectors.discord.message import payload
from belvedere.notify.contracts import Message, MessageKind
from belvedere.notify.render import Telling, absolute_link, discord_message
from belvedere.notify.render_mail import mail
from belvedere.notify.render_webhook import webhook_body
from belvedere.notify.template_facts import SAMPLE
from belvedere.notify.templating import render_or_words

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""When a message without a time of its own would have been asked for."""


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """`problem` says why built-in words stand where a template was given."""

    title: str
    text: str
    problem: str | None
    discord: dict[str, Any]
    mail_subject: str
    mail_text: str
    mail_html: str
    webhook: dict[str, Any]


def preview_message(
    title_template: str | None,
    message_template: str | None,
    *,
    facts: Mapping[str, Any] | None = None,
    address: str = "",
) -> MessagePreview:
    """The message by these templates; without facts about the made-up alert that templates are tried on."""
    known = SAMPLE if facts is None else facts
    words = (str(known["title"]), str(known["text"]))
    made = render_or_words(title_template, message_template, known, words)
    message = Message(
        title=made.title,
        text=made.text,
        severity=str(known["severity"]),
        client_name=str(known["client"]["name"]),
        url=known.get("url"),
        fields=(("Rule", str(known["rule"]["name"])),),
    )
    return show_message(message, address=address, problem=made.problem)


def show_message(
    message: Message,
    *,
    address: str = "",
    problem: str | None = None,
    client_id: int = 0,
    at: datetime = LONG_AGO,
) -> MessagePreview:
    """A message that tells of a new alert, as Discord, a mailbox and an address of one's own would get it."""
    telling = Telling(MessageKind.OPENED, message, link=absolute_link(message.url, address))
    letter = mail(telling)
    return MessagePreview(
        message.title,
        message.text,
        problem,
        payload(discord_message(telling)),
        letter.subject,
        letter.text,
        letter.html,
        orjson.loads(webhook_body(telling, client_id, at)),
    )
