"""The rule form: what was typed, as drafts of one rule for each condition, and a stored rule as a form."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from typing import Any

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower.contracts import (
    Condition,
    DependencyCondition,
    LogicOperator,
    NotifySchedule,
    Rule,
    Severity,
)
from belvedere.watchtower.drafts import RuleDraft
from belvedere.web.forms import Errors, Fields

MOST_CONDITIONS = 12
TEXTS = ("name", "description", "source_id", "client_id", "target_table", "match", "severity", "notify", "notify_time",
         "notify_day", "discord_channel_id", "email_recipients", "parent_rule_id", "dependency")  # fmt: skip
EMPTY_CONDITION = {"field": "", "condition": "less_than", "threshold": ""}
FIELD_NAMES = {
    "field_name": "field",
    "threshold_value": "threshold",
    "condition": "condition",
    "dependency_condition": "dependency",
    "notify_day_of_week": "notify_day",
}
PER_CONDITION = frozenset({"field_name", "threshold_value", "condition"})


def empty_form(client_id: int | None, source_id: str = "", field: str = "") -> dict[str, Any]:
    return {
        **dict.fromkeys(TEXTS, ""),
        "client_id": "" if client_id is None else str(client_id),
        "source_id": source_id,
        "match": "AND",
        "severity": "warning",
        "notify": "now",
        "notify_time": "08:00",
        "notify_day": "1",
        "dependency": "triggered",
        "is_active": True,
        "discord": True,
        "email": False,
        "force": False,
        "conditions": [{**EMPTY_CONDITION, "field": field}],
    }


def typed_form(posted: Fields) -> dict[str, Any]:
    """Everything as it was typed."""
    form: dict[str, Any] = {name: posted.text(name) for name in TEXTS}
    for name in ("is_active", "discord", "email", "force"):
        form[name] = posted.ticked(name)
    form["match"] = form["match"] or "AND"
    form["dependency"] = form["dependency"] or "triggered"
    conditions = []
    for number in range(MOST_CONDITIONS):
        if f"field-{number}" not in posted.values and f"condition-{number}" not in posted.values:
            break
        conditions.append(
            {
                "field": posted.text(f"field-{number}"),
                "condition": posted.text(f"condition-{number}", "less_than"),
                "threshold": posted.text(f"threshold-{number}"),
            }
        )
    form["conditions"] = conditions or [dict(EMPTY_CONDITION)]
    return form


def stored_form(rows: Sequence[Rule]) -> dict[str, Any]:
    """A stored rule, all rows of its group, as the form shows it."""
    head = rows[0]
    notify = (
        "now"
        if head.notify_immediately
        else (head.notify_schedule.value if head.notify_schedule else "never")
    )
    return {
        "name": head.name,
        "description": head.description or "",
        "source_id": str(head.source_id or ""),
        "client_id": str(head.client_id or ""),
        "target_table": head.target_table or "",
        "match": rows[1].logic_operator.value if len(rows) > 1 else "AND",
        "severity": head.severity.value,
        "is_active": head.is_active,
        "notify": notify,
        "notify_time": head.notify_time.strftime("%H:%M") if head.notify_time else "08:00",
        "notify_day": str(head.notify_day_of_week if head.notify_day_of_week is not None else 1),
        "discord": head.notify_discord,
        "discord_channel_id": head.discord_channel_id or "",
        "email": head.notify_email,
        "email_recipients": ", ".join(head.email_recipients),
        "parent_rule_id": str(head.parent_rule_id or ""),
        "dependency": head.dependency_condition.value if head.dependency_condition else "triggered",
        "force": False,
        "conditions": [
            {
                "field": row.field_name,
                "condition": row.condition.value,
                "threshold": row.threshold_value or "",
            }
            for row in rows
        ],
    }


def read_drafts(form: dict[str, Any], posted: Fields) -> list[RuleDraft]:
    """One draft for each condition, without group and positions; raises Invalid naming the field of the form."""
    problems: Errors = {}
    if not form["name"]:
        problems["name"] = "A rule needs a name."
    conditions = [_condition(number, item, problems) for number, item in enumerate(form["conditions"])]
    severity = _one_of(Severity, form["severity"], "severity", problems)
    notify = form["notify"]
    parent = posted.uuid("parent_rule_id")
    schedule = NotifySchedule(notify) if notify in set(NotifySchedule) else None
    if problems:
        raise Invalid(
            "The rule cannot be saved yet.",
            errors=[FieldProblem(f"/{k}", "form", v) for k, v in problems.items()],
        )
    head = RuleDraft(
        name=form["name"],
        field_name="",
        condition=Condition.EQUALS,
        source_id=posted.uuid("source_id"),
        client_id=posted.number("client_id"),
        target_table=form["target_table"] or None,
        description=form["description"] or None,
        parent_rule_id=parent,
        dependency_condition=DependencyCondition(form["dependency"])
        if parent and form["dependency"] in set(DependencyCondition)
        else None,
        severity=Severity(severity),
        is_active=form["is_active"],
        notify_immediately=notify == "now",
        notify_schedule=schedule,
        notify_time=_clock(form["notify_time"]) if schedule else None,
        notify_day_of_week=posted.number("notify_day") if schedule is NotifySchedule.WEEKLY else None,
        notify_discord=form["discord"] and notify != "never",
        notify_email=form["email"] and notify != "never",
        discord_channel_id=form["discord_channel_id"] or None,
        email_recipients=tuple(posted.words("email_recipients")) or None,
    )
    joined = LogicOperator.OR if form["match"] == "OR" else LogicOperator.AND
    first = replace(
        head, field_name=conditions[0][0], condition=conditions[0][1], threshold_value=conditions[0][2]
    )
    # Parent and channels are the head's; the other rows only ask their question.
    plain = replace(first, parent_rule_id=None, dependency_condition=None, notify_immediately=False, notify_schedule=None,
                    notify_time=None, notify_day_of_week=None, notify_discord=False, notify_email=False,
                    discord_channel_id=None, email_recipients=None, logic_operator=joined)  # fmt: skip
    return [
        first,
        *(replace(plain, field_name=f, condition=c, threshold_value=t) for f, c, t in conditions[1:]),
    ]


def _condition(number: int, item: dict[str, str], problems: Errors) -> tuple[str, Condition, str | None]:
    if not item["field"]:
        problems[f"field-{number}"] = "Name the field to watch, such as open_rate."
    condition = _one_of(Condition, item["condition"], f"condition-{number}", problems)
    if not item["threshold"] and condition != Condition.CHANGED:
        problems[f"threshold-{number}"] = "Write the limit to compare with, such as 15."
    return item["field"], Condition(condition), item["threshold"] or None


def _one_of(words: Any, given: str, name: str, problems: Errors) -> str:
    if given in set(words):
        return given
    problems[name] = "Choose one of the list."
    return str(next(iter(words)))


def _clock(word: str) -> time:
    try:
        return time.fromisoformat(word).replace(tzinfo=None)
    except ValueError:
        return time(8)


def beside(error: Invalid, position: int) -> list[FieldProblem]:
    """Problems of one row of the group under the names of the form."""
    found = []
    for problem in error.errors:
        bare = problem.pointer.strip("/").split("/")[0]
        name = FIELD_NAMES.get(bare, bare)
        found.append(
            FieldProblem(
                f"/{name}-{position}" if bare in PER_CONDITION else f"/{name}", problem.code, problem.detail
            )
        )
    return found or [FieldProblem("/form", error.code, error.detail)]


def words_of(form: dict[str, Any]) -> str:
    """The condition in one line, as far as it is written."""
    if not any(item["field"] for item in form["conditions"]):
        return "Name a field and its limit."
    signs = {
        "less_than": "<",
        "greater_than": ">",
        "equals": "=",
        "contains": "contains",
        "changed": "changed",
    }
    parts = [
        " ".join(
            part
            for part in (item["field"] or "…", signs.get(item["condition"], "?"), item["threshold"])
            if part
        )
        for item in form["conditions"]
    ]
    return f" {form['match'].lower()} ".join(parts)
