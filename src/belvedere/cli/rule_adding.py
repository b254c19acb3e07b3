"""The command that makes a rule: its question, when it counts, and whom it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from belvedere.cli.lookups import find_client, find_rule_id, find_source_id
from belvedere.cli.output import err, operator, out, print_json
from belvedere.cli.session import with_runtime
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
Word = str | None
Number = int | None
Name = Annotated[str, typer.Option(help="Name of the rule.")]
FieldName = Annotated[str, typer.Option("--field", help="Column, metric or extra:$.path to watch.")]
ConditionWord = Annotated[
    str, typer.Option("--condition", help="less_than, equals, changed, percent_change, stale and more.")
]
Threshold = Annotated[Word, typer.Option("--threshold", help="What to compare with.")]
Source = Annotated[Word, typer.Option(help="Only this source: provider/endpoint.")]
Client = Annotated[Word, typer.Option(help="Only this client; every client if left out.")]
SeverityWord = Annotated[Word, typer.Option(help="info, warning or critical; warning if left out.")]
Slug = Annotated[Word, typer.Option(help="Short name, for files and commands.")]
Description = Annotated[Word, typer.Option(help="Why this rule exists; stands in the alert.")]
Group = Annotated[
    Word, typer.Option("--group", help="Group id: conditions of one group are judged together.")
]
Join = Annotated[
    Word, typer.Option("--join", "--logic", help="AND or OR with the row before it in the group.")
]
Target = Annotated[Word, typer.Option("--target", help="api_records, communication_reports or clients.")]
AggregateWord = Annotated[
    Word, typer.Option(help="Of the whole reading: any, all, count, share, sum, avg, min or max.")
]
ForReadings = Annotated[Number, typer.Option(help="Fires after so many readings in a row.")]
ForMinutes = Annotated[Number, typer.Option(help="And only once it lasts so many minutes.")]
MinVolume = Annotated[Word, typer.Option(help="Judged only from this volume on.")]
MinVolumeField = Annotated[Word, typer.Option(help="Where the volume stands, such as sent.")]
Recovery = Annotated[Word, typer.Option("--recovery", help="Recovers only past this value.")]
RecoverAfter = Annotated[Number, typer.Option(help="Closes after so many good readings.")]
NoData = Annotated[
    Word, typer.Option("--no-data", help="What a missing value means: ignore, alert, keep or resolve.")
]
DataLag = Annotated[Number, typer.Option(help="Data younger than so many minutes is not judged yet.")]
Parent = Annotated[Word, typer.Option(help="The rule this one depends on: its id, short name or name.")]
Depends = Annotated[
    Word,
    typer.Option("--depends", help="triggered, not_triggered or acknowledged: when the parent lets it fire."),
]
Overrides = Annotated[
    Word, typer.Option(help="The rule for every client that this one replaces at its client.")
]
Discord = Annotated[Word, typer.Option("--discord", help="Discord channel id, or webhook: and a name.")]
Email = Annotated[list[str] | None, typer.Option("--email", help="Mail address; repeat for more.")]
Schedule = Annotated[Word, typer.Option("--schedule", help="Tell in a summary too: daily or weekly.")]
Time = Annotated[Word, typer.Option("--time", help="When the summary comes: 09:00 if left out.")]
Day = Annotated[Word, typer.Option("--day", help="Its weekday; monday if left out.")]
Zone = Annotated[Word, typer.Option("--zone", help="Its time zone, such as Europe/Vienna.")]
OnlySummary = Annotated[bool, typer.Option("--only-summary", help="Tell in the summary alone, not at once.")]
Repeat = Annotated[Number, typer.Option(help="Tell again while nobody takes it; 0 is never.")]
Remind = Annotated[Number, typer.Option(help="Remind whoever took it.")]
Title = Annotated[Word, typer.Option("--title", help="Template of the title of its messages.")]
MessageText = Annotated[Word, typer.Option("--message", help="Template of their text.")]
Paused = Annotated[bool, typer.Option("--paused", help="Make it without switching it on.")]
Force = Annotated[bool, typer.Option("--force", help="Take a field that no data carries yet.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

OPTIONS = {
    "field_name": "field", "threshold_value": "threshold", "logic_operator": "join", "group_id": "group",
    "target_table": "target", "parent_rule_id": "parent", "dependency_condition": "depends",
    "discord_channel_id": "discord", "email_recipients": "email", "recovery_threshold": "recovery",
    "no_data_policy": "no-data", "notify_schedule": "schedule", "notify_time": "time", "notify_day_of_week": "day",
    "notify_zone": "zone", "title_template": "title", "message_template": "message", "overrides_rule_id": "overrides",
}  # fmt: skip
"""Columns whose option has another name."""


def add_commands(rules: typer.Typer) -> None:
    rules.command("add")(rules_add)


def rules_add(
    name: Name, field_name: FieldName, condition: ConditionWord, threshold_value: Threshold = None, source: Source = None,
    client: Client = None, severity: SeverityWord = None, slug: Slug = None, description: Description = None,
    group_id: Group = None, logic_operator: Join = None, target_table: Target = None, aggregate: AggregateWord = None,
    for_readings: ForReadings = None, for_minutes: ForMinutes = None, min_volume: MinVolume = None,
    min_volume_field: MinVolumeField = None, recovery_threshold: Recovery = None, recover_after: RecoverAfter = None,
    no_data_policy: NoData = None, data_lag_minutes: DataLag = None, parent: Parent = None,
    dependency_condition: Depends = None, overrides: Overrides = None, discord_channel_id: Discord = None,
    email_recipients: Email = None, notify_schedule: Schedule = None, notify_time: Time = None,
    notify_day_of_week: Day = None, notify_zone: Zone = None, only_summary: OnlySummary = False,
    repeat_minutes: Repeat = None, remind_minutes: Remind = None, title_template: Title = None,
    message_template: MessageText = None, paused: Paused = False, force: Force = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Make a rule.

    Example: belvedere rules add --name "Low open rate" --field open_rate --condition less_than --threshold 15
    """
    given, named = read_options(locals())
    saved = with_runtime(lambda runtime: add_rule(runtime, given, named))
    if as_json:
        print_json(saved)
        return
    out.print(f"Rule {saved['id']}: {saved['expression']}")
    for note in saved["notes"]:
        err.print(f"note: {note}")


