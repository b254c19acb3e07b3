"""The API of deliveries and channels, through the real doors."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI, Request
from tests.notify.conftest import MAILBOX, SHOP, request

from belvedere.accounts.door import check_doors
from belvedere.accounts.tokens import generate_token, secret_hash
from belvedere.api.problems import of_error
from belvedere.core.errors import BelvedereError
from belvedere.notify import service
from belvedere.notify.contracts import Destination, MessageKind
from belvedere.notify.routes import router
from belvedere.notify.schemas import ChannelList, DeliveryDetail, DeliveryList
from belvedere.notify.sending import send_due
from belvedere.sandbox.clients import FORBIDDEN_CHANNEL_ID

ALL_SCOPES = ["deliveries.read", "deliveries.write", "channels.read", "channels.write"]


@pytest.fixture
async def web(runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(router, prefix="/api/v1")
    check_doors(app)

    @app.exception_handler(BelvedereError)
    async def problem(request: Request, error: BelvedereError):
        return of_error(request, error)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420/api/v1") as client:
        yield client


@pytest.fixture
def token_of(admin):
    def make(person) -> dict[str, str]:
        token = generate_token()
        admin.execute(
            "INSERT INTO core.api_tokens (id, user_id, name, prefix, token_hash, scopes, expires_at)"
            " VALUES (%s, %s, 'probe', %s, %s, %s, %s)",
            [
                uuid4(), person.id, token[:10], secret_hash(token), ALL_SCOPES,
                datetime.now(UTC) + timedelta(days=1),
            ],
        )  # fmt: skip
        return {"Authorization": f"Bearer {token}"}

    return make


async def test_a_list_is_walked_page_by_page_without_gap_or_double(web, outbox, people, token_of):
    asked = await outbox.ask(*(request(Destination.email(f"p{n}@brandt.example")) for n in range(7)))
    headers, seen, cursor = token_of(people.alice), [], None
    while True:
        params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = await web.get("/deliveries", headers=headers, params=params)
        page = answer.json()
        DeliveryList.model_validate(page)
        seen += [row["id"] for row in page["data"]]
        cursor = page["meta"]["next_cursor"]
        if not page["meta"]["has_more"]:
            break
    assert sorted(seen) == sorted(map(str, asked))
    assert len(seen) == 7


async def test_lists_are_narrowed_and_a_wrong_cursor_is_refused(web, outbox, people, token_of, runtime):
    subject = uuid4()
    await outbox.ask(request(Destination.discord(FORBIDDEN_CHANNEL_ID), subject_id=subject), request(MAILBOX))
    await send_due(runtime)
    headers = token_of(people.alice)
    for params in ({"state": "dead"}, {"channel": "discord_bot"}, {"subject_id": str(subject)}):
        rows = (await web.get("/deliveries", headers=headers, params=params)).json()["data"]
        assert [row["state"] for row in rows] == ["dead"]
    assert (await web.get("/deliveries", headers=headers, params={"cursor": "x"})).status_code == 422


async def test_a_delivery_tells_every_try(web, outbox, people, token_of, runtime):
    (delivery_id,) = await outbox.ask(request())
    await send_due(runtime)
    answer = await web.get(f"/deliveries/{delivery_id}", headers=token_of(people.bob))
    detail = DeliveryDetail.model_validate(answer.json())
    assert detail.state == "sent"
    assert detail.fields == [["Value", "11.8%"], ["Limit", "< 15%"]]
    (attempt,) = detail.attempt_log
    assert (attempt.outcome, attempt.status_code) == ("sent", 200)
    assert attempt.provider_id == detail.receipt


async def test_strangers_get_404_and_viewers_may_not_send_again(web, outbox, people, token_of, runtime):
    (delivery_id,) = await outbox.ask(request(Destination.discord(FORBIDDEN_CHANNEL_ID)))
    await send_due(runtime)
    path = f"/deliveries/{delivery_id}"
    assert (await web.get(path, headers=token_of(people.charlie))).status_code == 404
    assert (await web.post(f"{path}/resend", headers=token_of(people.charlie))).status_code == 404
    assert (await web.post(f"{path}/resend", headers=token_of(people.bob))).status_code == 403
    answer = await web.post(f"{path}/resend", headers=token_of(people.alice))
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/deliveries/{delivery_id}"
    assert outbox.row(delivery_id)["state"] == "ready"


async def test_what_was_sent_is_not_sent_again(web, outbox, people, token_of, runtime):
    (delivery_id,) = await outbox.ask(request())
    await send_due(runtime)
    answer = await web.post(f"/deliveries/{delivery_id}/resend", headers=token_of(people.alice))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_sent")


async def test_a_channel_is_made_shown_changed_tested_and_its_secret_never_shown(
    web, people, token_of, runtime, sandbox
):
    headers = token_of(people.olga)
    url = (
        f"{runtime.settings.discord_base_url}/webhooks/{SHOP.discord_webhook_id}/{SHOP.discord_webhook_token}"
    )
    body = {"kind": "discord_webhook", "name": "Alerts", "client_id": 1, "webhook_url": url}
    made = await web.post("/channels", headers=headers, json=body)
    assert made.status_code == 201
    channel = made.json()
    assert channel["address"] == f"webhook:{channel['id']}"
    assert SHOP.discord_webhook_token not in made.text
    patched = await web.patch(f"/channels/{channel['id']}", headers=headers, json={"name": "Watch"})
    assert patched.json()["name"] == "Watch"
    tested = await web.post(f"/channels/{channel['id']}/test", headers=headers)
    assert tested.status_code == 202
    await send_due(runtime)
    assert len(sandbox.sandbox.ledger.of_kind("discord.webhook")) == 1
    listed = await web.get("/channels", headers=headers)
    assert ChannelList.model_validate(listed.json()).data[0].name == "Watch"
    assert (await web.delete(f"/channels/{channel['id']}", headers=headers)).status_code == 409


async def test_a_wrong_webhook_names_the_field(web, people, token_of):
    body = {"kind": "discord_webhook", "name": "x", "webhook_url": "https://hooks.example/x"}
    answer = await web.post("/channels", headers=token_of(people.olga), json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/webhook_url"
    body = {"kind": "webhook", "name": "x", "address": "https://hooks.example/x", "signing_secret": "whsec_!"}
    answer = await web.post("/channels", headers=token_of(people.olga), json=body)
    assert answer.json()["errors"][0]["pointer"] == "/signing_secret"


async def test_people_of_a_client_do_not_make_channels(web, people, token_of):
    body = {"kind": "email", "name": "x", "client_id": 1, "address": "a@brandt.example"}
    assert (await web.post("/channels", headers=token_of(people.alice), json=body)).status_code == 403


async def test_the_deliveries_of_alerts_and_the_export_tell_the_same(outbox, people, runtime):
    subject = uuid4()
    asked = await outbox.ask(
        request(subject_id=subject), request(subject_id=subject, kind=MessageKind.RESOLVED), request(MAILBOX)
    )
    async with runtime.db.read(people.alice.scope) as session:
        found = await service.deliveries_of(session, [subject, uuid4()])
        lines = [orjson.loads(line) async for line in service.export_deliveries(session, page=2)]
    assert [row["id"] for row in found[subject]] == [str(asked[0]), str(asked[1])]
    assert [row["id"] for row in lines] == [str(delivery_id) for delivery_id in asked]
