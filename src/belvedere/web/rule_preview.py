"""What a rule on the form would find now, as the page shows it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.drafts import RuleDraft, rule_of
from belvedere.watchtower.service import Preview, PreviewFinding, preview_rule
from belvedere.web.alert_views import figure
from belvedere.web.view import View

SHOWN = 20


async def preview_of(view: View, rows: Sequence[Rule], drafts: Sequence[RuleDraft]) -> dict[str, Any]:
    access = view.access
    rules = _rules(rows, drafts, new_id(access.now), new_id(access.now))
    client_ids = [client.id for client in view.clients if view.client_id in (None, client.id)]
    if access.may("rules.read", AGENCY):
        client_ids.append(AGENCY)
    found = await preview_rule(access.session, rules, client_ids, access.now)
    if not found.readings:
        return {"blocked": "No reading carries this field yet, so there is nothing to try the rule on."}
    return _shown(view, found)


def _rules(rows: Sequence[Rule], drafts: Sequence[RuleDraft], fresh_id: UUID, group_id: UUID) -> list[Rule]:
    """The drafts as rows of one rule under the stored head's id, so that its open alerts are known."""
    head_id = rows[0].id if rows else fresh_id
    rules = []
    for position, draft in enumerate(drafts):
        whole = replace(draft, group_id=group_id if len(drafts) > 1 else None, position=position)
        rules.append(rule_of(whole, head_id if position == 0 else UUID(int=head_id.int ^ position)))
    return rules


def _shown(view: View, found: Preview) -> dict[str, Any]:
    return {
        "total": found.entities,
        "firing": len(found.findings),
        "at": found.data_as_of,
        "state": "fresh",
        "opens": sum(not item.is_open for item in found.findings),
        "closes": found.ends,
        "blocked": None,
        "rows": [_row(view, item) for item in found.findings[:SHOWN]],
    }


def _row(view: View, item: PreviewFinding) -> dict[str, Any]:
    head = item.finding.head
    return {
        "name": item.finding.entity_name or item.finding.external_id,
        "url": f"/records/{item.finding.record_id}",
        "client": view.name_of(item.client_id),
        "value": figure(head.value),
        "unit": head.unit,
        "currency": view.currency_of(item.client_id),
        "fires": True,
        "verdict": "",
    }
