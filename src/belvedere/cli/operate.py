"""Commands of the person who runs the installation: doctor, audit, psql, backup, restore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from belvedere.cli.output import err, operator, out, print_json, print_table
from belvedere.cli.session import open_here, read_settings
from belvedere.core.errors import Invalid, SetupError

if TYPE_CHECKING:
    from belvedere.wiring.installation import Installation

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
audit = typer.Typer(help="The audit log: read it, verify its chain.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    app.command()(doctor)
    app.add_typer(audit, name="audit")
    app.command(context_settings=PASS_ON)(psql)
    app.command()(backup)
    app.command()(restore)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look at everything Belvedere needs and say what is wrong and how to mend it.

    Example: belvedere doctor --json
    """
    from belvedere.cli.checkup import run_checkup

    findings = run_checkup(read_settings())
    if as_json:
        print_json([{"check": f.check, "state": f.state, "detail": f.detail} for f in findings])
    else:
        marks = {"ok": "ok", "note": "note", "problem": "PROBLEM"}
        print_table(
            ("", "check", "finding"), [(marks[f.state], f.check, f.detail) for f in findings], empty=""
        )
    if any(f.state == "problem" for f in findings):
        raise typer.Exit(1)


@audit.command("verify")
def audit_verify(
    head: Annotated[
        Path | None, typer.Option(help="A head kept earlier with --keep; proves that no row was cut off.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Write the present head to this file, to verify against later.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Walk the audit log and check each row against the one before it.

    Example: belvedere audit verify --keep audit-head.json
    """
    import asyncio

    from belvedere.cli.audit_chain import keep_head, read_head, verify_chain

    with open_here() as installation:
        installation.require_schema()
        verdict = asyncio.run(
            verify_chain(installation, read_head(head, installation.secret) if head else None)
        )
    if keep and verdict.holds:
        keep_head(keep, verdict, installation.secret)
    if as_json:
        print_json({"holds": verdict.holds, "rows": verdict.rows, "head": verdict.head.hex(),
                    "first_bad": verdict.first_bad, "reason": verdict.reason or None})  # fmt: skip
    elif verdict.holds:
        out.print(f"The chain of {verdict.rows} rows holds. Head {verdict.head.hex()[:16]}…")
    else:
        out.print(f"The chain breaks at row {verdict.first_bad}: {verdict.reason}.")
    if not verdict.holds:
        raise typer.Exit(1)


@audit.command("list")
def audit_list(
    limit: Annotated[int, typer.Option(min=1, max=10000, help="Rows, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print the newest rows of the audit log.

    Example: belvedere audit list --limit 20
    """
    import psycopg
    from psycopg.rows import dict_row

    with open_here() as installation:
        installation.require_schema()
        with psycopg.connect(installation.login_url("psql"), row_factory=dict_row) as connection:
            rows = connection.execute(
                "SELECT seq, at, actor, action, subject_type, subject_id, client_id, detail FROM core.audit_log"
                " ORDER BY seq DESC LIMIT %s",
                [limit],
            ).fetchall()
    if as_json:
        for row in rows:
            print_json(row)
        return
    print_table(
        ("row", "at", "who", "did", "to", "client"),
        [(r["seq"], f"{r['at']:%Y-%m-%d %H:%M:%S}", r["actor"], r["action"], f"{r['subject_type']} {r['subject_id']}",
          r["client_id"]) for r in rows],
        empty="Nothing was audited yet.",
    )  # fmt: skip


def psql(
    context: typer.Context,
    write: Annotated[
        bool, typer.Option("--as-owner", help="With every right, to change things. Mind what you do.")
    ] = False,
) -> None:
    """Open psql on the database, read-only; it is started and migrated first if need be.

    Example: belvedere psql -c "SELECT name, metric_value FROM api_records JOIN api_record_metrics ON record_id = api_records.id"
    """
    with open_here() as installation:
        installation.migrate()
        url = installation.admin_url if write else installation.login_url("psql")
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
        if write:
            environment["PGOPTIONS"] = "-c search_path=watch,core,public"
        done = subprocess.run(
            [find_tool(installation, "psql"), "-d", url, *context.args], check=False, env=environment
        )
    raise typer.Exit(done.returncode)


def backup(
    target: Annotated[Path, typer.Argument(help="File to write.")],
    with_keys: Annotated[
        bool, typer.Option(help="Also copy the keys that open the credentials (to TARGET.keys).")
    ] = False,
) -> None:
    """Write the whole database to one file (pg_dump, compressed).

    Example: belvedere backup belvedere-2026-11-20.dump
    """
    if target.exists():
        raise Invalid(f"{target} exists already; choose another name.")
    with open_here() as installation:
        installation.require_schema()
        partial = target.with_name(target.name + ".part")
        run_tool(installation, "pg_dump", "-Fc", "--no-password", "-f", str(partial), installation.admin_url)
        partial.rename(target)
        if with_keys:
            shutil.copytree(installation.settings.data_dir / "keys", target.with_name(target.name + ".keys"))
    out.print(f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB)." + ("" if with_keys else KEYS_NOTE))


KEYS_NOTE = " The keys that open credentials are not in it: keep a copy of the data directory's keys folder elsewhere."


def restore(
    source: Annotated[Path, typer.Argument(help="A file made by `belvedere backup`.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace the database by a backup. Sending is held afterwards until you release it.

    Example: belvedere restore belvedere-2026-11-20.dump --yes
    """
    import psycopg

    if not source.is_file():
        raise Invalid(f"There is no file {source}.")
    if not yes and not typer.confirm("This replaces everything in the database. Go on?"):
        raise typer.Exit(1)
    with open_here() as installation:
        recreate_database(installation)
        run_tool(
            installation,
            "pg_restore",
            "--no-password",
            "--exit-on-error",
            "-d",
            installation.admin_url,
            str(source),
        )
        installation.migrate()
        with psycopg.connect(installation.admin_url, autocommit=True) as connection:
            connection.execute(
                "UPDATE core.installation SET install_epoch = install_epoch + 1, outbound_held = 1, held_since = %s,"
                " held_reason = %s",
                [datetime.now().astimezone(), f"restored from {source.name} by {operator()}"],
            )
    out.print(
        "Restored. Sending is held: look at Deliveries, then release it there or with `belvedere release`."
    )


def recreate_database(installation: Installation) -> None:
    """An empty database of the same name, with the roles it needs."""
    import psycopg
    from psycopg import sql

    from belvedere.migrations.roles import ensure_roles

    name = sql.Identifier(installation.database_name)
    maintenance = installation.admin_url.rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    with psycopg.connect(installation.admin_url, autocommit=True) as connection:
        ensure_roles(connection, installation.secret)


def find_tool(installation: Installation, name: str) -> str:
    """Psql and its sisters: those of the embedded server, else of the system."""
    if installation.server is not None and (installation.server.binaries / name).exists():
        return str(installation.server.binaries / name)
    found = shutil.which(name)
    if found is None:
        raise SetupError(
            f"{name} is not installed. Install the PostgreSQL client programs (Debian: postgresql-client).",
            code="tool_missing",
        )
    return found


def run_tool(installation: Installation, name: str, *arguments: str) -> None:
    done = subprocess.run(
        [find_tool(installation, name), *arguments], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        reason = next((line for line in lines if "error:" in line), lines[-1])
        raise SetupError(f"{name} failed: {reason.strip()}", code="tool_failed")
    if done.stderr.strip():
        err.print(done.stderr.strip(), style="dim")
    sys.stdout.flush()
