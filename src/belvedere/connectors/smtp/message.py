"""Building a mail; nothing in it can become a header of its own. No clock, no input or output."""

import re
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from belvedere.core.errors import FieldProblem, Invalid

MAX_SUBJECT = 250
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN_SPEC = re.compile(r"[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,255}", re.ASCII)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>", re.ASCII)


def parse_address(text: str, *, pointer: str = "") -> Address:
    """`Name <a@b.example>` or `a@b.example`, exactly one; raises Invalid for everything else."""
    if _CONTROL.search(text):
        raise _wrong(text, "a line break or control character is inside", pointer)
    try:
        header = SMTP.header_factory("to", text)
        found: tuple[Address, ...] = header.addresses
    except (HeaderParseError, ValueError, IndexError):
        raise _wrong(text, "write it like name@example.com", pointer) from None
    if len(found) != 1 or header.defects or not found[0].addr_spec.isascii():
        raise _wrong(text, "write it like name@example.com", pointer)
    if not (found[0].username and found[0].domain and _PLAIN_SPEC.fullmatch(found[0].addr_spec)):
        raise _wrong(text, "write it like name@example.com", pointer)
    return found[0]


def build_message(
    *,
    sender: str,
    recipient: str,
    subject: str,
    text: str,
    message_id: str,
    sent_at: datetime,
    html: str | None = None,
    headers: dict[str, str] | None = None,
    images: dict[str, bytes] | None = None,
) -> EmailMessage:
    """A mail with a text part and, if given, an HTML part; `images` are PNGs that it shows as `cid:<name>`.

    `message_id` (`<key@host>`) is the same for the same message, so that a second copy can be recognised.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Invalid("A Message-ID looks like <key@host>.", code="message_id")
    message = EmailMessage(policy=SMTP)
    message["From"] = parse_address(sender, pointer="/sender")
    message["To"] = parse_address(recipient, pointer="/recipient")
    message["Subject"] = _one_line(subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    for name, value in (headers or {}).items():
        message[name] = _one_line(value)
    message.set_content(text, cte="quoted-printable")
    if html is not None:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        shown = list(message.iter_parts())[1]
        for name, png in (images or {}).items():
            shown.add_related(png, "image", "png", cid=f"<{name}>", disposition="inline")
    return message


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _wrong(text: str, why: str, pointer: str) -> Invalid:
    shown = _CONTROL.sub(" ", text)[:80]
    detail = f"“{shown}” is not an e-mail address: {why}."
    problems = (FieldProblem(pointer, "not_an_address", detail),) if pointer else ()
    return Invalid(detail, errors=problems, code="not_an_address")
