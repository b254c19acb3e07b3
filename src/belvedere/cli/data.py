"""Commands about data: ingest, rules, alerts, export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from belvedere.cli.lookups import as_uuid, count_open, find_client, find_source_id, short, split_source
from belvedere.cli.messages import add_commands as add_messages
from belvedere.cli.output import err, operator, out, print_json, print_table, progress
from belvedere.cli.rule_files import add_commands as add_rule_files
from belvedere.cli.rule_history import add_commands as add_rule_history
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid
from belvedere.sources.remarks import rounded_note

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime

rules = typer.Typer(help="What to watch for.", no_args_is_help=True)
alerts = typer.Typer(help="What was found.", no_args_is_help=True)
FORMATS: dict[str, Literal["json", "ndjson", "csv"]] = {"json": "json", "ndjson": "ndjson", "csv": "csv"}
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(app: typer.Typer) -> None:
    app.command()(ingest)
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
    out.print(f"{result['open_alerts']} alerts are open on this source.")


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
    return found if found.tzinfo else found.astimezone()


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


@rules.command("add")
def rules_add(
    name: Annotated[str, typer.Option(help="Name of the rule.")],
    field: Annotated[str, typer.Option(help="Column, metric or extra:$.path to watch.")],
    condition: Annotated[str, typer.Option(help="equals, greater_than, less_than, changed or contains.")],
    threshold: Annotated[str | None, typer.Option(help="What to compare with.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source: provider/endpoint.")] = None,
    client: Annotated[str | None, typer.Option(help="Only this client; every client if left out.")] = None,
    severity: Annotated[str, typer.Option(help="info, warning or critical.")] = "warning",
    group: Annotated[
        str | None, typer.Option(help="Group id: conditions of one group are judged together.")
    ] = None,
    operator_word: Annotated[
        str, typer.Option("--logic", help="AND or OR with the row before it in the group.")
    ] = "AND",
    target: Annotated[str | None, typer.Option(help="api_records, communication_reports or clients.")] = None,
    parent: Annotated[str | None, typer.Option(help="Id of the rule this one depends on.")] = None,
    depends: Annotated[
        str | None,
        typer.Option(help="triggered, not_triggered or acknowledged: when the parent lets it fire."),
    ] = None,
    discord: Annotated[str | None, typer.Option(help="Discord channel id, or a webhook address.")] = None,
    email: Annotated[list[str] | None, typer.Option(help="Mail address; repeat for more.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Take a field that no data carries yet.")] = False,
    as_json: Json = False,
) -> None:
    """Make a rule.

    Example: belvedere rules add --name "Low open rate" --field open_rate --condition less_than --threshold 15
    """
    given = {
        "name": name, "field_name": field, "condition": condition, "threshold_value": threshold, "severity": severity,
        "logic_operator": operator_word, "notify_discord": discord is not None, "discord_channel_id": discord,
        "notify_email": bool(email), "email_recipients": email or None, "group_id": group, "force": force,
        "target_table": target, "parent_rule_id": parent, "dependency_condition": depends,
    }  # fmt: skip
    saved = with_runtime(lambda runtime: add_rule(runtime, given, source, client))
    if as_json:
        print_json(saved)
        return
    out.print(f"Rule {saved['id']}: {saved['expression']}")
    for note in saved["notes"]:
        err.print(f"note: {note}")


def word_misfit(problem: Any) -> str:
    """What is wrong with an option, in words that say what to write."""
    given = problem["input"]
    words = {
        "string_too_short": "This is empty. Write something.",
        "missing": "This is needed.",
    }.get(problem["type"], f"{given!r} does not fit. See belvedere rules add --help.")
    if problem["type"] == "enum":
        known = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        words = f"“{given}” is not known. Choose one of: {known}."
    elif problem["type"] == "value_error":
        words = str(problem["ctx"]["error"])
    return f"{'.'.join(str(part) for part in problem['loc'])}: {words}"


async def add_rule(
    runtime: Runtime, given: dict[str, Any], source: str | None, client: str | None
) -> dict[str, Any]:
    from pydantic import ValidationError

    from belvedere.watchtower.schemas import RuleCreate
    from belvedere.watchtower.service import create_rule

    async with runtime.db.write(Scope.service(operator())) as session:
        if source:
            given["source_id"] = await find_source_id(session, source)
        if client:
            given["client_id"] = await find_client(session, client) or None
        try:
            body = RuleCreate.model_validate(given)
        except ValidationError as error:
            raise Invalid(word_misfit(error.errors()[0])) from error
        saved = await create_rule(
            session, body.draft(), actor=operator(), now=runtime.clock(), force=body.force,
            discord_base_url=runtime.settings.discord_base_url,
        )  # fmt: skip
    notes = [getattr(note, "detail", None) or str(note) for note in saved.notes]
    return {"id": str(saved.rule.id), "expression": saved.expression, "notes": notes}


@rules.command("delete")
def rules_delete(
    rule: Annotated[str, typer.Argument(help="Id of the rule.")],
    detach: Annotated[bool, typer.Option("--detach", help="Set rules that depend on it free.")] = False,
) -> None:
    """Delete a rule with its alerts.

    Example: belvedere rules delete 0190c7a0-0000-7000-8000-000000000000
    """

    async def act(runtime: Runtime) -> None:
        from belvedere.watchtower.service import delete_rule

        async with runtime.db.write(Scope.service(operator())) as session:
            await delete_rule(
                session, as_uuid(rule, "a rule"), actor=operator(), now=runtime.clock(), detach=detach
            )

    with_runtime(act)
    out.print("Deleted.")


@alerts.command("list")
def alerts_list(
    state: Annotated[str, typer.Option(help="open or resolved.")] = "open",
    client: Annotated[str | None, typer.Option(help="Only this client.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Print alerts, newest first.

    Example: belvedere alerts list --state open --json
    """
    from belvedere.watchtower.contracts import AlertState

    if state not in [str(word) for word in AlertState]:
        raise Invalid(f"--state: {state!r} is not one of open, resolved.")

    async def act(runtime: Runtime) -> list[dict[str, Any]]:
        from belvedere.watchtower.service import AlertFilter, list_alerts

        async with runtime.db.read(Scope.service(operator())) as session:
            client_id = await find_client(session, client) if client else None
            wanted = AlertFilter(state=AlertState(state), client_id=client_id)
            return (await list_alerts(session, wanted, limit=limit)).rows()

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "severity", "client", "what", "since", "acknowledged"),
        [(a["id"], a["severity"], a["client_id"], short(a["title"] or a["message"], 70), a["created_at"][:16],
          a["acknowledged_by"]) for a in found],
        empty="No open alerts." if state == "open" else "No resolved alerts.",
    )  # fmt: skip


