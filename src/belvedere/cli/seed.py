"""The command `belvedere seed`: an installation full of made-up data."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from belvedere.cli.output import err, out, print_json, print_table, progress
from belvedere.cli.session import with_runtime
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime
    from belvedere.wiring.seed import SeedOrder, SeedResult


def add_commands(app: typer.Typer) -> None:
    app.command()(seed)


def seed(
    clients: Annotated[int, typer.Option(help="How many clients, 1 to 1000.")] = 5,
    days: Annotated[int, typer.Option(help="How many days of history, 1 to 1100.")] = 90,
    seed: Annotated[int, typer.Option(help="The same number makes the same data.")] = 1,
    until: Annotated[
        str | None, typer.Option(help="The last day (YYYY-MM-DD); yesterday if left out.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Schemas to fill, such as ads,reports; all if left out.")
    ] = None,
    beside_real_clients: Annotated[
        bool, typer.Option("--beside-real-clients", help="Also where clients of your own exist.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fill every table with made-up data that hangs together: for demos, tests and benchmarks.

    Running it again with the same numbers adds nothing. Example: belvedere seed --clients 5 --days 90 --seed 1
    """
    from belvedere.wiring.seed import SeedOrder

    domains = tuple(word.strip() for word in (only or "").split(",") if word.strip())
    order = SeedOrder(clients, days, seed, read_day(until), domains)
    result = with_runtime(lambda runtime: run(runtime, order, beside=beside_real_clients))
    if as_json:
        print_json({"clients": result.clients, "rows": result.rows, "total": sum(result.rows.values())})
        return
    rows = [(table, f"{count:,}") for table, count in sorted(result.rows.items())]
    print_table(("Table", "Rows added"), rows, empty="Nothing to add.")
    out.print(f"{sum(result.rows.values()):,} rows for {order.clients} clients. See them: belvedere up")


def read_day(word: str | None) -> date | None:
    if word is None:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise Invalid(f"--until: {word!r} is not a day such as 2026-11-20.") from error


async def run(runtime: Runtime, order: SeedOrder, *, beside: bool) -> SeedResult:
    from belvedere.wiring.seed import SeedStep, check_order, refuse_real_clients, seed_installation
    from belvedere.wiring.seed_people import OWNER_EMAIL, OWNER_PASSWORD

    check_order(order, runtime.clock().date())
    if not beside:
        await refuse_real_clients(runtime)
    with progress() as bar:
        task = bar.add_task("People and clients", total=None)

        def show(step: SeedStep) -> None:
            bar.update(task, description=step.doing, completed=step.done, total=step.steps)

        result = await seed_installation(runtime, order, show)
    if result.owner_made:
        err.print(f"Sign in     {OWNER_EMAIL}  {OWNER_PASSWORD}")
    return result
