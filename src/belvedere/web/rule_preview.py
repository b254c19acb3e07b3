"""What a rule on the form would find now, as the page shows it."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from belvedere.core.database import ReadSession
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.watchtower.contracts import ConditionReason, Rule
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import (
    Preview,
    PreviewFinding,
    check_draft,
    draft_rows,
    is_judged_at_once,
    messages_of_preview,
    preview_rule,
    shortfalls,
)
from belvedere.web.alert_views import figure
from belvedere.web.presentation import NBSP, decimal_of, metric, number
from belvedere.web.rule_changes import changes_of
from belvedere.web.rule_drafts import field_at
from belvedere.web.view import View

SHOWN = 10
SHOWN_NOTES = frozenset({"fraction"})


async def preview_of(view: View, rows: Sequence[Rule], drafts: Sequence[RuleDraft]) -> dict[str, Any]:
    access = view.access
    rules = await draft_rows(access.session, drafts, rows, new_id(access.now))
    client_ids = clients_in_view(view)
    found = await preview_rule(access.session, rules, client_ids, access.now)
    changes = await changes_of(view, rows, rules, found, client_ids)
    if not found.readings and not found.left_out:
        words = "No reading carries this field yet, so there is nothing to try the rule on."
        wrong = " ".join(f"field-{number}" for number in range(len(rules)))
        return {"blocked": words, "wrong": wrong, "changes": changes}
    said = await messages_of_preview(
        access.session, rules[0], found, access.now, base_url=access.runtime.settings.address, most=1
    )
    at_once = is_judged_at_once(rows, rules)
    return {
        **_shown(view, found, at_once=at_once),
        "changes": changes,
        "said": said_of(said[0], drafts[0]) if said else None,
        "notes": await notes_of(access.session, rules),
    }


async def notes_of(session: ReadSession, rules: Sequence[Rule]) -> dict[str, str]:
    """What the author may not have meant, by the field of the form."""
    found: dict[str, str] = {}
    for position, rule in enumerate(rules):
        for note in await check_draft(session, rule, position):
            if note.code in SHOWN_NOTES:
                found.setdefault(field_at(note.field, position), note.detail)
    return found


def said_of(said: dict[str, Any], head: RuleDraft) -> dict[str, Any]:
    """A message in the form of each channel that the rule speaks on; where it reaches nobody, as it would be."""
    kinds = [one["channel"] for one in said["destinations"]]
    asked = [name for name, is_asked in (("discord_bot", head.notify_discord), ("email", head.notify_email),
                                         ("webhook", head.notify_webhook)) if is_asked]  # fmt: skip
    forms = dict.fromkeys(
        "discord" if kind.startswith("discord") else kind for kind in kinds or asked or ["email"]
    )
    body = json.dumps(said["webhook"], indent=2, ensure_ascii=False)
    return {**said, "forms": list(forms), "webhook_text": body}


def clients_in_view(view: View) -> list[int]:
    client_ids = [client.id for client in view.clients if view.client_id in (None, client.id)]
    if view.access.may("rules.read", AGENCY):
        client_ids.append(AGENCY)
    return client_ids


def _shown(view: View, found: Preview, *, at_once: bool) -> dict[str, Any]:
    return {
        "total": found.entities,
        "firing": len(found.findings),
        "no_data": found.no_data,
        "at": found.data_as_of,
        "state": "fresh",
        "opens": found.count_openings(at_once=at_once),
        "at_once": at_once,
        "is_change": found.is_change,
        "closes": found.ends,
        "blocked": None,
        "left_out": left_out_of(view, [one.document() for one in found.left_out]),
        "rows": [_row(view, item) for item in found.findings[:SHOWN]],
        "near": [_near(view, item) for item in found.near],
    }


def left_out_of(view: View, left_out: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Clients whose own rule answers in place of this one, each with that rule."""
    return [
        {"client": view.name_of(one["client_id"]), "rule": one["name"], "url": f"/rules/{one['rule_id']}"}
        for one in left_out
    ]


def _row(view: View, item: PreviewFinding) -> dict[str, Any]:
    head = item.finding.head
    currency = view.currency_of(item.client_id)
    return {
        "name": item.finding.entity_name or item.finding.external_id or "The whole reading",
        "url": f"/records/{item.finding.record_id}" if item.finding.external_id else None,
        "client": view.name_of(item.client_id),
        "value": figure(head.value),
        "label": "" if decimal_of(head.value) is not None else head.label,
        "unit": head.unit,
        "currency": currency,
        "is_open": item.is_open,
        "distance": distance(head, currency),
    }


def _near(view: View, item: PreviewFinding) -> dict[str, Any]:
    """A record that does not fire, by the condition that it fails."""
    row = _row(view, item)
    short = shortfalls(item.finding)
    if not short:
        return row
    reason, _ = short[0]
    head = item.finding.head
    return {
        **row,
        "value": figure(reason.value),
        "unit": reason.unit,
        "label": ""
        if reason.rule_id == head.rule_id and decimal_of(reason.value) is not None
        else reason.label,
        "distance": distance(reason, row["currency"]),
    }


def distance(reason: ConditionReason, currency: str) -> str:
    """How far a value lies from its limit: `3.2 pp below`; empty where that says nothing."""
    value, limit = decimal_of(reason.value), decimal_of((reason.limit or "").removesuffix("%").strip())
    if value is None or limit is None:
        return ""
    gap: Decimal = abs(value - limit)
    if not gap:
        return "at the limit"
    gap = round(gap, 2) if gap >= 1 else round(gap, 1 - gap.adjusted())
    said = f"{number(gap)}{NBSP}pp" if reason.unit == "percent" else metric(gap, reason.unit, currency)
    return f"{said} {'below' if value < limit else 'above'}"