@alerts.command("ack")
def alerts_ack(
    alert: Annotated[str, typer.Argument(help="Id of the alert.")],
    note: Annotated[str | None, typer.Option(help="A word for the timeline.")] = None,
) -> None:
    """Take an open alert.

    Example: belvedere alerts ack 0190c7a0-0000-7000-8000-000000000000 --note "on it"
    """

    async def act(runtime: Runtime) -> int:
        from belvedere.watchtower.service import acknowledge

        async with runtime.db.write(Scope.service(operator())) as session:
            ids = [as_uuid(alert, "an alert")]
            return len(await acknowledge(session, ids, actor=operator(), now=runtime.clock(), note=note))

    out.print("Acknowledged." if with_runtime(act) else "It was acknowledged or resolved already.")


@alerts.command("resolve")
def alerts_resolve(
    alert: Annotated[str, typer.Argument(help="Id of the alert.")],
    note: Annotated[str | None, typer.Option(help="A word for the timeline.")] = None,
) -> None:
    """Close an open alert by hand.

    Example: belvedere alerts resolve 0190c7a0-0000-7000-8000-000000000000
    """

    async def act(runtime: Runtime) -> int:
        from belvedere.watchtower.service import resolve

        async with runtime.db.write(Scope.service(operator())) as session:
            ids = [as_uuid(alert, "an alert")]
            done = await resolve(session, ids, actor=operator(), now=runtime.clock(), note=note,
                                 base_url=runtime.settings.address)  # fmt: skip
            return len(done)

    out.print("Resolved." if with_runtime(act) else "It was resolved already.")


def export(
    kind: Annotated[str, typer.Argument(help="alerts, deliveries or actions.")],
    since: Annotated[str | None, typer.Option(help="Only from this ISO time on.")] = None,
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
