"""Commands that ask history about rules: try, backtest, why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.lookups import find_client, find_rule_id, find_source_id
from belvedere.cli.messages import show_messages
from belvedere.cli.output import operator, out, print_json, print_table
from belvedere.cli.rule_files import read_book
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.core.database import ReadSession
    from belvedere.core.runtime import Runtime
    from belvedere.watchtower.contracts import Rule
    from belvedere.watchtower.service import PreviewFinding

BARS = "▁▂▃▄▅▆▇█"
RuleArgument = Annotated[str | None, typer.Argument(metavar="[RULE]", help="Its id, short name or name.")]
FileOption = Annotated[
    Path | None, typer.Option("--file", help="A YAML file with one rule that is not saved, instead of RULE.")
]
ClientOption = Annotated[str | None, typer.Option(help="Only this client: number, short name or name.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(rules: typer.Typer) -> None:
    for name, command in (("try", rules_try), ("backtest", rules_backtest), ("why", rules_why)):
        rules.command(name)(command)


def rules_try(
    rule: RuleArgument = None,
    file: FileOption = None,
    client: ClientOption = None,
    messages: Annotated[
        bool, typer.Option("--messages", help="Print the very messages that would be sent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what a rule finds in the newest readings, and what it nearly finds. Nothing is saved.

    Example: belvedere rules try low-open-rate
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.accounts.service import list_clients
        from belvedere.watchtower.service import messages_of_rule, preview_rule

        async with runtime.db.read(Scope.service(operator())) as session:
            now = runtime.clock()
            rows = await read_rows(session, rule, file, now)
            ids = [item.id for item in await list_clients(session, limit=1000)] if client is None else []
            clients = ids if client is None else [await find_client(session, client)]
            if messages:
                return await messages_of_rule(session, rows, clients, now, base_url=runtime.settings.address)
            found = await preview_rule(session, rows, clients, now)
        return {
            "findings": [found_row(item) for item in found.findings],
            "near": [near_row(item) for item in found.near],
            "left_out": [one.document() for one in found.left_out],
        }

    found = with_runtime(act)
    if as_json:
        print_json(found)
    elif messages:
        show_messages(found["messages"], as_json=False, matches=found["matches"])
        print_left_out(found)
    else:
        print_found(found)


def found_row(item: PreviewFinding) -> dict[str, Any]:
    return {
        "client_id": item.client_id, "external_id": item.finding.external_id or None, "thing": item.finding.entity_name or item.finding.external_id,
        "value": item.finding.head.value, "limit": item.finding.head.limit, "is_open": item.is_open,
    }  # fmt: skip


def near_row(item: PreviewFinding) -> dict[str, Any]:
    """A record that does not fire, by the first condition that it does not meet."""
    from belvedere.watchtower.service import shortfalls

    short = shortfalls(item.finding)
    if not short:
        return {**found_row(item), "field": item.finding.head.field, "by": ""}
    reason, gap = short[0]
    shown = {
        "field": reason.field,
        "value": reason.value,
        "limit": reason.limit,
        "by": f"{gap.normalize():f}",
    }
    return {**found_row(item), **shown}


def print_found(found: dict[str, Any]) -> None:
    print_table(
        ("client", "thing", "value", "limit", "alert stands"),
        [
            (r["client_id"], r["thing"], r["value"], r["limit"], "yes" if r["is_open"] else "no")
            for r in found["findings"]
        ],
        empty="The rule finds nothing in the newest readings.",
    )
    print_left_out(found)
    if found["near"]:
        out.print("\nClosest without firing:")
        print_table(
            ("client", "thing", "field", "value", "limit", "how far"),
            [
                (r["client_id"], r["thing"], r["field"], r["value"], r["limit"], r["by"])
                for r in found["near"]
            ],
            empty="",
        )


def print_left_out(found: dict[str, Any]) -> None:
    """Clients whose own rule answers in place of this one."""
    for one in found["left_out"]:
        out.print(f"Left out: {one['says']}")


def rules_backtest(
    rule: RuleArgument = None,
    file: FileOption = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 30,
    client: ClientOption = None,
    heed_parent: Annotated[
        bool, typer.Option("--heed-parent", help="Let the rule's parent hold it back.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Episodes to print, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """Print how often a rule would have fired on the stored readings. Nothing is saved.

    Example: belvedere rules backtest low-open-rate --days 30
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from datetime import timedelta

        from belvedere.watchtower.service import Asked, backtest

        async with runtime.db.read(Scope.service(operator())) as session:
            end = runtime.clock()
            rows = await read_rows(session, rule, file, end)
            asked = Asked(
                end - timedelta(days=days),
                end,
                client_ids=None if client is None else [await find_client(session, client)],
                rule_id=rows[0].id if file is None else None,
                heeds_parent=heed_parent,
                most_episodes=limit,
            )
            return await backtest(session, rows, asked)

    found = with_runtime(act)
    if as_json:
        print_json(found)
        return
    print_backtest(found)


