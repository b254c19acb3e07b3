"""Rules: the list by severity."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.watchtower import service
from belvedere.web import figures
from belvedere.web.alert_views import SEVERITIES, instant
from belvedere.web.forms import choice_filter, empty_filtered, empty_first, pager, text_filter
from belvedere.web.pages_health import rule_tabs
from belvedere.web.rule_options import grouped
from belvedere.web.rule_words import expression_of, stored_item
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("rules.read"), scope="function")]
Short = Annotated[str, Query(max_length=200)]

PAGE = 200


@router.get("/rules")
async def list_rules(
    access: Reads,
    q: Short = "",
    severity: Short = "",
    state: Short = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    view = await look(access)
    wanted = service.RuleFilter(search=q or None, is_active={"active": True, "paused": False}.get(state))
    page = await service.list_rules(access.session, wanted, limit=PAGE, cursor=cursor or None)
    rows = [
        row for row in page.rows() if view.client_id is None or row["client_id"] in (None, view.client_id)
    ]
    fired = await figures.last_fired(access.session, [row["id"] for row in rows])
    heads = [row_of(view, own, fired) for own in grouped(rows)]
    heads = [row for row in heads if severity in ("", row["severity"])]
    groups = [
        {"severity": name, "rows": [row for row in heads if row["severity"] == name]} for name in SEVERITIES
    ]
    narrowed = bool(q or severity or state)
    return view.page(
        "rules.html",
        {
            "tabs": rule_tabs(view, "rules"),
            "filters": [
                text_filter(q, "Find by name or field"),
                choice_filter("severity", "Severity", [(name, name) for name in SEVERITIES], severity),
                choice_filter("state", "State", [("active", "active"), ("paused", "paused")], state),
            ],
            "page": pager(len(heads), page.next_cursor, cursor),
            "groups": [{**group, "count": len(group["rows"])} for group in groups if group["rows"]],
            "total": len(heads),
            "empty": None if heads else _empty(access, narrowed=narrowed),
        },
    )


def row_of(view: View, own: Sequence[dict[str, Any]], fired: dict[str, Any]) -> dict[str, Any]:
    """One rule, all rows of its group, as a line of the list."""
    head = own[0]
    told = [
        name
        for name, on in (
            ("Discord", head["notify_discord"]),
            ("e-mail", head["notify_email"]),
            ("webhook", head["notify_webhook"]),
        )
        if on
    ]
    return {
        "id": head["id"],
        "name": head["name"],
        "severity": head["severity"],
        "sentence": expression_of([stored_item(row, row["logic_operator"]) for row in own]),
        "source": head["source_name"],
        "client": view.named(head["client_id"]) if head["client_id"] else None,
        "is_active": all(row["is_active"] for row in own),
        "builtin": bool(head["builtin"]),
        "open_alerts": head["open_alerts"],
        "last_judged_at": instant(head["last_evaluated_at"]),
        "last_fired_at": fired.get(head["id"]),
        "channels": ", ".join(told),
        "conditions": len(own),
    }


def _empty(access: Access, *, narrowed: bool) -> dict[str, Any]:
    if narrowed:
        return empty_filtered("No rule matches", "Take a filter away to see more.")
    acts = (
        [("Write a rule", "/rules/new"), ("Start from a pack", "/rules/packs")]
        if access.may("rules.write")
        else []
    )
    return empty_first(
        "No rules yet",
        "A rule watches what the sources deliver and tells you when a number leaves its range.",
        *acts,
    )
