"""Commands about data: ingest, rules, alerts, export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from belvedere.cli.alerts import alerts
from belvedere.cli.lookups import count_open, find_client, find_rule_id, find_source_id, short, split_source
from belvedere.cli.messages import add_commands as add_messages
from belvedere.cli.output import err, operator, out, print_json, print_table, progress
from belvedere.cli.rule_adding import add_commands as add_rule_adding
from belvedere.cli.rule_files import add_commands as add_rule_files
from belvedere.cli.rule_history import add_commands as add_rule_history
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid
from belvedere.sources.remarks import rounded_note

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime

rules = typer.Typer(help="What to watch for.", no_args_is_help=True)
FORMATS: dict[str, Literal["json", "ndjson", "csv"]] = {"json": "json", "ndjson": "ndjson", "csv": "csv"}
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(app: typer.Typer) -> None:
    app.command()(ingest)
    add_rule_adding(rules)
    add_rule_files(rules)
    add_rule_history(rules)
    app.add_typer(rules, name="rules")
    add_messages(alerts)
    app.add_typer(alerts, name="alerts")
    app.command()(export)


def ingest(
    file: Annotated[Path, typer.Argument(help="JSON, NDJSON or CSV file.")],
    source: Annotated[str, typer.Option(help="provider/endpoint; made when it is new.")],
    mapping: Annotated[str, typer.Option(help="A shipped mapping's name, or the path of a YAML file.")],
    client: Annotated[str, typer.Option(help="Client by number or short name; 0 is the agency.")] = "0",
    file_format: Annotated[
        str | None, typer.Option("--format", help="json, ndjson or csv; else by the file's name.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="When the data was true (ISO time with its zone); now if left out.")
    ] = None,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Only some of the source's records: nothing resolves.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Load a file as one snapshot and judge it by the rules.

    Example: belvedere ingest ads.csv --source facebook/ads --mapping kag_facebook_ads --client 1
    """
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    when = read_instant(as_of, "--as-of", needs_zone=True)
    result = with_runtime(
        lambda runtime: load(runtime, file, source, mapping, client, file_format, when, incremental)
    )
    if as_json:
        print_json(result)
        return
    out.print(
        f"Stored {result['records']} records and {result['metrics']} metrics as snapshot {result['snapshot_id']}."
    )
    if result["unchanged"]:
        out.print("The data is the same as in the reading before; no rows were stored twice.")
    for line in remarks(result):
        out.print(line)
    count = result["open_alerts"]
    said = {0: "No alert is", 1: "1 alert is"}.get(count, f"{count} alerts are")
    out.print(f"{said} open on this source.")


def remarks(result: Mapping[str, Any]) -> Iterator[str]:
    """What a person should know of a reading that is good: rows it lacks, and digits."""
    refused, is_partial = result["rejected"], result["completeness"] == "partial"
    if refused:
        rows = "1 row refused" if refused == 1 else f"{refused} rows refused"
        yield (
            f"{'partial: ' if is_partial else ''}{rows}; see the page Dead letters, or watch.record_rejects."
        )
    if is_partial:
        yield "What is absent does not count as gone, and no alert closes for it."
    if result["rounded"]:
        yield rounded_note(result["rounded"])