def read_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str | None]]:
    """What was given as columns of a rule, and what is named and must be looked up."""
    apart = ("source", "client", "parent", "overrides", "only_summary", "paused", "as_json")
    given = {name: value for name, value in options.items() if name not in apart and value not in (None, [])}
    if options["notify_day_of_week"] is not None:
        given["notify_day_of_week"] = read_day(options["notify_day_of_week"])
    given["notify_discord"] = options["discord_channel_id"] is not None
    given["notify_email"] = bool(options["email_recipients"])
    given["notify_immediately"] = not options["only_summary"]
    given["is_active"] = not options["paused"]
    return given, {name: options[name] for name in apart[:4]}


def read_day(word: str) -> int:
    """A weekday as the number that is stored; 0 is Sunday."""
    found = [number for number, name in enumerate(DAYS) if len(word) > 1 and name.startswith(word.lower())]
    if len(found) != 1:
        raise Invalid(f"--day: {word!r} is no weekday. Write one of {', '.join(DAYS)}.")
    return found[0]


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
    return f"{option_of(problem['loc'][0])}: {words}"


def option_of(column: Any) -> str:
    """The option behind a column of a rule."""
    return f"--{OPTIONS.get(column, str(column).replace('_', '-'))}"


async def add_rule(runtime: Runtime, given: dict[str, Any], named: dict[str, str | None]) -> dict[str, Any]:
    from pydantic import ValidationError

    from belvedere.watchtower.schemas import RuleCreate
    from belvedere.watchtower.service import create_rule

    async with runtime.db.write(Scope.service(operator())) as session:
        if named["source"]:
            given["source_id"] = await find_source_id(session, named["source"])
        client_id = await find_client(session, named["client"]) if named["client"] else 0
        given["client_id"] = client_id or None
        if named["parent"]:
            given["parent_rule_id"] = await find_rule_id(session, named["parent"], client_id)
        if named["overrides"]:
            given["overrides_rule_id"] = await find_rule_id(session, named["overrides"], 0)
        try:
            body = RuleCreate.model_validate(given)
        except ValidationError as error:
            raise Invalid(word_misfit(error.errors()[0])) from error
        try:
            saved = await create_rule(
                session, body.draft(), actor=operator(), now=runtime.clock(), force=body.force,
                discord_base_url=runtime.settings.discord_base_url,
            )  # fmt: skip
        except Invalid as error:
            named_so = [replace(one, pointer=option_of(one.pointer.lstrip("/"))) for one in error.errors]
            raise Invalid(error.detail, errors=named_so, code=error.code) from error
    notes = [getattr(note, "detail", None) or str(note) for note in saved.notes]
    return {"id": str(saved.rule.id), "expression": saved.expression, "notes": notes}
