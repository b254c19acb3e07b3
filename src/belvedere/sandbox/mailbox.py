"""The mails that arrived, parsed for reading; the raw bytes are kept beside."""

import base64
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from belvedere.sandbox.ledger import Ledger

MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One arrival. Two arrivals with the same Message-ID are two of these: SMTP does not deduplicate."""

    id: int
    at: datetime
    message_id: str | None
    envelope_from: str
    envelope_to: tuple[str, ...]
    login: str | None
    raw: bytes
    parsed: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.parsed.get("Subject", "")) or "(no subject)"

    @property
    def sender(self) -> str:
        return str(self.parsed.get("From", "")) or self.envelope_from

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.parsed.items()]

    def part(self, subtype: str) -> str | None:
        """The text of the `plain` or `html` part; None when the mail has none."""
        body = self.parsed.get_body(preferencelist=(subtype,))
        return str(body.get_content()) if body is not None else None

    @property
    def attachments(self) -> list[Attachment]:
        return [
            Attachment(
                part.get_filename() or f"part-{number}",
                part.get_content_type(),
                cast("bytes", part.get_payload(decode=True) or b""),
            )
            for number, part in enumerate(self.parsed.iter_attachments(), start=1)
        ]

    def shown(self, copies: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "message_id": self.message_id,
            "copies": copies,
            "from": self.sender,
            "envelope_from": self.envelope_from,
            "to": list(self.envelope_to),
            "login": self.login,
            "subject": self.subject,
            "headers": self.headers,
            "text": self.part("plain"),
            "html": self.part("html"),
            "attachments": [
                {"name": one.name, "content_type": one.content_type, "bytes": len(one.content)}
                for one in self.attachments
            ],
        }


class Mailbox:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.mails: list[Mail] = []
        for entry in ledger.of_kind(MAIL):
            self._add(entry.at, entry.restore)

    def _add(self, at: datetime, kept: dict[str, Any]) -> Mail:
        raw = base64.b64decode(kept["raw"])
        parsed = message_from_bytes(raw, policy=policy.default)
        mail = Mail(
            id=len(self.mails) + 1,
            at=at,
            message_id=_message_id(parsed),
            envelope_from=kept["from"],
            envelope_to=tuple(kept["to"]),
            login=kept["login"],
            raw=raw,
            parsed=parsed,
        )
        self.mails.append(mail)
        return mail

    def receive(
        self, sender: str, recipients: list[str], raw: bytes, login: str | None, at: datetime
    ) -> Mail:
        """Stores one arrival; when it returns the mail is in the ledger."""
        kept = {"raw": base64.b64encode(raw).decode(), "from": sender, "to": recipients, "login": login}
        parsed = message_from_bytes(raw, policy=policy.default)
        title = str(parsed.get("Subject", ""))
        self._ledger.append(MAIL, _message_id(parsed), ", ".join(recipients), title, at, kept)
        return self._add(at, kept)

    def copies(self, mail: Mail) -> int:
        return sum(one.message_id == mail.message_id for one in self.mails) if mail.message_id else 1

    def find(self, mail_id: int) -> Mail | None:
        return self.mails[mail_id - 1] if 1 <= mail_id <= len(self.mails) else None

    def shown(self) -> list[dict[str, Any]]:
        return [mail.shown(self.copies(mail)) for mail in self.mails]

    def clear(self) -> None:
        self.mails.clear()


def _message_id(parsed: EmailMessage) -> str | None:
    return str(parsed["Message-ID"]).strip() if parsed["Message-ID"] else None
