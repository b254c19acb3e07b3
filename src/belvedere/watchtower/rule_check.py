"""Whether a rule makes sense, and what its author should know. Pure: what is known of the data comes as
facts.
"""

import re
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from belvedere.core.errors import Invalid
from belvedere.notify.service import check_template
from belvedere.sources.contracts import RECORD_COLUMNS
from belvedere.sources.service import known_targets, target_fields
from belvedere.watchtower.compose import WEBHOOK_PREFIX
from belvedere.watchtower.contracts import Place, Rule
from belvedere.watchtower.fields import FieldPlace, FieldRef, invalid_field, parse_field
from belvedere.watchtower.groups import Unit as RuleUnit
from belvedere.watchtower.rule_facts import KnownField, Note, RuleFacts, invalid, run_checks
from belvedere.watchtower.rule_limits import check_limits
from belvedere.watchtower.rule_units import check_units

EMAIL = re.compile(r"[^\s@<>,;\"\x00]+@[^\s@<>,;\"\x00]+")
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CHANNEL = re.compile(r"\d{5,25}", re.ASCII)


def check_rule(rule: Rule, facts: RuleFacts, *, force: bool) -> list[Note]:
    """Raise Invalid for what cannot work; return notes on what may not be meant."""
    notes = run_checks(
        (
            lambda: _check_texts(rule),
            lambda: _check_question(rule, facts, force=force),
            lambda: _check_volume(rule, facts, force=force),
            lambda: _check_target(rule, facts),
            lambda: _check_override(rule, facts),
            lambda: _check_form(rule),
        )
    )
    return [*notes, *_group_notes(rule, facts), *_notify_notes(rule, facts)]


def check_values(rule: Rule, ref: FieldRef, known: KnownField) -> list[Note]:
    """The part that hangs on nothing else that is stored but what is known of the field."""
    return run_checks(
        (
            lambda: _check_texts(rule),
            lambda: check_limits(rule, ref, known),
            lambda: check_units(rule, ref, known),
            lambda: _check_form(rule),
        )
    )


def _check_form(rule: Rule) -> list[Note]:
    """Addresses, zone and templates: whether each could be one."""
    return run_checks(
        (lambda: _check_recipients(rule), lambda: _check_zone(rule), lambda: _check_templates(rule))
    )


def _check_question(rule: Rule, facts: RuleFacts, *, force: bool) -> list[Note]:
    ref = parse_field(rule.field_name)
    return run_checks(
        (
            lambda: _check_field(rule, ref, facts, force=force),
            lambda: check_limits(rule, ref, facts.known),
            lambda: () if facts.is_same_limit else check_units(rule, ref, facts.known),
        )
    )


def _check_texts(rule: Rule) -> None:
    for name in ("name", "description", "threshold_value", "recovery_threshold", "discord_channel_id"):
        if "\x00" in (getattr(rule, name) or ""):
            raise invalid(name, "not_text", f"{name} holds a NUL character. Type it again without it.")
    if HIDDEN.search(rule.name):
        raise invalid(
            "name",
            "not_text",
            "name holds a character that nobody sees: a control character, or one that turns the direction of"
            " writing. Type it again without it.",
        )
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


def _promised(rule: Rule, source: Place | None) -> frozenset[str]:
    """Fields that internal sources will bring to the place a rule watches; a rule without a place watches
    all.
    """
    table = rule.target_table or (source.target_table if source is not None else None)
    if table is None:
        return frozenset().union(*(target_fields(name) for name in known_targets()))
    return frozenset(target_fields(table))


def _check_volume(rule: Rule, facts: RuleFacts, *, force: bool) -> list[Note]:
    """min_volume and its field come together, and data carries the field."""
    if (rule.min_volume is None) != (rule.min_volume_field is None):
        name = "min_volume" if rule.min_volume is None else "min_volume_field"
        raise invalid(name, "required", "min_volume and min_volume_field are given together.")
    if rule.min_volume_field is None:
        return []
    try:
        ref = parse_field(rule.min_volume_field)
    except Invalid as error:
        raise invalid("min_volume_field", "unreadable", error.detail) from error
    known = facts.known_volume
    is_told = ref.place in (FieldPlace.COLUMN, FieldPlace.EXTRA) or ref.name in RECORD_COLUMNS
    if (
        is_told
        or known is None
        or known.is_metric
        or known.is_extra
        or ref.name in _promised(rule, facts.source)
    ):
        return []
    if not force:
        raise invalid(
            "min_volume_field",
            "unknown",
            f"No column, known metric or recent record carries “{rule.min_volume_field}”. Check the spelling, or save"
            " with force if the data is still to come.",
        )
    return [
        Note(
            "min_volume_field", "unknown", "No data carries this field yet; until it does, nothing is judged."
        )
    ]


