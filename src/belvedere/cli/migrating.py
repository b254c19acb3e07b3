"""The command `migrate`: the schema of the database, up and down."""

from __future__ import annotations

from typing import Annotated

import typer

from belvedere.cli.output import out, print_json
from belvedere.cli.session import open_here


def add_commands(app: typer.Typer) -> None:
    app.command()(migrate)


def migrate(
    to: Annotated[
        str, typer.Option("--to", help="Revision to go to, up or down; `base` empties the database.")
    ] = "head",
    plan: Annotated[bool, typer.Option("--plan", help="Only print the revisions that would run.")] = False,
    discard_rows: Annotated[
        bool, typer.Option("--discard-rows", help="On the way down, drop tables although they hold rows.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring the database to the schema of this program, or to the one you name. Safe to repeat.

    Example: DATABASE_URL=postgresql://admin@db/belvedere belvedere migrate
    """
    if plan:
        show_plan(to, as_json=as_json)
        return
    with open_here() as installation:
        before, after = installation.migrate(to, discard_rows=discard_rows)
    if as_json:
        print_json({"before": before, "after": after})
    else:
        out.print(
            f"At revision {after}."
            if before == after
            else f"From {before or 'an empty database'} to {after}."
        )


def show_plan(target: str, *, as_json: bool) -> None:
    from belvedere.migrations.runner import read_plan

    with open_here() as installation:
        before, steps = read_plan(installation.admin_url, target)
    if as_json:
        print_json({"before": before, "steps": [{"revision": name, "about": about} for name, about in steps]})
        return
    if not steps:
        out.print(f"At revision {before or 'base'}; nothing would run.")
        return
    down = before is not None and steps[0][0] == before
    out.print(f"From {before or 'an empty database'}, {'taking back' if down else 'adding'}:")
    for name, about in steps:
        out.print(f"  {name}  {about}")
