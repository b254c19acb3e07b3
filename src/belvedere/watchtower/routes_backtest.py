"""REST of trying rules: on today's readings, on history, and why one fired or did not. All of it only reads."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import list_clients
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.watchtower.backtest import Asked, backtest
from belvedere.watchtower.backtest_drafts import draft_rows, stored_rows
from belvedere.watchtower.backtest_schemas import BacktestAsk, TryRule
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.preview import preview_rule
from belvedere.watchtower.why import WhyAsk, explain_rule

router = door_router(exact=True)

ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
MOST_CLIENTS = 1000
SHOWN = 200


@router.post("/rules/backtest", tags=["rules"], summary="How often a rule would have fired")
async def backtest_rule(body: BacktestAsk, access: ReadsRules) -> Response:
    rows = await _rows(body, access)
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
    return _answer(await backtest(access.session, rows, asked))


@router.post("/rules/preview", tags=["rules"], summary="What a rule finds in the newest readings")
async def preview(body: TryRule, access: ReadsRules) -> Response:
    rows = await _rows(body, access)
    client_ids = body.client_ids
    if client_ids is None:
        client_ids = [client.id for client in await list_clients(access.session, limit=MOST_CLIENTS)]
        if access.may("rules.read", AGENCY):
            client_ids.append(AGENCY)
    found = await preview_rule(access.session, rows, client_ids, access.now)
    return _answer(
        {
            "entities": found.entities,
            "no_data": found.no_data,
            "readings": found.readings,
            "data_as_of": found.data_as_of,
            "matches": len(found.findings),
            "would_open": sum(not item.is_open for item in found.findings),
            "would_close": found.ends,
            "findings": [
                {
                    "client_id": item.client_id,
                    "external_id": item.finding.external_id or None,
                    "entity_name": item.finding.entity_name,
                    "record_id": str(item.finding.record_id),
                    "is_open": item.is_open,
                    "conditions": [condition.document() for condition in item.finding.conditions],
                }
                for item in found.findings[:SHOWN]
            ],
        }
    )


@router.get("/rules/{rule_id}/why", tags=["rules"], summary="Why a rule fired on a thing, or did not")
async def why(
    rule_id: UUID,
    access: ReadsRules,
    external_id: Annotated[str | None, Query(max_length=255)] = None,
    client_id: int | None = None,
    snapshot_id: UUID | None = None,
) -> Response:
    if client_id is not None:
        access.require(client_id)
    asked = WhyAsk(external_id, client_id, snapshot_id)
    return _answer(await explain_rule(access.session, rule_id, asked, access.now))


async def _rows(body: TryRule, access: Access) -> list[Rule]:
    """The rows to try, at clients that this person may look at."""
    for client_id in body.client_ids or ():
        access.require(client_id)
    drafts = body.drafts()
    stored = [] if body.rule_id is None else await stored_rows(access.session, body.rule_id)
    if not drafts:
        return stored
    if drafts[0].client_id:
        access.require(drafts[0].client_id)
    return await draft_rows(access.session, [row.draft() for row in drafts], stored, new_id(access.now))


def _answer(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document, default=str), media_type="application/json")
