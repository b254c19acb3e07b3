"""Commands about digests: those that were made, what the next would say, and making what is due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.lookups import as_uuid, find_client
from belvedere.cli.output import operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime

digests = typer.Typer(help="Daily and weekly sums: what was sent, what comes next.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OfClient = Annotated[
    str | None, typer.Option("--client", help="Client by number or short name; 0 is the agency.")
]


def add_commands(app: typer.Typer) -> None:
    app.add_typer(digests, name="digests")


@digests.command("list")
def digests_list(
    client: OfClient = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Digests, newest first.")] = 50,
    upcoming: Annotated[
        bool, typer.Option("--upcoming", help="Those to come instead, the next first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print digests that were made, or those to come.

    Example: belvedere digests list --upcoming
    """

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.watchtower.service import DigestFilter, list_digests, list_upcoming

        async with runtime.db.read(Scope.service(operator())) as session:
            client_id = None if client is None else await find_client(session, client)
            if upcoming:
                return await list_upcoming(session, runtime.clock(), client_id=client_id, limit=limit)
            return (await list_digests(session, DigestFilter(client_id), limit=limit)).rows()

    found = with_runtime(act)
    if as_json:
        print_json(found)
    elif upcoming:
        print_table(
            ("next", "client", "goes to", "when", "rules"),
            [(f"{row['next_boundary_at']:%Y-%m-%d %H:%M} UTC", row["client"], row["destination"],
              "; ".join(row["times"]), row["rules"]) for row in found],
            empty="No digest is set. Give a rule a schedule: notify_schedule daily or weekly, and a channel.",
        )  # fmt: skip
    else:
        print_table(
            ("id", "boundary (UTC)", "client", "goes to", "state", "says"),
            [(row["id"], f"{datetime.fromisoformat(row['boundary_at']):%Y-%m-%d %H:%M}", row["client"] or "All clients",
              row["destination"], row["state"], row["title"]) for row in found],
            empty="No digest was made yet.",
        )  # fmt: skip


@digests.command("show")
def digests_show(
    digest_id: Annotated[str, typer.Argument(help="Id of a digest.")], as_json: Json = False
) -> None:
    """Print what one digest said and what became of its message.

    Example: belvedere digests show 01a1e396-98e0-73c4-8eeb-2ef4fbee9e56
    """
    wanted = as_uuid(digest_id, "a digest")

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.watchtower.service import get_digest

        async with runtime.db.read(Scope.service(operator())) as session:
            return await get_digest(session, wanted)

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    out.print(f"{found['title']}\n")
    out.print(found["text"])
    for message in found["deliveries"]:
        out.print(f"\n{message['channel']} {message['address']}: {message['state']}")
    if not found["deliveries"]:
        out.print("\nNothing was sent.")


@digests.command("preview")
def digests_preview(
    rule: Annotated[str | None, typer.Option(help="Id of a rule: every digest that it goes to.")] = None,
    client: OfClient = None,
    destination: Annotated[str | None, typer.Option(help="Channel or mail address.")] = None,
    as_json: Json = False,
) -> None:
    """Print what the next digest would say if it came now. Nothing is sent.

    Example: belvedere digests preview --client brandt
    """
    rule_id = None if rule is None else as_uuid(rule, "a rule")
    if rule_id is None and client is None and destination is None:
        raise Invalid("Say which: --rule, --client or --destination.")

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.watchtower.service import AskedDigests, preview_digests

        async with runtime.db.read(Scope.service(operator())) as session:
            client_id = None if client is None else await find_client(session, client)
            return await preview_digests(
                session, AskedDigests(rule_id, client_id, destination=destination), runtime.clock(),
                grace_percent=runtime.settings.snapshot_grace_percent,
            )  # fmt: skip

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    for row in found:
        comes = f"{row['next_boundary_at']:%Y-%m-%d %H:%M} UTC"
        out.print(f"{row['client']} · {row['destination']} · comes {comes}")
        out.print(f"{row['title']}\n{row['text']}\n")


@digests.command("run")
def digests_run(as_json: Json = False) -> None:
    """Make every digest that is due now, as the scheduler does each minute. Each is made once.

    Example: belvedere digests run
    """

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from dataclasses import asdict

        from belvedere.watchtower.service import send_due

        return [asdict(made) for made in await send_due(runtime, runtime.clock(), actor=operator())]

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "client", "goes to", "state", "says"),
        [(row["id"], row["client_id"] or "All clients", row["destination"], row["state"], row["title"]) for row in found],
        empty="No digest is due.",
    )  # fmt: skip
