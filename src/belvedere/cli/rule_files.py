"""Commands for rules in files: export, plan, apply, test, packs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.lookups import find_client
from belvedere.cli.output import err, operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import BelvedereError, Invalid

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime
    from belvedere.watchtower.service import Applied, Book, Plan

packs = typer.Typer(help="Rules to begin with.", invoke_without_command=True)
FilesArgument = Annotated[
    Path, typer.Argument(metavar="FILE|DIR", help="A YAML file, a folder of them, or - for standard input.")
]
ClientOption = Annotated[
    str | None, typer.Option(help="Take the rules for every client as this client's own: its short name.")
]
Prune = Annotated[
    bool,
    typer.Option("--prune", help="Delete rules that the files do not hold, of the clients they speak for."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CHANGES = 2


def add_commands(rules: typer.Typer) -> None:
    for name, command in (
        ("export", rules_export), ("plan", rules_plan), ("apply", rules_apply), ("test", rules_test),
        ("schema", rules_schema),
    ):  # fmt: skip
        rules.command(name)(command)
    rules.add_typer(packs, name="packs")


def read_files(path: Path) -> dict[str, str]:
    """YAML files by the names in which refusals speak of them."""
    if str(path) == "-":
        return {"standard input": sys.stdin.read()}
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix in (".yml", ".yaml"))
        if not found:
            raise Invalid(f"There is no .yaml file in {path}.")
        return {str(file): read_text(file) for file in found}
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    return {str(path): read_text(path)}


def read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is no text in UTF-8.") from error


def read_book(path: Path, client: str | None) -> Book:
    from belvedere.watchtower.service import parse_book

    return parse_book(read_files(path), client=client)


def rules_export(
    client: Annotated[
        str | None, typer.Option(help="Only this client's own rules; 0 for those of every client.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="Write this file; one that is there keeps its comments and its order."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the rules as a file that `rules apply` takes.

    Example: belvedere rules export --into rules.yaml
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.watchtower.service import export_rules

        async with runtime.db.read(Scope.service(operator())) as session:
            client_id = None if client is None else await find_client(session, client)
            return await export_rules(session, client_id=client_id)

    document = with_runtime(act)
    if as_json:
        print_json(document)
        return
    write_export(document, into)


def write_export(document: dict[str, Any], into: Path | None) -> None:
    from belvedere.watchtower.service import update_yaml, write_yaml

    if into is None:
        sys.stdout.write(write_yaml(document))
        return
    text = update_yaml(read_text(into), document) if into.is_file() else write_yaml(document)
    into.write_text(text, "utf-8")
    count = len(document.get("rules", {})) + sum(len(found) for found in document.get("clients", {}).values())
    out.print(f"{into}: {count} rules.")


def rules_plan(
    files: FilesArgument, client: ClientOption = None, prune: Prune = False, as_json: Json = False
) -> None:
    """Print what applying files would create, change and delete. Exit code 0: nothing, 2: something, 1: the files do
    not hold.

    Example: belvedere rules plan rules.yaml
    """

    async def act(runtime: Runtime) -> Applied:
        from belvedere.watchtower.service import rehearse_rules

        async with runtime.db.write(Scope.service(operator())) as session:
            return await rehearse_rules(
                session, book, actor=operator(), now=runtime.clock(), prune=prune,
                discord_base_url=runtime.settings.discord_base_url,
            )  # fmt: skip

    try:
        book = read_book(files, client)
        done = with_runtime(act)
    except BelvedereError as error:
        refuse_files(error)
    print_plan(done.plan, as_json=as_json)
    print_notes(done)
    if any(note.code == "unknown" for _, note in done.notes):
        err.print("note: apply takes fields that no data carries yet only with --force.")
    raise typer.Exit(CHANGES if done.plan.steps else 0)


def refuse_files(error: BelvedereError) -> None:
    """Say what is wrong and end with 1: of a plan, 2 means that there is something to do."""
    from belvedere.cli.main import describe, exit_code

    for line in describe(error):
        print(line, file=sys.stderr)  # noqa: T201 - the command line's own voice
    code = exit_code(error)
    raise typer.Exit(1 if code == CHANGES else code)


def print_plan(plan: Plan, *, as_json: bool) -> None:
    from belvedere.watchtower.service import describe_plan

    if as_json:
        print_json(plan.document())
        return
    for line in describe_plan(plan):
        out.print(line)


def rules_apply(
    files: FilesArgument,
    client: ClientOption = None,
    prune: Prune = False,
    force: Annotated[bool, typer.Option("--force", help="Take fields that no data carries yet.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Make the rules say what files say, all or none of it. Prints the plan first and asks.

    Example: belvedere rules apply rules.yaml --yes
    """
    book = read_book(files, client)

    async def look(runtime: Runtime) -> Plan:
        from belvedere.watchtower.service import plan_rules

        async with runtime.db.read(Scope.service(operator())) as session:
            return await plan_rules(session, book, prune=prune)

    async def act(runtime: Runtime) -> Applied:
        from belvedere.watchtower.service import apply_rules

        async with runtime.db.write(Scope.service(operator())) as session:
            return await apply_rules(
                session, book, actor=operator(), now=runtime.clock(), prune=prune, force=force, shown=plan,
                discord_base_url=runtime.settings.discord_base_url,
            )  # fmt: skip

    plan: Plan | None = None
    if not yes:
        plan = with_runtime(look)
        print_plan(plan, as_json=False)
        if plan.steps and not typer.confirm("Apply this?"):
            raise typer.Exit(1)
        if not plan.steps:
            return
    done = with_runtime(act)
    if yes or as_json:
        print_plan(done.plan, as_json=as_json)
    else:
        out.print("Applied.")
    print_notes(done)


