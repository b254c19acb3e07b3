"""Commands about the monthly parts of the large tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.output import err, operator, out, print_json, print_table
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    from belvedere.core.partitions import Retained, Run, Step
    from belvedere.core.runtime import Runtime

partitions = typer.Typer(
    help="Monthly parts of the large tables, and how long they are kept.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WORDS = {"make": "made", "settle": "filled from the default part", "drop": "dropped"}
PLANNED = {
    "make": "would be made",
    "settle": "would be filled from the default part",
    "drop": "would be dropped",
}


def add_commands(app: typer.Typer) -> None:
    app.add_typer(partitions, name="partitions")


@partitions.command("list")
def partitions_list(
    table: Annotated[str | None, typer.Option(help="Only this table, as schema.table.")] = None,
    as_json: Json = False,
) -> None:
    """Print every part with its months, size and estimated rows.

    Example: belvedere partitions list --table core.observability_logs
    """

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.core.partitions import find_plan, list_parts, list_plans

        async with runtime.db.read(Scope.service(operator())) as session:
            wanted = find_plan(await list_plans(session), table)["table_name"] if table else None
            parts = await list_parts(session, runtime.clock())
            return [part for part in parts if wanted in (None, part["plan"])]

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("part", "from", "to", "rows (estimated)", "size", ""),
        [(p["part"], day(p["from_time"]), day(p["to_time"]), p["estimated_rows"], size(p["bytes"]), note_on(p)) for p in found],
        empty="No table is parted by month.",
    )  # fmt: skip


def day(at: Any) -> str:
    return "" if at is None else f"{at:%Y-%m-%d}"


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def note_on(part: dict[str, Any]) -> str:
    if part["default_rows"]:
        return "rows wait for their month"
    return "default" if part["is_default"] else ""


@partitions.command("plan")
def partitions_plan(as_json: Json = False) -> None:
    """Print each parted table: by what, how many months ahead, how long it is kept.

    Example: belvedere partitions plan --json
    """

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.core.partitions import check_parts, list_plans

        async with runtime.db.read(Scope.service(operator())) as session:
            state = {row["plan"]: row for row in await check_parts(session, runtime.clock())}
            return [{**plan, **{key: state.get(plan["table_name"], {}).get(key, False)
                                for key in ("default_rows", "next_missing")}} for plan in await list_plans(session)]  # fmt: skip

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("table", "by", "ahead", "kept", ""),
        [(p["table_name"], f"{p['key_column']} ({p['key_kind']})", months(p["months_ahead"]), months(p["retention_months"]),
          "no part for the next month" if p["next_missing"] else "rows wait for their month" if p["default_rows"] else "")
         for p in found],
        empty="No table is parted by month.",
    )  # fmt: skip


def months(count: int | None) -> str:
    if count is None:
        return "for ever"
    return "1 month" if count == 1 else f"{count} months"


@partitions.command("keep")
def partitions_keep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    most: Annotated[int, typer.Option(min=1, max=10000, help="At most so many parts.")] = 60,
    as_json: Json = False,
) -> None:
    """Make parts ahead, move rows into their months, drop months that have passed their time.

    Example: belvedere partitions keep --dry-run
    """

    async def act(runtime: Runtime) -> Run:
        from belvedere.core.partitions import keep_parts, preview

        now = runtime.clock()
        if dry_run:
            async with runtime.db.read(Scope.service(operator())) as session:
                return await preview(session, now=now, most=most)
        return await keep_parts(runtime.db, now=now, actor=operator(), most=most, tell=show_step)

    done = with_runtime(act)
    if as_json:
        steps = [{"step": step.kind, "table": step.table, "part": step.part, "rows": step.rows, "skipped": step.skipped or None}
                 for step in done.steps]  # fmt: skip
        print_json({"dry_run": dry_run, "steps": steps, "complete": done.complete})
        return
    for step in done.steps:
        out.print(describe(step, PLANNED if dry_run else WORDS))
    if not done.steps:
        out.print("Every part is in its place.")
    if not done.complete:
        out.print("More is left than one run may do; run it again, or give a larger --most.")


def show_step(step: Step) -> None:
    """Progress for whoever watches; the whole list is printed at the end."""
    if err.console.is_terminal:
        err.print(describe(step, WORDS), style="dim")


def describe(step: Step, words: dict[str, str]) -> str:
    if step.skipped:
        return f"{step.part} left for later: {step.skipped}"
    rows = "" if step.kind == "make" or not step.rows else f" ({step.rows} rows)"
    return f"{step.part} {words[step.kind]}{rows}"


@partitions.command("retain")
def partitions_retain(
    table: Annotated[str, typer.Argument(help="The table, as schema.table.")],
    kept: Annotated[str, typer.Argument(metavar="MONTHS", help="Whole months to keep, or the word forever.")],
    as_json: Json = False,
) -> None:
    """Set how long a table's months are kept. Nothing is dropped before the next run of `partitions keep`.

    Example: belvedere partitions retain core.observability_logs 6
    """
    wanted = read_months(kept)

    async def act(runtime: Runtime) -> Retained:
        from belvedere.core.partitions import retain

        async with runtime.db.write(Scope.service(operator())) as session:
            return await retain(session, table, wanted, actor=operator(), now=runtime.clock())

    done = with_runtime(act)
    if as_json:
        print_json(
            {
                "table": done.table,
                "retention_months": done.months,
                "before": done.before,
                "expired_parts": done.expired,
            }
        )
        return
    out.print(f"{done.table} is kept {months(done.months)} (before: {months(done.before)}).")
    if done.expired:
        out.print(f"{done.expired} parts have passed that; see `belvedere partitions keep --dry-run`.")


def read_months(word: str) -> int | None:
    if word == "forever":
        return None
    if not (word.isascii() and word.isdigit()) or len(word) > 6:
        raise Invalid(f"MONTHS: {word!r} is neither a whole number of months nor the word forever.")
    return int(word)
