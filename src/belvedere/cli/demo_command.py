"""The command `belvedere demo`; its work stands in `demo`, which is imported when it is asked for."""

from typing import Annotated

import typer

from belvedere.cli.session import open_here


def add_commands(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    reset: Annotated[
        bool, typer.Option("--reset", help="Start over: throw the demo's data away first.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Do it all and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON with the figures.")] = False,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Show everything with sample data: sandbox, three clients, a sync, rules, alerts in Discord, mail and on the page.

    Example: belvedere demo --once --json
    """
    import asyncio

    from belvedere.cli.demo import reset_demo, run_demo

    with open_here() as installation:
        if reset:
            reset_demo(installation)
        installation.migrate()
        asyncio.run(run_demo(installation, once=once, as_json=as_json, open_page=open_page))