def print_backtest(found: dict[str, Any]) -> None:
    out.print(found["summary"])
    if found["by_day"]:
        out.print(f"{sparkline(found)}  {found['start']:%Y-%m-%d} to {found['end']:%Y-%m-%d}")
    print_table(
        ("from", "to", "client", "what", "furthest", "ended"),
        [
            (f"{item['started_at']:%m-%d %H:%M}", f"{item['ended_at']:%m-%d %H:%M}" if item["ended_at"] else None,
             item["client_id"], item["title"], item["peak_value"], item["ended_because"] or "open")
            for item in found["episodes"]
        ],
        empty="No episode.",
    )  # fmt: skip
    print_left_out(found)
    readings = found["readings"]
    out.print(
        f"{readings['looked_at']} readings looked at, {readings['judged']} judged, {readings['without_data']} without"
        f" data, {readings['failed']} failed. {found['notifications']['total']} messages."
    )
    for item in readings["not_judged"]:
        out.print(f"Not judged ({item['readings']}): {item['why']}")
    if found["compared_with"] is not None:
        out.print(f"Really opened in that time: {found['compared_with']['opened']}.")


def sparkline(found: dict[str, Any]) -> str:
    """One bar for each day."""
    from datetime import timedelta

    counts = {item["day"]: item["episodes"] for item in found["by_day"]}
    most = max(counts.values())
    length = (found["end"].date() - found["start"].date()).days + 1
    days = [found["start"].date() + timedelta(days=number) for number in range(length)]
    return "".join(BARS[-(-counts.get(day, 0) * (len(BARS) - 1) // most)] for day in days)


def rules_why(
    rule: Annotated[str, typer.Argument(help="Its id, short name or name.")],
    entity: Annotated[
        str | None, typer.Option(help="The thing, by its key at the platform; left out for a whole reading.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="Needed for a rule of every client.")] = None,
    reading: Annotated[
        str | None, typer.Option(help="Id of the reading; the newest one if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print why a rule fired on a thing, or why not. Exit code 0: its alert stands, 1: it did not fire.

    Example: belvedere rules why low-open-rate --entity cmp_71 --client brandt
    """

    async def act(runtime: Runtime) -> dict[str, Any]:
        from belvedere.watchtower.service import WhyAsk, explain_rule

        async with runtime.db.read(Scope.service(operator())) as session:
            head = (await find_rows(session, rule))[0]
            client_id = None if client is None else await find_client(session, client)
            asked = WhyAsk(entity, client_id, None if reading is None else as_id(reading))
            return await explain_rule(session, head.id, asked, runtime.clock())

    found = with_runtime(act)
    if as_json:
        print_json(found)
    else:
        print_why(found)
    if found["outcome"] not in ("fired", "still_open"):
        raise typer.Exit(1)


def print_why(found: dict[str, Any]) -> None:
    out.print(found["sentence"])
    words = {True: "yes", False: "no", None: "unknown"}
    print_table(
        ("field", "value", "before", "limit", "holds", ""),
        [
            (item["label"], item["value"], item["previous"], f"{item['condition']} {item['limit'] or ''}",
             words[item["result"]], item["why_unknown"] or "")
            for item in found["conditions"]
        ],
        empty="No condition was looked at.",
    )  # fmt: skip
    reading = found["reading"]
    out.print(
        f"Reading {reading['snapshot_id']} of {reading['data_as_of']:%Y-%m-%d %H:%M}, rule version {found['rule']['version']}."
    )
    if found["parent"]:
        out.print(found["parent"])


def as_id(text: str) -> Any:
    from uuid import UUID

    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no id of a reading.") from error


async def read_rows(session: ReadSession, rule: str | None, file: Path | None, now: datetime) -> list[Rule]:
    """The rows to try: those of a stored rule, or of the one rule of a file."""
    if (rule is None) == (file is None):
        raise Invalid("Name a rule, or a file with --file.")
    return await find_rows(session, rule) if rule is not None else await rows_of_file(session, file, now)


async def find_rows(session: ReadSession, word: str) -> list[Rule]:
    """A stored rule by id, short name or name."""
    from belvedere.watchtower.service import stored_rows

    return await stored_rows(session, await find_rule_id(session, word))


async def rows_of_file(session: ReadSession, file: Path | None, now: datetime) -> list[Rule]:
    from belvedere.core.ids import new_id
    from belvedere.watchtower.service import RuleDraft, draft_rows

    texts = read_book(file or Path("-"), None).rules
    if len(texts) != 1:
        raise Invalid(f"The file holds {len(texts)} rules. Try one at a time.")
    client_id = await find_client(session, texts[0].client) if texts[0].client else None
    drafts = []
    for columns in texts[0].rows:
        values = {name: value for name, value in columns.items() if name in RuleDraft.__dataclass_fields__}
        # What names other rules and channels says nothing about when this one fires.
        for name in (
            "parent_rule_id",
            "dependency_condition",
            "overrides_rule_id",
            "webhook_channel_id",
            "group_id",
        ):
            values.pop(name, None)
        if values.get("source_id"):
            values["source_id"] = await find_source_id(session, values["source_id"])
        recipients = values.get("email_recipients")
        values["email_recipients"] = tuple(recipients) if recipients else None
        drafts.append(RuleDraft(**{**values, "client_id": client_id}))
    return await draft_rows(session, drafts, [], new_id(now))
