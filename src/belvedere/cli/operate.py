"""Commands of the person who runs the installation: doctor, audit, psql."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from belvedere.cli.output import out, print_json, print_table
from belvedere.cli.session import open_here, read_settings
from belvedere.cli.tools import find_tool

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
audit = typer.Typer(help="The audit log: read it, verify its chain.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    app.command()(doctor)
    app.add_typer(audit, name="audit")
    app.command(context_settings=PASS_ON)(psql)


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
    """Open psql on the database, read-only; it is started first if need be.

    Example: belvedere psql -c "SELECT name, metric_value FROM api_records JOIN api_record_metrics ON record_id = api_records.id"
    """
    with open_here() as installation:
        installation.prepare()
        url = installation.admin_url if write else installation.login_url("psql")
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "10", **variables_of(url)}
        if write:
            environment["PGOPTIONS"] = "-c search_path=watch,core,public"
        done = subprocess.run([find_tool(installation, "psql"), *context.args], check=False, env=environment)
    raise typer.Exit(done.returncode)


def variables_of(url: str) -> dict[str, str]:
    """An address as libpq's variables: the password stays out of the list of processes, and -d names another database."""
    from psycopg.pq import Conninfo

    return {
        option.envvar.decode(): option.val.decode()
        for option in Conninfo.parse(url.encode())
        if option.envvar and option.val is not None
    }