def read_instant(word: str | None, option: str, *, needs_zone: bool = False) -> datetime | None:
    if word is None:
        return None
    try:
        found = datetime.fromisoformat(word)
    except ValueError as error:
        raise Invalid(f"{option}: {word!r} is not an ISO time such as 2026-11-20T08:00:00+01:00.") from error
    if found.tzinfo is None and needs_zone:
        raise Invalid(
            f"{option}: {word!r} names no time zone. Write it as 2026-11-20T08:00:00+01:00, or with Z."
        )
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def load(
    runtime: Runtime, file: Path, source: str, mapping: str, client: str, form: str | None, when: datetime | None,
    incremental: bool,
) -> dict[str, Any]:  # fmt: skip
    from belvedere.sources.contracts import Completeness
    from belvedere.sources.service import ingest_file

    provider, endpoint = split_source(source)
    if form is not None and form not in FORMATS:
        raise Invalid(f"--format: {form!r} is not one of json, ndjson, csv.")
    async with runtime.db.read(Scope.service(operator())) as session:
        client_id = await find_client(session, client)
    with progress() as bar:
        task = bar.add_task(f"Reading {file.name}", total=None)

        def show(step: str, done: int) -> None:
            bar.update(task, description=f"Rows {step}", completed=done)

        result = await ingest_file(
            runtime, client_id=client_id, provider=provider, endpoint=endpoint, data=file, mapping=mapping,
            actor=operator(), form=FORMATS[form] if form else None, data_as_of=when, progress=show,
            completeness=Completeness.INCREMENTAL if incremental else Completeness.FULL,
        )  # fmt: skip
    async with runtime.db.read(Scope.service(operator())) as session:
        source_id = await find_source_id(session, source)
        open_alerts = await count_open(session, client_id, source_id)
    return {
        "snapshot_id": str(result.snapshot_id),
        "records": result.records,
        "metrics": result.metrics,
        "rejected": result.rejected,
        "unchanged": result.unchanged,
        "completeness": result.completeness.value,
        "rounded": dict(result.rounded),
        "open_alerts": open_alerts,
    }


@rules.command("list")
def rules_list(as_json: Json = False) -> None:
    """Print every rule with its open alerts.

    Example: belvedere rules list --json
    """

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.watchtower.service import RuleFilter, list_rules

        async with runtime.db.read(Scope.service(operator())) as session:
            return (await list_rules(session, RuleFilter(), limit=200)).rows()

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "looks at", "client", "severity", "active", "open"),
        [(r["id"], r["name"], short(f"{r['field_name']} {r['condition']} {r['threshold_value'] or ''}"),
          r["client_id"] or "every", r["severity"], "yes" if r["is_active"] else "no", r["open_alerts"]) for r in found],
        empty="No rules yet. Make one: belvedere rules add --name 'Low open rate' --field open_rate --condition less_than"
        " --threshold 15",
    )  # fmt: skip


@rules.command("delete")
def rules_delete(
    rule: Annotated[str, typer.Argument(help="Its id, short name or name.")],
    detach: Annotated[bool, typer.Option("--detach", help="Set rules that depend on it free.")] = False,
) -> None:
    """Delete a rule with its alerts.

    Example: belvedere rules delete low-open-rate
    """

    async def act(runtime: Runtime) -> None:
        from belvedere.watchtower.service import delete_rule

        async with runtime.db.write(Scope.service(operator())) as session:
            rule_id = await find_rule_id(session, rule)
            await delete_rule(session, rule_id, actor=operator(), now=runtime.clock(), detach=detach)

    with_runtime(act)
    out.print("Deleted.")


def export(
    kind: Annotated[str, typer.Argument(help="alerts, deliveries or actions.")],
    since: Annotated[
        str | None, typer.Option(help="Only from this ISO date or time on; UTC unless it names a zone.")
    ] = None,
) -> None:
    """Print every alert, delivery or action as JSON lines, oldest first.

    Example: belvedere export deliveries > deliveries.ndjson
    """
    if kind not in ("alerts", "deliveries", "actions"):
        raise Invalid(f"There is no export {kind!r}; choose alerts, deliveries or actions.")
    when = read_instant(since, "--since")
    with_runtime(lambda runtime: write_lines(runtime, kind, when))


async def write_lines(runtime: Runtime, kind: str, since: datetime | None) -> None:
    import sys

    from belvedere.notify.service import DeliveryFilter, export_deliveries
    from belvedere.watchtower.service import export_alerts

    async with runtime.db.read(Scope.service(operator())) as session:
        if kind == "alerts":
            async for line in export_alerts(session, since=since):
                sys.stdout.write(line)
        if kind == "deliveries":
            async for row in export_deliveries(session, DeliveryFilter(since=since)):
                sys.stdout.write(row.decode())
    if kind == "actions":
        err.print("Actions on platforms are not part of this version; there are none.")