def print_notes(done: Applied) -> None:
    for rule, note in done.notes:
        err.print(f"note: {rule}: {note.detail}")


def rules_test(
    files: Annotated[list[Path], typer.Argument(metavar="FILE|DIR...", help="Files with rules and tests.")],
) -> None:
    """Play the tests of files: readings spelled out, alerts expected. Needs no installation. Exit code 1: one failed.

    Example: belvedere rules test rules.yaml
    """
    from belvedere.watchtower.service import describe_outcomes, parse_book, run_tests

    texts = {name: text for path in files for name, text in read_files(path).items()}
    outcomes = run_tests(parse_book(texts))
    for line in describe_outcomes(outcomes):
        out.print(line)
    raise typer.Exit(0 if all(outcome.passed for outcome in outcomes) else 1)


def rules_schema() -> None:
    """Print the JSON Schema of files of rules, for editors.

    Example: belvedere rules schema > rules.schema.json
    """
    from belvedere.watchtower.service import schema_text

    sys.stdout.write(schema_text())


@packs.callback()
def packs_list(context: typer.Context, as_json: Json = False) -> None:
    """Print the packs of rules to begin with.

    Example: belvedere rules packs
    """
    from belvedere.watchtower.service import list_packs

    if context.invoked_subcommand is not None:
        return
    found = [
        {"name": pack.name, "title": pack.title, "rules": len(pack.rules), "description": pack.description}
        for pack in list_packs()
    ]
    if as_json:
        print_json(found)
        return
    print_table(("name", "title", "rules", "watches"), [tuple(pack.values()) for pack in found], empty="")


@packs.command("show")
def packs_show(name: Annotated[str, typer.Argument(help="Name of the pack.")]) -> None:
    """Print the file of a pack: rules, why they are there, and their tests.

    Example: belvedere rules packs show ads
    """
    from belvedere.watchtower.service import get_pack

    sys.stdout.write(get_pack(name).text)


@packs.command("install")
def packs_install(
    name: Annotated[str, typer.Argument(help="Name of the pack.")],
    client: Annotated[
        str | None, typer.Option(help="Only for this client; for every client if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create the rules of a pack that are not there yet. What stands stays as it is.

    Example: belvedere rules packs install ads --client brandt
    """

    async def act(runtime: Runtime) -> Applied:
        from belvedere.watchtower.service import install_pack

        async with runtime.db.write(Scope.service(operator())) as session:
            return await install_pack(
                session, name, actor=operator(), now=runtime.clock(), client=client,
                discord_base_url=runtime.settings.discord_base_url,
            )  # fmt: skip

    print_plan(with_runtime(act).plan, as_json=as_json)
