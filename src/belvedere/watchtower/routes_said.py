"""REST of the very messages: what a rule would say now, and what an alert says. Only reads."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.watchtower.backtest_schemas import TryRule
from belvedere.watchtower.routes_backtest import answer, clients_asked, rows_asked
from belvedere.watchtower.said import message_of_alert, messages_of_rule

router = door_router()

ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
ReadsAlerts = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
Template = Annotated[str, Field(max_length=4_000)]


class AlertMessageAsk(BaseModel):
    """Templates to try on the alert; without them its rule's own words are shown."""

    model_config = ConfigDict(extra="forbid")

    title_template: Template | None = None
    message_template: Template | None = None


@router.post(
    "/rules/preview-messages", tags=["rules"], summary="What a rule would say now, message by message"
)
async def preview_messages(body: TryRule, access: ReadsRules) -> Response:
    rows = await rows_asked(body, access)
    client_ids = await clients_asked(body, access)
    base_url = access.runtime.settings.address
    found: dict[str, Any] = await messages_of_rule(
        access.session, rows, client_ids, access.now, base_url=base_url
    )
    return answer(found)


@router.post(
    "/alerts/{alert_id}/preview-message",
    tags=["alerts"],
    summary="The message of an alert, as it would be sent",
)
async def preview_alert_message(alert_id: UUID, body: AlertMessageAsk, access: ReadsAlerts) -> Response:
    return answer(
        await message_of_alert(
            access.session,
            alert_id,
            access.now,
            base_url=access.runtime.settings.address,
            title_template=body.title_template,
            message_template=body.message_template,
        )
    )
