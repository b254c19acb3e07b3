"""Commands about people and secrets: the first owner, API tokens, clients, keys, and letting messages go again."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from belvedere.cli.lookups import find_client
from belvedere.cli.output import operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import NotFound

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
owner = typer.Typer(help="The first owner of an installation.", no_args_is_help=True)
token = typer.Typer(help="API tokens.", no_args_is_help=True)
clients = typer.Typer(help="Clients of the agency.", no_args_is_help=True)
credentials = typer.Typer(help="Sealed credentials.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    app.add_typer(owner, name="owner")
    app.add_typer(token, name="token")
    app.add_typer(clients, name="clients")
    app.add_typer(credentials, name="credentials")
    app.command()(release)


@owner.command("create")
def owner_create(
    email: Annotated[str, typer.Option(help="The owner's e-mail, which is also the login.")],
    name: Annotated[str, typer.Option(help="The owner's name.")] = "",
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the password from standard input instead of asking."),
    ] = False,
) -> None:
    """Create the owner of a fresh installation; possible only while there is nobody.

    Example: belvedere owner create --email ines@agency.example --name "Ines Halvorsen"
    """
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    )

    async def act(runtime: Runtime) -> None:
        from belvedere.accounts.service import create_first_owner

        async with runtime.db.write(Scope.authn()) as session:
            await create_first_owner(session, email, password, name, runtime.clock())

    with_runtime(act)
    out.print(f"{email} owns this installation now.")


@token.command("create")
def token_create(
    email: Annotated[str, typer.Option(help="Whose token; it can do what this person may.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    scope: Annotated[
        list[str] | None, typer.Option(help="A permission; repeat for more. All that fit if left out.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="Bind it to one client.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it ends.")] = 90,
    as_json: Json = False,
) -> None:
    """Make an API token and print it once.

    Example: belvedere token create --email ines@agency.example --name nightly --scope alerts.read --days 30
    """
    made = with_runtime(lambda runtime: make_token(runtime, email, name, scope, client, days))
    if as_json:
        print_json(made)
    else:
        out.print(made["token"])


async def make_token(
    runtime: Runtime, email: str, name: str, scopes: list[str] | None, client: str | None, days: int
) -> dict[str, Any]:
    from belvedere.accounts.api_tokens import NEVER_IN_A_TOKEN
    from belvedere.accounts.contracts import TokenDraft
    from belvedere.accounts.permissions import permissions_of
    from belvedere.accounts.principals import find_person
    from belvedere.accounts.service import create_token

    now = runtime.clock()
    async with runtime.db.read(Scope.authn()) as session:
        # Whoever may run commands here owns the machine: as good as a session of that person.
        principal = await find_person(session, email, session_id=uuid4(), now=now)
    if principal is None:
        raise NotFound(f"Nobody here signs in as {email}.")
    async with runtime.db.read(Scope.service(operator())) as session:
        client_id = await find_client(session, client) if client else None
    wanted = frozenset(scopes or (str(word) for word in permissions_of(principal) - NEVER_IN_A_TOKEN))
    draft = TokenDraft(name=name, scopes=wanted, client_id=client_id, expires_at=now + timedelta(days=days))
    async with runtime.db.write(Scope.person(principal.user_id, actor=operator())) as session:
        made = await create_token(session, principal, draft, now)
    return {
        "token": made.token,
        "id": str(made.info.id),
        "expires_at": made.info.expires_at,
        "scopes": sorted(wanted),
    }


@clients.command("list")
def clients_list(as_json: Json = False) -> None:
    """Print every client.

    Example: belvedere clients list
    """

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from sqlalchemy import text

        async with runtime.db.read(Scope.service(operator())) as session:
            rows = await session.execute(
                text("SELECT id, slug, name, status, currency, timezone FROM core.clients ORDER BY id")
            )
            return [dict(row) for row in rows.mappings()]

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "short name", "name", "status", "currency", "zone"),
        [tuple(row.values()) for row in found],
        empty="No clients yet. Add one: belvedere clients add 'Kaffeehaus Brandt' --currency EUR --timezone Europe/Vienna",
    )


@clients.command("add")
def clients_add(
    name: Annotated[str, typer.Argument(help="Name of the client.")],
    currency: Annotated[str, typer.Option(help="ISO code of its money.")] = "USD",
    timezone: Annotated[str, typer.Option(help="IANA zone of its business days.")] = "UTC",
    discord: Annotated[str | None, typer.Option(help="Discord channel id for its messages.")] = None,
    email: Annotated[
        list[str] | None, typer.Option(help="Mail address for its messages; repeat for more.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a client.

    Example: belvedere clients add "Kaffeehaus Brandt" --currency EUR --timezone Europe/Vienna
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.accounts.contracts import ClientDraft
        from belvedere.accounts.service import create_client

        draft = ClientDraft(
            name=name,
            currency=currency,
            timezone=timezone,
            discord_channel_id=discord,
            email_recipients=email,
        )
        async with runtime.db.write(Scope.service(operator())) as session:
            made = await create_client(session, draft, operator(), runtime.clock())
        return {"id": made.id, "slug": made.slug, "name": made.name}

    made = with_runtime(act)
    if as_json:
        print_json(made)
    else:
        out.print(f"Client {made['id']}: {made['name']} ({made['slug']})")


@credentials.command("rotate")
def credentials_rotate(
    drop_old: Annotated[
        bool,
        typer.Option(
            "--drop-old", help="Forget the old keys afterwards; older backups then need the old key file."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Seal every credential with a new key. Safe to stop and to run again.

    Example: belvedere credentials rotate
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.accounts.service import rotate_keys

        done = await rotate_keys(runtime.db, runtime.clock(), drop_old=drop_old)
        return {"version": done.version, "moved": done.moved, "dropped": list(done.dropped)}

    done = with_runtime(act)
    if as_json:
        print_json(done)
    else:
        out.print(f"Key {done['version']} seals everything; {done['moved']} credentials were sealed anew.")


def release() -> None:
    """Let messages go again after a restore, or after somebody held them.

    Example: belvedere release
    """

    async def act(runtime: Runtime) -> None:
        from belvedere.notify.service import release_outbound

        async with runtime.db.write(Scope.service(operator())) as session:
            await release_outbound(session, actor=operator(), now=runtime.clock())

    with_runtime(act)
    out.print("Messages go out again.")
