"""Commands about messages: what went out, what was given up, and sending it again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from belvedere.cli.lookups import as_uuid, find_client, short
from belvedere.cli.output import operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid

deliveries = typer.Typer(help="Messages to channels: what went out and what did not.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(app: typer.Typer) -> None:
    app.add_typer(deliveries, name="deliveries")


@deliveries.command("list")
def list_messages(
    state: Annotated[str | None, typer.Option(help="ready, sending, sent, unknown or dead.")] = None,
    client: Annotated[str | None, typer.Option(help="Client by number or short name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Show messages, newest first.

    Example: belvedere deliveries list --state dead
    """
    rows = with_runtime(lambda runtime: _read(runtime, state, client, limit))
    if as_json:
        print_json(rows)
        return
    shown = [
        (row["id"], row["state"], row["channel"], row["address"], short(row["title"], 50), row["error"] or "")
        for row in rows
    ]
    print_table(("id", "state", "channel", "to", "message", "error"), shown, empty="No message matches.")


async def _read(runtime: Any, state: str | None, client: str | None, limit: int) -> list[dict[str, Any]]:
    from belvedere.notify.contracts import DeliveryState
    from belvedere.notify.service import DeliveryFilter, list_deliveries

    if state is not None and state not in set(DeliveryState):
        raise Invalid(f"There is no state {state!r}. There are: {', '.join(DeliveryState)}.")
    async with runtime.db.read(Scope.service(operator())) as session:
        wanted = DeliveryFilter(
            client_id=None if client is None else await find_client(session, client),
            state=None if state is None else DeliveryState(state),
        )
        return (await list_deliveries(session, wanted, limit=limit)).dicts()


@deliveries.command("resend")
def resend_messages(
    delivery: Annotated[list[str] | None, typer.Argument(help="Ids; none with --channel or --all.")] = None,
    channel: Annotated[
        str | None, typer.Option(help="Everything that this stored channel gave up, by its id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
) -> None:
    """Send again what was given up. One that may have arrived is sent again only when it is named alone.

    Example: belvedere deliveries resend --channel 0190a0a0-0000-7000-8000-000000000001
    """
    if bool(delivery) + bool(channel) + everything != 1:
        raise Invalid("Name deliveries, or --channel, or --all: one of them.")
    count = with_runtime(lambda runtime: _resend(runtime, delivery or [], channel))
    out.print(f"{count} {'message' if count == 1 else 'messages'} will be sent again.")


async def _resend(runtime: Any, words: list[str], channel: str | None) -> int:
    from belvedere.notify.service import resend, resend_many

    actor, now = operator(), runtime.clock()
    async with runtime.db.write(Scope.service(actor)) as session:
        if len(words) == 1:
            await resend(session, as_uuid(words[0], "a delivery"), actor=actor, now=now)
            return 1
        return await resend_many(
            session,
            delivery_ids=[as_uuid(each, "a delivery") for each in words] or None,
            channel_id=as_uuid(channel, "a channel") if channel else None,
            actor=actor,
            now=now,
        )


@deliveries.command("arrived")
def settle_message(delivery: Annotated[str, typer.Argument(help="Id of the delivery.")]) -> None:
    """Settle a message whose answer was lost: somebody found it at its receiver.

    Example: belvedere deliveries arrived 0190a0a0-0000-7000-8000-000000000001
    """
    with_runtime(lambda runtime: _settle(runtime, delivery))
    out.print("Settled as sent.")


async def _settle(runtime: Any, word: str) -> None:
    from belvedere.notify.service import mark_arrived

    actor = operator()
    async with runtime.db.write(Scope.service(actor)) as session:
        await mark_arrived(session, as_uuid(word, "a delivery"), actor=actor, now=runtime.clock())
