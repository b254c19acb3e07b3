"""The way to a backup and back."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from belvedere.cli.output import err, operator, out
from belvedere.cli.session import open_here
from belvedere.cli.tools import find_tool, reason_of, run_tool
from belvedere.core.errors import Invalid, SetupError

if TYPE_CHECKING:
    import psycopg

    from belvedere.wiring.installation import Installation

# Figures are filled anew by their owner, whom row policies bind; without this the server refuses instead of asking them.
ROW_POLICIES = "--enable-row-security"
KEYS_NOTE = " The keys that open credentials are not in it: keep a copy of the data directory's keys folder elsewhere."


def add_commands(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Annotated[Path, typer.Argument(help="File to write.")],
    with_keys: Annotated[
        bool, typer.Option(help="Also copy the keys that open the credentials (to TARGET.keys).")
    ] = False,
) -> None:
    """Write the whole database to one file (pg_dump, compressed).

    Example: belvedere backup belvedere-2026-11-20.dump
    """
    keys = target.with_name(target.name + ".keys")
    for path in (target, keys) if with_keys else (target,):
        if path.exists():
            raise Invalid(f"{path} exists already; choose another name.")
    with open_here() as installation:
        installation.require_schema()
        partial = target.with_name(target.name + ".part")
        try:
            run_tool(
                find_tool(installation, "pg_dump"),
                "-Fc",
                "--no-password",
                "-f",
                str(partial),
                installation.admin_url,
            )
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
        if with_keys:
            shutil.copytree(installation.settings.data_dir / "keys", keys)
    out.print(f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB)." + ("" if with_keys else KEYS_NOTE))


def restore(
    source: Annotated[Path, typer.Argument(help="A file made by `belvedere backup`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace the database by a backup. Sending is held afterwards until you release it.

    Example: belvedere restore belvedere-2026-11-20.dump --yes
    """
    if not source.is_file():
        raise Invalid(f"There is no file {source}.")
    if not yes and not typer.confirm("This replaces everything in the database. Go on?"):
        raise typer.Exit(1)
    with open_here() as installation:
        tool = find_tool(installation, "pg_restore")
        check_backup(tool, source)
        replace_by(installation, tool, source)
        installation.migrate()
        hold_sending(installation, source)
    out.print(
        "Restored. Sending is held: look at Deliveries, then release it there or with `belvedere release`."
    )


def check_backup(tool: str, source: Path) -> None:
    """Refuse a file that cannot be read before anything is touched."""
    done = subprocess.run([tool, "--list", str(source)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Invalid(
            f"{source} cannot be read as a backup ({reason_of(done.stderr)}). Nothing was changed; give a file made by"
            " `belvedere backup`."
        )


def replace_by(installation: Installation, tool: str, source: Path) -> None:
    """Restore beside the present database and change places at the end, so that a failure loses nothing."""
    import psycopg
    from psycopg import sql

    from belvedere.migrations.roles import ensure_roles

    place, name = sql.Identifier(installation.database_name), f"{installation.database_name}_restoring"
    with psycopg.connect(installation.admin_url, autocommit=True) as connection:
        ensure_roles(connection, installation.secret)
    with psycopg.connect(address_of(installation, "postgres"), autocommit=True) as server:
        create_database(server, name)
        try:
            note = run_tool(
                tool,
                "--no-password",
                "--exit-on-error",
                ROW_POLICIES,
                "-d",
                address_of(installation, name),
                str(source),
            )
        except SetupError:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            raise
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(place))
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), place))
    if note:
        err.print(note, style="dim")


def hold_sending(installation: Installation, source: Path) -> None:
    """What a backup still wanted to send may have gone out since."""
    import psycopg

    with psycopg.connect(installation.admin_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE core.installation SET install_epoch = install_epoch + 1, outbound_held = 1, held_since = %s,"
            " held_reason = %s",
            [datetime.now().astimezone(), f"restored from {source.name} by {operator()}"],
        )


def recreate_database(installation: Installation) -> None:
    """An empty database of the same name, with the roles it needs."""
    import psycopg

    from belvedere.migrations.roles import ensure_roles

    with psycopg.connect(address_of(installation, "postgres"), autocommit=True) as server:
        create_database(server, installation.database_name)
    with psycopg.connect(installation.admin_url, autocommit=True) as connection:
        ensure_roles(connection, installation.secret)


def create_database(server: psycopg.Connection, name: str) -> None:
    """An empty database in place of any that has the name."""
    from psycopg import sql

    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def address_of(installation: Installation, database: str) -> str:
    """The administrator's address of another database of the same server."""
    from sqlalchemy.engine import make_url

    return make_url(installation.admin_url).set(database=database).render_as_string(hide_password=False)
