"""What was typed into the rule form as drafts of one rule for each condition, with each problem beside its field."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.zones import zone_names
from belvedere.notify.service import check_template
from belvedere.watchtower.contracts import (
    Aggregate,
    Condition,
    DependencyCondition,
    LogicOperator,
    NoDataPolicy,
    NotifySchedule,
    Severity,
)
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import DEFAULT_TIME
from belvedere.web.forms import Errors, as_uuid
from belvedere.web.rule_forms import MINUTES, SAME_SOURCE
from belvedere.web.rule_words import UNNAMED_FIELD, WITHOUT_FIELD, join_limit, limit_problems

LONGEST = 525_600
FIELD_NAMES = {
    "field_name": "field",
    "threshold_value": "threshold",
    "condition": "condition",
    "aggregate": "measure",
    "logic_operator": "join",
    "dependency_condition": "dependency",
    "notify_day_of_week": "notify_day",
    "notify_schedule": "notify",
    "notify_immediately": "notify",
    "data_lag_minutes": "data_lag",
    "repeat_minutes": "repeat",
    "remind_minutes": "remind",
}
PER_CONDITION = frozenset({"field_name", "threshold_value", "condition", "aggregate", "logic_operator"})
OF_EACH_ROW = frozenset(
    {
        "name", "field_name", "condition", "threshold_value", "source_id", "target_table", "description", "logic_operator",
        "group_id", "position", "severity", "is_active", "aggregate", "fires_from_zero",
    }
)  # fmt: skip
"""What the form says of the rows after the first; all else of them stays as it is stored."""


def read_drafts(form: Mapping[str, Any]) -> tuple[list[RuleDraft], Errors]:
    """One draft for each condition, without group and positions, and what is wrong by the fields of the form."""
    problems: Errors = {}
    if not form["name"]:
        problems["name"] = "A rule needs a name."
    head = _head(form, problems)
    rows = [_row(head, item, number, problems) for number, item in enumerate(form["conditions"])]
    first, *others = rows
    # Parent and channels are the head's; the other rows only ask their question.
    return [first, *(_plain(row) for row in others)], problems


def refuse_form(problems: Errors) -> None:
    """Raise Invalid that names every wrong field of the form, if there is one."""
    if problems:
        raise Invalid(
            "The rule cannot be saved yet.",
            errors=[FieldProblem(f"/{name}", "form", said) for name, said in problems.items()],
        )


def _head(form: Mapping[str, Any], problems: Errors) -> RuleDraft:
    parent = as_uuid(form["parent_rule_id"])
    return RuleDraft(
        name=form["name"],
        field_name="",
        condition=Condition.EQUALS,
        source_id=as_uuid(form["source_id"]),
        client_id=int(form["client_id"]) if form["client_id"].isdecimal() else None,
        target_table=form["target_table"] or None,
        description=form["description"] or None,
        parent_rule_id=parent,
        dependency_condition=_one_of(DependencyCondition, form["dependency"], "dependency", problems)
        if parent
        else None,
        severity=_one_of(Severity, form["severity"], "severity", problems),
        is_active=form["is_active"],
        overrides_rule_id=as_uuid(form["overrides_rule_id"]),
        fires_from_zero=form["fires_from_zero"],
        **_counting(form, problems),
        **_telling(form, problems),
    )


def _counting(form: Mapping[str, Any], problems: Errors) -> dict[str, Any]:
    """When it counts: readings, minutes, recovery, volume, late data, missing values."""
    volume = _decimal(form["min_volume"], "min_volume", problems)
    field = form["min_volume_field"] or None
    if volume is not None and field is None:
        problems["min_volume_field"] = "Name the field that says how much is enough, such as sent."
    if field is not None and volume is None and "min_volume" not in problems:
        problems["min_volume"] = "Write how much is enough, such as 1000."
    return {
        "for_readings": _whole(form["for_readings"], "for_readings", problems, 1, 1000) or 1,
        "for_minutes": _minutes(form, "for_minutes", problems),
        "recovery_threshold": form["recovery_threshold"] or None,
        "recover_after": _whole(form["recover_after"], "recover_after", problems, 1, 1000) or 1,
        "min_volume_field": field,
        "min_volume": volume,
        "data_lag_minutes": _minutes(form, "data_lag", problems),
        "no_data_policy": _one_of(NoDataPolicy, form["no_data_policy"], "no_data_policy", problems),
    }


def _telling(form: Mapping[str, Any], problems: Errors) -> dict[str, Any]:
    """Whom to tell, when and how often."""
    at_once = form["notify"].startswith("now")
    word = form["notify"].removeprefix("now_")
    schedule = NotifySchedule(word) if word in set(NotifySchedule) else None
    told = form["notify"] != "never"
    channel = as_uuid(form["webhook_channel_id"])
    if form["webhook"] and channel is None:
        problems["webhook_channel_id"] = "Choose the webhook that is called."
    if form["notify_zone"] and form["notify_zone"] not in zone_names():
        problems["notify_zone"] = "Choose one of the list."
    for name in ("title_template", "message_template"):
        if form[name] and (wrong := check_template(form[name])):
            problems[name] = wrong
    return {
        "notify_immediately": at_once,
        "notify_schedule": schedule,
        "notify_time": _clock(form["notify_time"]) if schedule else None,
        "notify_day_of_week": _whole(form["notify_day"], "notify_day", problems, 0, 6)
        if schedule is NotifySchedule.WEEKLY
        else None,
        "notify_zone": form["notify_zone"] or None,
        "digest_all_clear": form["digest_all_clear"] and schedule is not None,
        "notify_discord": form["discord"] and told,
        "notify_email": form["email"] and told,
        "notify_webhook": form["webhook"] and told,
        "discord_channel_id": form["discord_channel_id"] or None,
        "email_recipients": tuple(_addresses(form["email_recipients"])) or None,
        "webhook_channel_id": channel,
        "repeat_minutes": _minutes(form, "repeat", problems, lowest=0),
        "remind_minutes": _minutes(form, "remind", problems),
        "title_template": form["title_template"] or None,
        "message_template": form["message_template"] or None,
    }


def _row(head: RuleDraft, item: Mapping[str, str], number: int, problems: Errors) -> RuleDraft:
    condition = _one_of(Condition, item["condition"], f"condition-{number}", problems)
    field = item["field"] or (UNNAMED_FIELD if condition in WITHOUT_FIELD else "")
    if not field:
        problems[f"field-{number}"] = "Name the field to watch, such as open_rate."
    for box, said in limit_problems(condition, item).items():
        problems[f"{box}-{number}"] = said
    measure = item["measure"]
    if measure and measure not in set(Aggregate):
        problems[f"measure-{number}"] = "Choose one of the list."
        measure = ""
    same = not number or item["source"] == SAME_SOURCE
    return replace(
        head,
        field_name=field,
        condition=condition,
        threshold_value=join_limit(condition, item),
        aggregate=Aggregate(measure) if measure else None,
        logic_operator=LogicOperator(item["join"]),
        source_id=head.source_id if same else as_uuid(item["source"]),
        target_table=head.target_table if same else None,
    )


def _plain(row: RuleDraft) -> RuleDraft:
    said = {name: getattr(row, name) for name in OF_EACH_ROW}
    return RuleDraft(**said, client_id=row.client_id, notify_immediately=False)


def _one_of(words: Any, given: str, name: str, problems: Errors) -> Any:
    if given in set(words):
        return words(given)
    problems[name] = "Choose one of the list."
    return next(iter(words))


def _whole(text: str, name: str, problems: Errors, low: int, high: int) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and low <= int(text[:12]) <= high:
        return int(text)
    problems[name] = f"Write a whole number from {low} to {high:,}."
    return None


def _minutes(form: Mapping[str, Any], name: str, problems: Errors, *, lowest: int = 1) -> int | None:
    unit = MINUTES.get(form[f"{name}_unit"], 1)
    found = _whole(form[name], name, problems, lowest, LONGEST // unit)
    return None if found is None else found * unit


def _decimal(text: str, name: str, problems: Errors) -> Decimal | None:
    bare = text.replace(",", "").replace(" ", "")
    if not bare:
        return None
    if bare.replace(".", "", 1).isascii() and bare.replace(".", "", 1).isdigit() and len(bare) <= 14:
        return Decimal(bare)
    problems[name] = "Write a number, such as 1000."
    return None


def _addresses(text: str) -> list[str]:
    return [word.strip() for word in text.replace(";", ",").replace("\n", ",").split(",") if word.strip()]


def _clock(word: str) -> time:
    try:
        return time.fromisoformat(word).replace(tzinfo=None)
    except ValueError:
        return DEFAULT_TIME


def beside(error: Invalid, position: int) -> Errors:
    """Problems of one row of the group under the names of the form; `/rows/2/…` names its row itself."""
    found: Errors = {}
    for problem in error.errors:
        first, *rest = problem.pointer.strip("/").split("/")
        if first == "rows" and len(rest) > 1:
            found.setdefault(field_at(rest[1], int(rest[0])), problem.detail)
        else:
            found.setdefault(field_at(first, position), problem.detail)
    return found or {"form": error.detail}


def field_at(column: str, position: int) -> str:
    """The field of the form for a column of one row."""
    name = FIELD_NAMES.get(column, column)
    return f"{name}-{position}" if column in PER_CONDITION else name