def _check_override(rule: Rule, facts: RuleFacts) -> None:
    """A rule may replace a rule for every client, as a whole, for its own client."""
    if rule.overrides_rule_id is None:
        return
    if rule.client_id == 0:
        raise invalid(
            "overrides_rule_id",
            "override_of_all",
            "A rule for every client replaces none. Name a client for it.",
        )
    other = facts.overridden
    if other is None or other.client_id != 0:
        raise invalid("overrides_rule_id", "unknown", "There is no such rule for every client.")
    if other.group_id is not None and facts.overridden_group and facts.overridden_group[0].id != other.id:
        raise invalid(
            "overrides_rule_id",
            "not_head",
            f"A group is replaced under its first row; choose “{facts.overridden_group[0].name}”.",
        )


def _check_templates(rule: Rule) -> None:
    for name in ("title_template", "message_template"):
        template = getattr(rule, name)
        problem = check_template(template) if template is not None else None
        if problem:
            raise invalid(name, "template", problem)


def _check_zone(rule: Rule) -> None:
    if rule.notify_time is not None and rule.notify_time.tzinfo is not None:
        raise invalid(
            "notify_time",
            "time_with_zone",
            "Write the time alone, such as 09:00, and its zone in notify_zone.",
        )
    if rule.notify_zone is None:
        return
    try:
        ZoneInfo(rule.notify_zone)
    except (KeyError, ValueError, OSError):
        raise invalid(
            "notify_zone",
            "not_a_zone",
            f"“{rule.notify_zone[:64]}” is not a time zone. Use a name such as Europe/Berlin.",
        ) from None


def _check_target(rule: Rule, facts: RuleFacts) -> None:
    source = facts.source
    if rule.target_table is not None and rule.target_table not in facts.targets:
        raise invalid(
            "target_table", "unknown", f"target_table is one of {', '.join(sorted(facts.targets))}."
        )
    if source is None or rule.target_table is None or rule.target_table == source.target_table:
        return
    raise invalid(
        "target_table",
        "contradiction",
        f"The source {source.provider}/{source.endpoint} is stored in {source.target_table}, not in"
        f" {rule.target_table}. Leave target_table out, or choose the other source.",
    )


def _check_recipients(rule: Rule) -> None:
    run_checks(
        (
            *(
                partial(_check_address, number, address)
                for number, address in enumerate(rule.email_recipients)
            ),
            lambda: _check_channel(rule.discord_channel_id),
        )
    )


def _check_address(number: int, address: str) -> None:
    if len(address) > 254 or not EMAIL.fullmatch(address):
        raise invalid(
            f"email_recipients/{number}", "not_an_address", f"“{address[:80]}” is not an e-mail address."
        )


def _check_channel(channel: str | None) -> None:
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
    notes: list[Note] = []
    notes += _across_notes(RuleUnit(tuple(rows)), facts)
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


def _across_notes(unit: RuleUnit, facts: RuleFacts) -> list[Note]:
    if not unit.is_across:
        return []
    notes = [
        Note(
            "group_id",
            "across_sources",
            "The rows stand on different sources: they meet at the client, each on its newest good reading."
            f" Alerts are about records of “{unit.head.name}”.",
        )
    ]
    if facts.silent_sources:
        names = ", ".join(facts.silent_sources)
        notes.append(
            Note(
                "group_id",
                "never_matches",
                f"There is no reading of {names} here yet, so this group never matches.",
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
    if rule.notify_schedule is not None and not (
        rule.notify_discord or rule.notify_email or rule.notify_webhook
    ):
        notes.append(Note("notify_schedule", "no_channel", "A digest needs a channel: choose where it goes."))
    if rule.notify_immediately and not (rule.notify_discord or rule.notify_email or rule.notify_webhook):
        notes.append(
            Note(
                "notify_immediately",
                "no_channel",
                "All channels are off: alerts stand in the list, nobody is told.",
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


__all__ = ["KnownField", "Note", "RuleFacts", "check_rule", "check_values", "invalid"]
