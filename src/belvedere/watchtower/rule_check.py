"""Whether a rule makes sense, and what its author should know. Pure: what is known of the data comes as
facts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.percents import fraction_note
from belvedere.sources.contracts import RECORD_COLUMNS, Unit
from belvedere.watchtower.compose import WEBHOOK_PREFIX
from belvedere.watchtower.contracts import TARGET_TABLES, Condition, Place, Rule
from belvedere.watchtower.fields import (
    INSTANT_COLUMNS,
    NUMBER_COLUMNS,
    FieldPlace,
    FieldRef,
    invalid_field,
    parse_field,
)
from belvedere.watchtower.groups import Unit as RuleUnit
from belvedere.watchtower.threshold import ORDERED, Threshold, check_threshold

EMAIL = re.compile(r"[^\s@<>,;\"\x00]+@[^\s@<>,;\"\x00]+")
CHANNEL = re.compile(r"\d{5,25}", re.ASCII)
INTERNAL_TARGETS = frozenset(TARGET_TABLES) - {"api_records"}
INTERNAL_FIELDS = {
    "communication_reports": frozenset({"days_since_team_message", "days_since_client_message"}),
    "clients": frozenset(
        {"active_sources", "open_alerts", "slug", "currency", "timezone", "locale", "website_url"}
    ),
}
"""Fields that the internal sources promise, so that a rule may stand before their first reading."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the author should know; the rule is saved all the same."""

    field: str
    code: str
    detail: str

    def document(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class KnownField:
    """Where data holds a name: as a metric (seen or defined, with its unit) or as a key of `extra`."""

    is_metric: bool = False
    unit: str | None = None
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is known around a rule: its source, its field, the other rows of its group, the client's
    addresses.
    """

    source: Place | None = None
    known: KnownField = field(default_factory=KnownField)
    siblings: Sequence[Rule] = ()
    client_has_discord: bool = False
    client_has_email: bool = False
    is_every_client: bool = False


def check_rule(rule: Rule, facts: RuleFacts, *, force: bool) -> list[Note]:
    """Raise Invalid for what cannot work; return notes on what may not be meant."""
    _check_texts(rule)
    ref = parse_field(rule.field_name)
    threshold = check_threshold(rule.condition, rule.threshold_value, rule.field_name)
    notes = [*_check_field(rule, ref, facts, force=force)]
    notes += _check_kind(rule, ref, facts.known, threshold)
    _check_target(rule, facts.source)
    _check_recipients(rule)
    return [*notes, *_group_notes(rule, facts), *_notify_notes(rule, facts)]


def _check_texts(rule: Rule) -> None:
    for name in ("name", "description", "threshold_value", "discord_channel_id"):
        if "\x00" in (getattr(rule, name) or ""):
            raise invalid(name, "not_text", f"{name} holds a NUL character. Type it again without it.")
    if not rule.name.strip():
        raise invalid("name", "required", "Give the rule a name.")


def _check_field(rule: Rule, ref: FieldRef, facts: RuleFacts, *, force: bool) -> list[Note]:
    known = facts.known
    if ref.place in (FieldPlace.COLUMN, FieldPlace.EXTRA):
        return []
    is_column = ref.place is None and ref.name in RECORD_COLUMNS
    places = [name for name, found in (("col", is_column), ("metric", known.is_metric)) if found]
    if known.is_extra and ref.place is None:
        places.append("extra")
    if len(places) > 1 and ref.place is None:
        forms = " or ".join(
            f"extra:$.{ref.name}" if place == "extra" else f"{place}:{ref.name}" for place in places
        )
        raise invalid_field("ambiguous", f"“{ref.name}” stands in more than one place. Say which: {forms}.")
    if places or ref.name in _promised(rule, facts.source):
        return []
    if force:
        return [
            Note(
                "field_name",
                "unknown",
                f"No data carries “{ref.name}” yet; until it does, the rule has no answer.",
            )
        ]
    raise invalid_field(
        "unknown",
        f"No column, known metric or recent record carries “{rule.field_name}”. Check the spelling,"
        f" write a path such as extra:$.{ref.name}, or save with force if the data is still to come.",
    )


def _check_kind(rule: Rule, ref: FieldRef, known: KnownField, threshold: Threshold | None) -> list[Note]:
    """Refuse thresholds that the field's kind can never meet."""
    if threshold is None:
        return []
    is_column = ref.place is not FieldPlace.METRIC and ref.name in RECORD_COLUMNS
    is_number = (
        (is_column and ref.name in NUMBER_COLUMNS)
        or ref.place is FieldPlace.METRIC
        or (not is_column and known.is_metric)
    )
    is_instant = is_column and ref.name in INSTANT_COLUMNS
    if rule.condition is Condition.CONTAINS and (is_number or is_instant):
        raise invalid(
            "condition",
            "wrong_kind",
            f"{ref.name} is no text, so `contains` cannot search it. Use equals or an order.",
        )
    if is_instant and threshold.instant is None:
        raise invalid("threshold_value", "not_a_date", f"{ref.name} is a time. Write one such as 2026-11-20.")
    if (
        is_number or (not is_instant and is_column and rule.condition in ORDERED)
    ) and threshold.number is None:
        raise invalid(
            "threshold_value",
            "not_a_number",
            f"{ref.name} is compared as a number and “{threshold.text}” is none. Write it with a point,"
            " such as 15.5.",
        )
    if (
        is_number
        and known.unit == Unit.PERCENT
        and threshold.number is not None
        and not threshold.has_percent_sign
    ):
        note = fraction_note(threshold.number)
        return [Note("threshold_value", "fraction", note)] if note else []
    return []


def _promised(rule: Rule, source: Place | None) -> frozenset[str]:
    """Fields that internal sources will bring to the place a rule watches; a rule without a place watches
    all.
    """
    table = rule.target_table or (source.target_table if source is not None else None)
    if table is None:
        return frozenset().union(*INTERNAL_FIELDS.values())
    return INTERNAL_FIELDS.get(table, frozenset())


def _check_target(rule: Rule, source: Place | None) -> None:
    if rule.target_table is not None and rule.target_table not in TARGET_TABLES:
        raise invalid("target_table", "unknown", f"target_table is one of {', '.join(TARGET_TABLES)}.")
    if source is None or rule.target_table is None or rule.target_table == source.target_table:
        return
    raise invalid(
        "target_table",
        "contradiction",
        f"The source {source.provider}/{source.endpoint} is stored in {source.target_table}, not in"
        f" {rule.target_table}. Leave target_table out, or choose the other source.",
    )


def _check_recipients(rule: Rule) -> None:
    for number, address in enumerate(rule.email_recipients):
        if len(address) > 254 or not EMAIL.fullmatch(address):
            raise invalid(
                f"email_recipients/{number}", "not_an_address", f"“{address[:80]}” is not an e-mail address."
            )
    channel = rule.discord_channel_id
    if channel and not CHANNEL.fullmatch(channel) and not _is_webhook_reference(channel):
        raise invalid(
            "discord_channel_id",
            "not_a_channel",
            "This is no Discord channel id. Copy the channel's id (digits) or its webhook address"
            " from Discord.",
        )


def _is_webhook_reference(text: str) -> bool:
    try:
        UUID(text.removeprefix(WEBHOOK_PREFIX))
    except ValueError:
        return False
    return text.startswith(WEBHOOK_PREFIX)


def _group_notes(rule: Rule, facts: RuleFacts) -> list[Note]:
    if rule.group_id is None or not facts.siblings:
        return []
    rows = sorted([*facts.siblings, rule], key=lambda row: (row.position, row.created_at, row.id))
    notes = []
    held = RuleUnit(tuple(rows)).held_because
    if held:
        notes.append(Note("group_id", "held", held))
    if len({row.logic_operator for row in rows[1:]}) > 1:
        notes.append(
            Note("logic_operator", "mixed", "The group mixes AND and OR; AND binds tighter than OR.")
        )
    if not all(row.is_active for row in rows):
        notes.append(
            Note("is_active", "group_off", "One row of the group is off, so the whole group does not run.")
        )
    head = rows[0]
    if any(_notify_settings(row) != _notify_settings(head) for row in rows[1:] if _says_something(row)):
        notes.append(
            Note(
                "group_id",
                "head_rules",
                f"Name, severity, messages and parent come from “{head.name}”, the first row.",
            )
        )
    return notes


def _notify_settings(rule: Rule) -> tuple[object, ...]:
    return (
        rule.severity, rule.notify_immediately, rule.notify_schedule, rule.notify_discord, rule.notify_email,
        rule.discord_channel_id, rule.email_recipients, rule.parent_rule_id,
    )  # fmt: skip


def _says_something(rule: Rule) -> bool:
    return (
        rule.notify_discord
        or rule.notify_email
        or rule.parent_rule_id is not None
        or rule.severity != "warning"
    )


def _notify_notes(rule: Rule, facts: RuleFacts) -> list[Note]:
    notes = []
    if rule.notify_schedule is not None and not (rule.notify_discord or rule.notify_email or rule.notify_webhook):
        notes.append(Note("notify_schedule", "no_channel", "A digest needs a channel: choose where it goes."))
    if rule.notify_immediately and not (rule.notify_discord or rule.notify_email):
        notes.append(
            Note(
                "notify_immediately",
                "no_channel",
                "Both channels are off: alerts stand in the list, nobody is told.",
            )
        )
    if not rule.notify_immediately and rule.notify_schedule is None:
        notes.append(
            Note("notify_immediately", "in_app_only", "Nobody is told at once; alerts stand in the list.")
        )
    if rule.notify_discord and not rule.discord_channel_id and not facts.client_has_discord:
        notes.append(_no_address("discord_channel_id", "Discord channel", facts))
    if rule.notify_email and not rule.email_recipients and not facts.client_has_email:
        notes.append(_no_address("email_recipients", "recipient", facts))
    return [*notes, *_client_first(rule, facts)]


def _client_first(rule: Rule, facts: RuleFacts) -> list[Note]:
    """A rule for every client names addresses only for clients that have none."""
    if not facts.is_every_client:
        return []
    notes = []
    if rule.notify_discord and rule.discord_channel_id:
        text = "Clients with a channel of their own get these messages there; this channel serves the others."
        notes.append(Note("discord_channel_id", "client_channel_first", text))
    if rule.notify_email and rule.email_recipients:
        text = "Clients with recipients of their own get these messages there; these serve the others."
        notes.append(Note("email_recipients", "client_channel_first", text))
    return notes


def _no_address(name: str, what: str, facts: RuleFacts) -> Note:
    if facts.is_every_client:
        return Note(
            name,
            "client_address",
            f"The rule names no {what}; only clients that have one of their own are told.",
        )
    return Note(
        name, "no_address", f"Neither the rule nor its client names a {what}, so nobody is told there."
    )


def invalid(name: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{name}", code, detail)], code=f"rule_{code}")
