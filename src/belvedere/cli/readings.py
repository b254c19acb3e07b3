"""Commands about stored readings: how old ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.output import operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime

readings = typer.Typer(help="Stored readings, and how long they are kept.", no_args_is_help=True)
targets = typer.Typer(help="Sources and what may be watched.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(app: typer.Typer) -> None:
    app.add_typer(readings, name="readings")
    app.add_typer(targets, name="sources")


@readings.command("thin")
def readings_thin(
    plan: Annotated[bool, typer.Option("--plan", help="Only print what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Let old readings go: all are kept for some days, then one a day, then one a month.

    Example: belvedere readings thin --plan
    """
    if plan:
        show_plan(with_runtime(plan_thinning), as_json=as_json)
        return

    async def act(runtime: Runtime) -> int:
        from belvedere.sources.service import thin_readings

        return await thin_readings(runtime, actor=operator())

    gone = with_runtime(act)
    if as_json:
        print_json({"gone": gone})
    else:
        out.print(f"{gone:,} readings went." if gone else "Nothing was due.")


async def plan_thinning(runtime: Runtime) -> list[dict[str, Any]]:
    from belvedere.sources.service import plan_thinning, retention_of

    settings = runtime.settings
    retention = retention_of(settings.readings_keep_days, settings.readings_daily_days)
    async with runtime.db.read(Scope.service(operator())) as session:
        return [dict(row) for row in await plan_thinning(session, retention, runtime.clock())]


def show_plan(lines: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(lines)
        return
    print_table(
        ("client", "source", "readings", "records", "from", "to"),
        [(one["client_id"], one["source"], one["readings"], one["records"], f"{one['oldest']:%Y-%m-%d}",
          f"{one['newest']:%Y-%m-%d}") for one in lines],
        empty="Nothing is due.",
    )  # fmt: skip


@targets.command("sync-targets")
def sources_sync_targets(as_json: Json = False) -> None:
    """Offer every table that may be watched as a source. A worker does this every minute by itself.

    Example: belvedere sources sync-targets
    """

    async def act(runtime: Runtime) -> list[str]:
        from belvedere.sources.service import sync_targets

        async with runtime.db.write(Scope.service(operator())) as session:
            return await sync_targets(session)

    added = with_runtime(act)
    if as_json:
        print_json({"added": added})
    else:
        out.print(f"Added: {', '.join(added)}." if added else "Every target is a source already.")
