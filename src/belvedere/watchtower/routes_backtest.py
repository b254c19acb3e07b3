"""REST of trying rules: on today's readings, on history, and why one fired or did not. All of it only reads."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import list_clients, must_find_clients
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.watchtower.backtest import Asked, backtest
from belvedere.watchtower.backtest_drafts import draft_rows, stored_rows
from belvedere.watchtower.backtest_schemas import BacktestAsk, TryRule
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.near import shortfalls
from belvedere.watchtower.preview import PreviewFinding, is_judged_at_once, preview_rule
from belvedere.watchtower.schemas import ClientFilter
from belvedere.watchtower.values import plain
from belvedere.watchtower.why import WhyAsk, explain_rule

router = door_router(exact=True)

ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
MOST_CLIENTS = 1000
SHOWN = 200


@router.post("/rules/backtest", tags=["rules"], summary="How often a rule would have fired")
async def backtest_rule(body: BacktestAsk, access: ReadsRules) -> Response:
    rows = await rows_asked(body, access)
    start, end = body.stretch(access.now)
    asked = Asked(
        start,
        end,
        client_ids=body.client_ids,
        rule_id=body.rule_id,
        heeds_parent=body.heed_parent,
        sweep=body.sweep,
        most_episodes=body.limit,
        base_url=access.runtime.settings.address,
        now=access.now,
    )
    return answer(await backtest(access.session, rows, asked))


@router.post("/rules/preview", tags=["rules"], summary="What a rule finds in the newest readings")
async def preview(body: TryRule, access: ReadsRules) -> Response:
    rows = await rows_asked(body, access)
    client_ids = await clients_asked(body, access)
    stored = [] if body.rule_id is None else await stored_rows(access.session, body.rule_id)
    at_once = is_judged_at_once(stored, rows)
    found = await preview_rule(access.session, rows, client_ids, access.now)
    return answer(
        {
            "entities": found.entities,
            "no_data": found.no_data,
            "readings": found.readings,
            "data_as_of": found.data_as_of,
            "matches": len(found.findings),
            "would_open": found.count_openings(at_once=at_once),
            "opens_when": "at_once" if at_once else "next_reading",
            "would_close": found.ends,
            "findings": [_finding(item) for item in found.findings[:SHOWN]],
            "left_out": [one.document() for one in found.left_out],
            "near_misses": [{**_finding(item), "short_of": _short_of(item)} for item in found.near],
        }
    )


def _finding(item: PreviewFinding) -> dict[str, Any]:
    return {
        "client_id": item.client_id,
        "external_id": item.finding.external_id or None,
        "entity_name": item.finding.entity_name,
        "record_id": str(item.finding.record_id),
        "is_open": item.is_open,
        "conditions": [condition.document() for condition in item.finding.conditions],
    }


def _short_of(item: PreviewFinding) -> list[dict[str, Any]]:
    """What a near miss lacks: each condition that it does not meet, with the distance of its value from the limit."""
    return [
        {
            "field": reason.field,
            "label": reason.label,
            "value": reason.value,
            "limit": reason.limit,
            "by": plain(gap),
        }
        for reason, gap in shortfalls(item.finding)
    ]


@router.get("/rules/{rule_id}/why", tags=["rules"], summary="Why a rule fired on a thing, or did not")
async def why(
    rule_id: UUID,
    access: ReadsRules,
    external_id: Annotated[str | None, Query(max_length=255)] = None,
    client_id: ClientFilter = None,
    snapshot_id: UUID | None = None,
) -> Response:
    if client_id is not None:
        access.require(client_id)
    asked = WhyAsk(external_id, client_id, snapshot_id)
    return answer(await explain_rule(access.session, rule_id, asked, access.now))


async def clients_asked(body: TryRule, access: Access) -> list[int]:
    """The clients named, or all that this person may look at."""
    if body.client_ids is not None:
        return body.client_ids
    client_ids = [client.id for client in await list_clients(access.session, limit=MOST_CLIENTS)]
    return [*client_ids, AGENCY] if access.may("rules.read", AGENCY) else client_ids


async def rows_asked(body: TryRule, access: Access) -> list[Rule]:
    """The rows to try, at clients that this person may look at."""
    named = body.client_ids or []
    for place, client_id in enumerate(named):
        access.require(client_id, pointer=f"/client_ids/{place}")
    await must_find_clients(access.session, named, "/client_ids")
    drafts = body.drafts()
    stored = [] if body.rule_id is None else await stored_rows(access.session, body.rule_id)
    if not drafts:
        return stored
    if drafts[0].client_id:
        access.require(drafts[0].client_id)
    return await draft_rows(access.session, [row.draft() for row in drafts], stored, new_id(access.now))


def answer(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document, default=str), media_type="application/json")
