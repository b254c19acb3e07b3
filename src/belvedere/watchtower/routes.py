"""REST of rules and alerts; mounted under /api/v1."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.watchtower import inbox, lists, rule_book, rule_rows
from belvedere.watchtower.contracts import AlertState, Severity
from belvedere.watchtower.lists import AlertFilter, Page, RuleFilter
from belvedere.watchtower.schemas import (
    Acknowledge,
    BulkAction,
    BulkSnooze,
    Changed,
    ClientFilter,
    Moment,
    NoteCreate,
    Remark,
    RuleCreate,
    RuleRead,
    RuleUpdate,
    Snooze,
)

router = door_router(exact=True)

ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
WritesRules = Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")]
ReadsAlerts = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
WritesAlerts = Annotated[WriteAccess, Depends(writing("alerts.write"), scope="function")]
Limit = Annotated[int, Query(ge=1, le=200)]
SNOOZED = {"hide": False, "only": True, "all": None}
Search = Annotated[str | None, Query(max_length=200)]


def _page(page: Page, access: Access) -> Response:
    return Response(page.envelope(access.now), media_type="application/json")


@router.get("/rules", tags=["rules"], summary="Rules, newest first")
async def list_rules(
    access: ReadsRules,
    client_id: ClientFilter = None,
    source_id: UUID | None = None,
    group_id: UUID | None = None,
    is_active: bool | None = None,  # noqa: FBT001 - a query parameter
    severity: Severity | None = None,
    search: Search = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Response:
    wanted = RuleFilter(client_id, source_id, is_active, group_id, severity, search)
    return _page(await lists.list_rules(access.session, wanted, limit=limit, cursor=cursor), access)


@router.post("/rules", tags=["rules"], status_code=201, summary="Create a rule")
async def create_rule(body: RuleCreate, access: WritesRules) -> RuleRead:
    access.require(body.client_id or 0, pointer="/client_id")
    saved = await rule_book.create_rule(
        access.session,
        body.draft(),
        actor=access.actor,
        now=access.now,
        force=body.force,
        discord_base_url=access.runtime.settings.discord_base_url,
    )
    return RuleRead.of(saved)


@router.get("/rules/{rule_id}", tags=["rules"], summary="One rule, with notes")
async def get_rule(rule_id: UUID, access: ReadsRules) -> RuleRead:
    return RuleRead.of(await rule_book.get_rule(access.session, rule_id))


@router.patch("/rules/{rule_id}", tags=["rules"], summary="Change a rule")
async def update_rule(rule_id: UUID, body: RuleUpdate, access: WritesRules) -> RuleRead:
    await _require_rule(access, rule_id)
    saved = await rule_book.update_rule(
        access.session,
        rule_id,
        body.changes(),
        actor=access.actor,
        now=access.now,
        force=body.force,
        discord_base_url=access.runtime.settings.discord_base_url,
    )
    return RuleRead.of(saved)


@router.delete("/rules/{rule_id}", tags=["rules"], status_code=204, summary="Delete a rule and its alerts")
async def delete_rule(
    rule_id: UUID,
    access: WritesRules,
    detach: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response:
    await _require_rule(access, rule_id)
    await rule_book.delete_rule(access.session, rule_id, actor=access.actor, now=access.now, detach=detach)
    return Response(status_code=204)


@router.get("/rules/{rule_id}/evaluations", tags=["rules"], summary="What a rule said of each reading")
async def list_evaluations(
    rule_id: UUID,
    access: ReadsRules,
    client_id: ClientFilter = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Response:
    await rule_book.must_find_rule(access.session, rule_id)
    found = await lists.list_evaluations(
        access.session, rule_id, client_id=client_id, limit=limit, cursor=cursor
    )
    return _page(found, access)


@router.get("/alerts", tags=["alerts"], summary="Alerts, newest first")
async def list_alerts(
    access: ReadsAlerts,
    state: AlertState | None = None,
    acknowledged: bool | None = None,  # noqa: FBT001 - a query parameter
    severity: Annotated[list[Severity] | None, Query()] = None,
    client_id: ClientFilter = None,
    rule_id: UUID | None = None,
    source_id: UUID | None = None,
    search: Search = None,
    since: Moment | None = None,
    snoozed: Annotated[
        Literal["hide", "only", "all"],
        Query(description="Snoozed alerts: left out, alone, or with the others."),
    ] = "hide",
    limit: Limit = 50,
    cursor: str | None = None,
) -> Response:
    wanted = AlertFilter(
        state,
        acknowledged,
        tuple(severity) if severity else None,
        client_id,
        rule_id,
        source_id,
        search,
        since,
        SNOOZED[snoozed],
    )
    return _page(await lists.list_alerts(access.session, wanted, limit=limit, cursor=cursor), access)


@router.get("/alerts/counts", tags=["alerts"], summary="Figures by state and severity")
async def count_alerts(access: ReadsAlerts, client_id: ClientFilter = None) -> dict[str, Any]:
    return await lists.count_alerts(access.session, client_id)


@router.post("/alerts/acknowledge", tags=["alerts"], summary="Acknowledge many alerts")
async def acknowledge_many(body: BulkAction, access: WritesAlerts) -> Changed:
    await _require_alerts(access, body.ids)
    moved = await inbox.acknowledge(
        access.session, body.ids, actor=access.actor, now=access.now, note=body.note
    )
    return Changed(changed=moved)


@router.post("/alerts/resolve", tags=["alerts"], summary="Resolve many alerts")
async def resolve_many(body: BulkAction, access: WritesAlerts) -> Changed:
    await _require_alerts(access, body.ids)
    moved = await inbox.resolve(
        access.session,
        body.ids,
        actor=access.actor,
        now=access.now,
        note=body.note,
        base_url=_address(access),
    )
    return Changed(changed=moved)


@router.post("/alerts/snooze", tags=["alerts"], summary="Snooze many alerts")
async def snooze_many(body: BulkSnooze, access: WritesAlerts) -> Changed:
    await _require_alerts(access, body.ids)
    moved = await inbox.snooze(
        access.session, body.ids, body.until, actor=access.actor, now=access.now, note=body.note
    )
    return Changed(changed=moved)


@router.post("/alerts/unsnooze", tags=["alerts"], summary="Bring many snoozed alerts back")
async def unsnooze_many(body: BulkAction, access: WritesAlerts) -> Changed:
    await _require_alerts(access, body.ids)
    moved = await inbox.unsnooze(access.session, body.ids, actor=access.actor, now=access.now, note=body.note)
    return Changed(changed=moved)


@router.get("/alerts/{alert_id}", tags=["alerts"], summary="One alert with its timeline")
async def get_alert(alert_id: UUID, access: ReadsAlerts) -> dict[str, Any]:
    return await lists.get_alert(access.session, alert_id)


@router.post("/alerts/{alert_id}/acknowledge", tags=["alerts"], summary="Acknowledge an alert")
async def acknowledge(
    alert_id: UUID, access: WritesAlerts, body: Acknowledge | None = None
) -> dict[str, Any]:
    await _require_open(access, alert_id)
    asked = body or Acknowledge()
    await inbox.acknowledge(
        access.session, [alert_id], actor=access.actor, now=access.now, note=asked.note, until=asked.until
    )
    return await lists.get_alert(access.session, alert_id)


@router.delete("/alerts/{alert_id}/acknowledge", tags=["alerts"], summary="Give an alert back")
async def unacknowledge(alert_id: UUID, access: WritesAlerts) -> dict[str, Any]:
    await _require_open(access, alert_id)
    await inbox.unacknowledge(access.session, [alert_id], actor=access.actor, now=access.now)
    return await lists.get_alert(access.session, alert_id)


@router.post("/alerts/{alert_id}/snooze", tags=["alerts"], summary="Snooze an alert")
async def snooze(alert_id: UUID, body: Snooze, access: WritesAlerts) -> dict[str, Any]:
    await _require_open(access, alert_id)
    await inbox.snooze(
        access.session, [alert_id], body.until, actor=access.actor, now=access.now, note=body.note
    )
    return await lists.get_alert(access.session, alert_id)


@router.delete("/alerts/{alert_id}/snooze", tags=["alerts"], summary="Bring a snoozed alert back")
async def unsnooze(alert_id: UUID, access: WritesAlerts) -> dict[str, Any]:
    await _require_open(access, alert_id)
    await inbox.unsnooze(access.session, [alert_id], actor=access.actor, now=access.now)
    return await lists.get_alert(access.session, alert_id)


@router.post("/alerts/{alert_id}/resolve", tags=["alerts"], summary="Resolve an alert by hand")
async def resolve(alert_id: UUID, access: WritesAlerts, body: Remark | None = None) -> dict[str, Any]:
    await _require_open(access, alert_id)
    note = body.note if body else None
    await inbox.resolve(
        access.session, [alert_id], actor=access.actor, now=access.now, note=note, base_url=_address(access)
    )
    return await lists.get_alert(access.session, alert_id)


@router.get("/alerts/{alert_id}/notes", tags=["alerts"], summary="Notes of an alert, oldest first")
async def list_notes(alert_id: UUID, access: ReadsAlerts) -> dict[str, Any]:
    return {"data": await lists.list_notes(access.session, alert_id)}


@router.post("/alerts/{alert_id}/notes", tags=["alerts"], status_code=201, summary="Write a note")
async def add_note(alert_id: UUID, body: NoteCreate, access: WritesAlerts) -> dict[str, Any]:
    await _require_alerts(access, [alert_id])
    await inbox.add_note(access.session, alert_id, body.note, actor=access.actor, now=access.now)
    return await lists.get_alert(access.session, alert_id)


def _address(access: Access) -> str:
    return access.runtime.settings.address


async def _require_rule(access: Access, rule_id: UUID) -> None:
    """The permission counts at the rule's own client."""
    rule = await rule_rows.find_rule(access.session, rule_id)
    if rule is not None:
        access.require(rule.client_id)


async def _require_open(access: Access, alert_id: UUID) -> None:
    """The permission counts at the alert's client; one that is over moves no more."""
    alert = await inbox.find_alert(access.session, alert_id)
    access.require(alert.client_id)
    inbox.must_be_open(alert.state)


async def _require_alerts(access: Access, alert_ids: list[UUID]) -> None:
    for client_id in set((await inbox.must_find(access.session, alert_ids)).values()):
        access.require(client_id)
