"""The rule form: what was typed as it was typed, and a stored rule as a form. The drafts are made in rule_drafts.py."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.service import DEFAULT_TIME
from belvedere.web.forms import Fields
from belvedere.web.rule_words import stored_item

MOST_CONDITIONS = 12
TEXTS = ("name", "description", "source_id", "client_id", "target_table", "severity", "for_readings", "for_minutes",
         "for_minutes_unit", "recovery_threshold", "recover_after", "min_volume_field", "min_volume", "data_lag", "data_lag_unit",
         "no_data_policy", "notify", "notify_time", "notify_day", "notify_zone", "discord_channel_id", "email_recipients",
         "webhook_channel_id", "repeat", "repeat_unit", "remind", "remind_unit", "title_template", "message_template",
         "parent_rule_id", "dependency", "overrides_rule_id")  # fmt: skip
TICKS = ("is_active", "discord", "email", "webhook", "digest_all_clear", "fires_from_zero", "force")
DEFAULTS = {
    "severity": "warning",
    "for_readings": "1",
    "recover_after": "1",
    "no_data_policy": "ignore",
    "notify": "now",
    "notify_time": f"{DEFAULT_TIME:%H:%M}",
    "notify_day": "1",
    "dependency": "triggered",
    "for_minutes_unit": "min",
    "data_lag_unit": "h",
    "repeat_unit": "h",
    "remind_unit": "h",
}
EMPTY_CONDITION = {"join": "AND", "source": "", "measure": "", "field": "", "condition": "less_than", "threshold": "",
                   "upper": "", "direction": "falls", "unit": "days"}  # fmt: skip
SAME_SOURCE = "same"
MINUTES = {"min": 1, "h": 60, "days": 1440}
WHEN = ("for_minutes", "recovery_threshold", "recover_after", "min_volume_field", "min_volume", "data_lag", "no_data_policy",
        "fires_from_zero")  # fmt: skip
WHOM = ("notify_zone", "digest_all_clear", "webhook", "repeat", "remind", "title_template", "message_template",
        "discord_channel_id", "email_recipients")  # fmt: skip


def empty_form(client_id: int | None, source_id: str = "", field: str = "") -> dict[str, Any]:
    return {
        **dict.fromkeys(TEXTS, ""),
        **dict.fromkeys(TICKS, False),
        **DEFAULTS,
        "client_id": "" if client_id is None else str(client_id),
        "source_id": source_id,
        "is_active": True,
        "discord": True,
        "conditions": [{**EMPTY_CONDITION, "field": field}],
    }


def typed_form(posted: Fields) -> dict[str, Any]:
    """Everything as it was typed; a field that was not posted keeps its default."""
    form: dict[str, Any] = {name: posted.text(name, DEFAULTS.get(name, "")) for name in TEXTS}
    form |= {name: posted.ticked(name) for name in TICKS}
    conditions = []
    for number in range(MOST_CONDITIONS):
        if f"field-{number}" not in posted.values and f"condition-{number}" not in posted.values:
            break
        conditions.append(_typed_condition(posted, number))
    form["conditions"] = conditions or [dict(EMPTY_CONDITION)]
    return form


def _typed_condition(posted: Fields, number: int) -> dict[str, str]:
    item = {name: posted.text(f"{name}-{number}", default) for name, default in EMPTY_CONDITION.items()}
    item["join"] = "OR" if item["join"] == "OR" else "AND"
    return item


def stored_form(rows: Sequence[Rule]) -> dict[str, Any]:
    """A stored rule, all rows of its group, as the form shows it."""
    head = rows[0]
    return {
        **empty_form(None),
        **{
            name: getattr(head, name) or ""
            for name in (
                "name", "description", "target_table", "recovery_threshold", "min_volume_field", "notify_zone",
                "discord_channel_id", "title_template", "message_template",
            )
        },
        "source_id": str(head.source_id or ""),
        "client_id": str(head.client_id or ""),
        "severity": head.severity.value,
        "is_active": head.is_active,
        "for_readings": str(head.for_readings),
        "recover_after": str(head.recover_after),
        "min_volume": "" if head.min_volume is None else f"{head.min_volume.normalize():f}",
        "no_data_policy": head.no_data_policy.value,
        "fires_from_zero": any(row.fires_from_zero for row in rows),
        "parent_rule_id": str(head.parent_rule_id or ""),
        "dependency": head.dependency_condition.value if head.dependency_condition else "triggered",
        "overrides_rule_id": str(head.overrides_rule_id or ""),
        **_lengths(head),
        **_stored_telling(head),
        "conditions": [_stored_condition(head, row, number) for number, row in enumerate(rows)],
    }  # fmt: skip


def _stored_condition(head: Rule, row: Rule, number: int) -> dict[str, Any]:
    item = stored_item(asdict(row), row.logic_operator.value)
    item["source"] = SAME_SOURCE if number and row.source_id == head.source_id else item["source"]
    return item


def _lengths(head: Rule) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, minutes in (("for_minutes", head.for_minutes), ("data_lag", head.data_lag_minutes),
                          ("repeat", head.repeat_minutes), ("remind", head.remind_minutes)):  # fmt: skip
        found |= split_minutes(name, minutes)
    return found


def split_minutes(name: str, minutes: int | None) -> dict[str, str]:
    """Minutes in the largest unit that they fill exactly."""
    if minutes is None:
        return {name: ""}
    unit = next(
        word for word in ("days", "h", "min") if minutes % MINUTES[word] == 0 and (minutes or word == "min")
    )
    return {name: str(minutes // MINUTES[unit]), f"{name}_unit": unit}


def _stored_telling(head: Rule) -> dict[str, Any]:
    schedule = head.notify_schedule.value if head.notify_schedule else ""
    at_once = f"now_{schedule}" if schedule else "now"
    notify = at_once if head.notify_immediately else (schedule or "never")
    return {
        "notify": notify,
        "notify_time": head.notify_time.strftime("%H:%M") if head.notify_time else DEFAULTS["notify_time"],
        "notify_day": str(head.notify_day_of_week if head.notify_day_of_week is not None else 1),
        "digest_all_clear": head.digest_all_clear,
        "discord": head.notify_discord,
        "email": head.notify_email,
        "email_recipients": ", ".join(head.email_recipients),
        "webhook": head.notify_webhook,
        "webhook_channel_id": str(head.webhook_channel_id or ""),
    }


def opened_parts(form: Mapping[str, Any], errors: Mapping[str, str]) -> frozenset[str]:
    """Which of the folded parts hold something, so that they stand open."""
    says = {
        "when": any(form[name] not in ("", False, DEFAULTS.get(name)) for name in WHEN),
        "whom": any(form[name] not in ("", False) for name in WHOM),
        "parent": bool(form["parent_rule_id"]),
        "instead": bool(form["overrides_rule_id"]),
    }
    wrong = {
        "when": (*WHEN, "for_readings"),
        "whom": (*WHOM, "webhook_channel_id"),
        "parent": ("parent_rule_id", "dependency"),
        "instead": ("overrides_rule_id",),
    }
    return frozenset(part for part, said in says.items() if said or set(wrong[part]) & set(errors))
