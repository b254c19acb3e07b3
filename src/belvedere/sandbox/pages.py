"""The pages a person reads: what the sandbox is, the mailbox, the channels, the controls."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.clients import DISCORD_BOT_TOKEN, SANDBOX_CLIENTS
from belvedere.sandbox.faults import Mode, Target
from belvedere.sandbox.mailbox import Mail
from belvedere.sandbox.state import sandbox_of

# A mail's own page may not run anything, ask anything of the network, or be framed by others.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def discord_text(text: str) -> Markup:
    """The few marks alerts use: **bold**, `code` and [words](https://address)."""
    safe = str(escape(text))
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    safe = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\[([^\]\n]+)\]\((https?://[^\s)]+)\)", r'<a href="\2" rel="noreferrer">\1</a>', safe)
    return Markup(safe)  # noqa: S704 - escaped in the first line; only our own tags were added


def clock_time(moment: datetime | str) -> str:
    """`14:45:09`, UTC; the whole time stands in the tooltip."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{parsed:%H:%M:%S}"


def bar_colour(color: int | None) -> str:
    return f"#{color or 0x6E6A62:06x}"


def grouped(number: int) -> str:
    return f"{number:,}"


_pages = Environment(
    loader=PackageLoader("belvedere.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_pages.filters |= {
    "discord": discord_text,
    "clock": clock_time,
    "bar": bar_colour,
    "grouped": grouped,
    "quoted": quote,
}


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    theme = request.query_params.get("theme")
    html = _pages.get_template(template).render(
        theme=theme if theme in {"light", "dark"} else "", path=request.url.path, **values
    )
    return HTMLResponse(html, status)


async def index(request: Request) -> Response:
    sandbox = sandbox_of(request)
    return render(
        request,
        "index.html",
        sandbox=sandbox,
        clients=SANDBOX_CLIENTS,
        bot_token=DISCORD_BOT_TOKEN,
        messages=sum(len(channel.messages) for channel in sandbox.chat.channels.values()),
    )


async def pulse(request: Request) -> Response:
    """A number that changes whenever something arrives; open pages ask for it."""
    entries = sandbox_of(request).ledger.entries
    return JSONResponse({"seq": len(entries)}, headers={"Cache-Control": "no-store"})


async def ledger(request: Request) -> Response:
    book = sandbox_of(request).ledger
    kind = request.query_params.get("kind")
    entries = [entry.shown() for entry in book.entries if kind in (None, entry.kind)]
    return JSONResponse({"entries": entries, "totals": book.totals()})


async def mail_list(request: Request) -> Response:
    box = sandbox_of(request).mailbox
    rows = [(mail, box.copies(mail)) for mail in reversed(box.mails)]
    return render(request, "mail.html", rows=rows, sandbox=sandbox_of(request))


async def mail_json(request: Request) -> Response:
    box = sandbox_of(request).mailbox
    return JSONResponse({"messages": box.shown(), "total": len(box.mails)})


def _mail(request: Request) -> Mail | None:
    return sandbox_of(request).mailbox.find(int(request.path_params["mail_id"]))


async def mail_one(request: Request) -> Response:
    mail = _mail(request)
    if mail is None:
        return nothing_here(request, "There is no such message", "/mail", "All mail")
    return render(
        request,
        "mail_one.html",
        mail=mail,
        copies=sandbox_of(request).mailbox.copies(mail),
        html=mail.part("html"),
        text=mail.part("plain"),
    )


async def mail_html(request: Request) -> Response:
    mail = _mail(request)
    html = mail.part("html") if mail else None
    headers = {"Content-Security-Policy": _MAIL_POLICY}
    return HTMLResponse(html or "", 200 if html is not None else 404, headers)


async def mail_raw(request: Request) -> Response:
    mail = _mail(request)
    return Response(mail.raw if mail else b"", 200 if mail else 404, media_type="text/plain; charset=utf-8")


async def mail_attachment(request: Request) -> Response:
    mail = _mail(request)
    number = int(request.path_params["number"])
    found = mail.attachments if mail else []
    if not 1 <= number <= len(found):
        return Response(status_code=404)
    part = found[number - 1]
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(part.name)}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(part.content, media_type=part.content_type, headers=headers)


async def discord_channels(request: Request) -> Response:
    return render(request, "discord.html", channels=list(sandbox_of(request).chat.channels.values()))


async def discord_channel(request: Request) -> Response:
    chat = sandbox_of(request).chat
    channel = chat.channels.get(request.path_params["channel_id"])
    if channel is None:
        return nothing_here(request, "There is no such channel", "/discord", "All channels")
    return render(request, "channel.html", channel=channel, channels=list(chat.channels.values()))


async def discord_upload(request: Request) -> Response:
    upload = sandbox_of(request).chat.uploads.get(request.path_params["upload_id"])
    if upload is None:
        return Response(status_code=404)
    inline = upload.content_type in {"image/png", "image/jpeg", "image/gif", "image/webp"}
    headers = {"X-Content-Type-Options": "nosniff"} | (
        {} if inline else {"Content-Disposition": "attachment"}
    )
    return Response(upload.content, media_type=upload.content_type, headers=headers)


async def control_page(request: Request) -> Response:
    sandbox = sandbox_of(request)
    return render(
        request,
        "control.html",
        sandbox=sandbox,
        targets=list(Target),
        modes=list(Mode),
        clients=SANDBOX_CLIENTS,
    )


def nothing_here(request: Request, title: str, back: str, label: str) -> HTMLResponse:
    return render(request, "missing.html", status=404, title=title, back=back, label=label)


async def missing(request: Request, _error: Exception) -> Response:
    return nothing_here(request, "There is nothing at this address", "/", "What the sandbox serves")


ROUTES = [
    Route("/", index),
    Route("/pulse.json", pulse),
    Route("/ledger.json", ledger),
    Route("/mail", mail_list),
    Route("/mail/messages.json", mail_json),
    Route("/mail/{mail_id:int}", mail_one),
    Route("/mail/{mail_id:int}/html", mail_html),
    Route("/mail/{mail_id:int}/raw", mail_raw),
    Route("/mail/{mail_id:int}/attachments/{number:int}", mail_attachment),
    Route("/discord", discord_channels),
    Route("/discord/channels/{channel_id}", discord_channel),
    Route("/discord/attachments/{upload_id}/{name}", discord_upload),
    Route("/control", control_page),
]
