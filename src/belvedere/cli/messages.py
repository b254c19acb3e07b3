"""Messages as their receivers would see them, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.lookups import as_uuid
from belvedere.cli.output import operator, out, print_json
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime


def add_commands(alerts: typer.Typer) -> None:
    alerts.command("message")(alerts_message)


def alerts_message(
    alert: Annotated[str, typer.Argument(help="Id of the alert.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the message of an alert as Discord and mail would show it. Nothing is sent.

    Example: belvedere alerts message 0190c7a0-0000-7000-8000-000000000000
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.watchtower.service import message_of_alert

        async with runtime.db.read(Scope.service(operator())) as session:
            base_url = runtime.settings.address
            return await message_of_alert(
                session, as_uuid(alert, "an alert"), runtime.clock(), base_url=base_url
            )

    show_messages([with_runtime(act)], as_json=as_json)


def show_messages(messages: list[dict[str, Any]], *, as_json: bool, matches: int | None = None) -> None:
    """Each message as a mailbox would get it, with where it goes."""
    if as_json:
        print_json(messages)
        return
    if not messages:
        out.print("The rule finds nothing in the newest readings, so it would say nothing.")
    for item in messages:
        places = ", ".join(f"{one['channel']} {one['address']}" for one in item["destinations"])
        out.print(f"To: {places or 'nobody'}")
        out.print(f"Subject: {item['mail_subject']}")
        out.print(item["mail_text"].strip() + "\n")
        if item["problem"]:
            out.print(f"The template was not used: {item['problem']}\n")
    if matches is not None and matches > len(messages):
        out.print(f"And {matches - len(messages)} more.")
