"""Commands about alerts: list them, take them, let them rest, comment, close."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.lookups import as_uuid, find_client, short
from belvedere.cli.output import operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sized

    from belvedere.core.runtime import Runtime

alerts = typer.Typer(help="What was found.", no_args_is_help=True)
AlertArgument = Annotated[str, typer.Argument(help="Id of the alert.")]
NoteOption = Annotated[str | None, typer.Option(help="A word for the timeline.")]
UNTIL = "An ISO time with its zone, or a length from now such as 4h, 90min or 2 days."


@alerts.command("list")
def alerts_list(
    state: Annotated[str, typer.Option(help="open or resolved.")] = "open",
    client: Annotated[str | None, typer.Option(help="Only this client.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print alerts, newest first.

    Example: belvedere alerts list --state open --json
    """
    from belvedere.watchtower.contracts import AlertState

    if state not in [str(word) for word in AlertState]:
        raise Invalid(f"--state: {state!r} is not one of open, resolved.")

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.watchtower.service import AlertFilter, list_alerts

        async with runtime.db.read(Scope.service(operator())) as session:
            client_id = await find_client(session, client) if client else None
            wanted = AlertFilter(state=AlertState(state), client_id=client_id)
            return (await list_alerts(session, wanted, limit=limit)).rows()

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "severity", "client", "what", "since", "acknowledged"),
        [(a["id"], a["severity"], a["client_id"], short(a["title"] or a["message"], 70), a["created_at"][:16],
          a["acknowledged_by"]) for a in found],
        empty="No open alerts." if state == "open" else "No resolved alerts.",
    )  # fmt: skip


@alerts.command("ack")
def alerts_ack(
    alert: AlertArgument,
    note: NoteOption = None,
    until: Annotated[str | None, typer.Option(help=f"Give it back then. {UNTIL}")] = None,
) -> None:
    """Take an open alert.

    Example: belvedere alerts ack 0190c7a0-0000-7000-8000-000000000000 --note "on it"
    """
    from belvedere.watchtower.service import acknowledge

    def take(now: datetime) -> dict[str, Any]:
        return {"until": read_until(until, now) if until else None}

    out.print(
        "Acknowledged."
        if move(acknowledge, alert, note, take)
        else "It was acknowledged or resolved already."
    )


@alerts.command("unack")
def alerts_unack(alert: AlertArgument, note: NoteOption = None) -> None:
    """Give a taken alert back.

    Example: belvedere alerts unack 0190c7a0-0000-7000-8000-000000000000
    """
    from belvedere.watchtower.service import unacknowledge

    out.print(
        "Given back." if move(unacknowledge, alert, note) else "Nobody had taken it, or it is resolved."
    )


@alerts.command("resolve")
def alerts_resolve(
    alert: AlertArgument,
    note: NoteOption = None,
) -> None:
    """Close an open alert by hand.

    Example: belvedere alerts resolve 0190c7a0-0000-7000-8000-000000000000
    """

    async def act(runtime: Runtime) -> int:
        from belvedere.watchtower.service import resolve

        async with runtime.db.write(Scope.service(operator())) as session:
            ids = [as_uuid(alert, "an alert")]
            done = await resolve(session, ids, actor=operator(), now=runtime.clock(), note=note,
                                 base_url=runtime.settings.address)  # fmt: skip
            return len(done)

    out.print("Resolved." if with_runtime(act) else "It was resolved already.")


@alerts.command("snooze")
def alerts_snooze(
    alert: AlertArgument,
    until: Annotated[str, typer.Option(help=UNTIL)],
    note: NoteOption = None,
) -> None:
    """Put an open alert out of sight and keep it quiet until a time.

    Example: belvedere alerts snooze 0190c7a0-0000-7000-8000-000000000000 --until 4h
    """

    async def act(runtime: Runtime) -> tuple[int, datetime]:
        from belvedere.watchtower.service import snooze

        async with runtime.db.write(Scope.service(operator())) as session:
            now = runtime.clock()
            end = read_until(until, now)
            ids = [as_uuid(alert, "an alert")]
            return len(await snooze(session, ids, end, actor=operator(), now=now, note=note)), end

    moved, end = with_runtime(act)
    out.print(f"Snoozed until {end:%Y-%m-%d %H:%M} UTC." if moved else "It was resolved already.")


@alerts.command("unsnooze")
def alerts_unsnooze(alert: AlertArgument, note: NoteOption = None) -> None:
    """Bring a snoozed alert back into sight.

    Example: belvedere alerts unsnooze 0190c7a0-0000-7000-8000-000000000000
    """
    from belvedere.watchtower.service import unsnooze

    out.print("It is back in sight." if move(unsnooze, alert, note) else "It was not snoozed.")


@alerts.command("comment")
def alerts_comment(
    alert: AlertArgument,
    note: Annotated[str, typer.Argument(help="What to write into the timeline.")],
) -> None:
    """Write a comment into the timeline of an alert.

    Example: belvedere alerts comment 0190c7a0-0000-7000-8000-000000000000 "asked the shop"
    """

    async def act(runtime: Runtime) -> None:
        from belvedere.watchtower.service import add_note

        async with runtime.db.write(Scope.service(operator())) as session:
            alert_id = as_uuid(alert, "an alert")
            await add_note(session, alert_id, note, actor=operator(), now=runtime.clock())

    with_runtime(act)
    out.print("Noted.")


def move(
    step: Callable[..., Awaitable[Sized]],
    alert: str,
    note: str | None,
    more: Callable[[datetime], dict[str, Any]] = lambda _now: {},
) -> int:
    """Let `step` of the service act on one alert; gives how many it moved. `more` is what it needs beside."""

    async def act(runtime: Runtime) -> int:
        async with runtime.db.write(Scope.service(operator())) as session:
            ids, now = [as_uuid(alert, "an alert")], runtime.clock()
            return len(await step(session, ids, actor=operator(), now=now, note=note, **more(now)))

    return with_runtime(act)


def read_until(word: str, now: datetime) -> datetime:
    """A time to come: an instant with its zone, or a length from now."""
    from datetime import UTC

    from belvedere.watchtower.service import parse_age

    wrong = Invalid(
        f"--until: {word!r} is no time to come. Write 2026-11-20T08:00:00+01:00, or a length such as 4h."
    )
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        try:
            return now + parse_age(word, "--until")
        except (Invalid, OverflowError) as error:
            raise wrong from error
    if found.tzinfo is None:
        raise Invalid(
            f"--until: {word!r} names no time zone. Write it as 2026-11-20T08:00:00+01:00, or with Z."
        )
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise wrong from error
