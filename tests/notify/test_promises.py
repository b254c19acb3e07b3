"""Ends that are always told, sizes that never fail, and sending that waits after a restore."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.notify.conftest import BOT, MAILBOX, message, request
from tests.notify.test_outbox import claim

from belvedere.connectors.discord import message as limits
from belvedere.connectors.discord.message import payload
from belvedere.notify import service
from belvedere.notify.contracts import MessageKind
from belvedere.notify.grouping import Line
from belvedere.notify.render import Telling, discord_message
from belvedere.notify.sending import SCOPE, send_due, sweep

TEXT = st.text(max_size=400) | st.integers(1, 9000).map(lambda count: "ab *_" * (count // 5))
LINES = st.lists(st.tuples(TEXT, st.booleans()), max_size=80)


@settings(max_examples=60, deadline=None)
@given(
    TEXT,
    TEXT,
    st.lists(st.tuples(TEXT, TEXT), max_size=40),
    LINES,
    st.booleans(),
    st.sampled_from(MessageKind),
)
def test_any_message_fits_discord_item_25(title, text, fields, lines, repeat, kind):
    said = message(title=title, text=text, fields=tuple(fields), client_name=title)
    listed = tuple(
        Line("alert", str(UUID(int=n)), line, began=True, ended=ended)
        for n, (line, ended) in enumerate(lines)
    )
    telling = Telling(
        kind, said, possible_repeat=repeat, link="https://belvedere.example/alerts/17", lines=listed
    )
    body = payload(discord_message(telling))
    cards = body.get("embeds", [])
    assert len(body.get("content", "")) <= limits.MAX_CONTENT
    assert len(cards) <= limits.MAX_EMBEDS
    total = 0
    for card in cards:
        assert len(card.get("title", "")) <= limits.MAX_TITLE
        assert len(card.get("description", "")) <= limits.MAX_DESCRIPTION
        assert len(card.get("fields", [])) <= limits.MAX_FIELDS
        for pair in card.get("fields", []):
            assert 0 < len(pair["name"]) <= limits.MAX_FIELD_NAME
            assert 0 < len(pair["value"]) <= limits.MAX_FIELD_VALUE
            total += len(pair["name"]) + len(pair["value"])
        total += len(card.get("title", "")) + len(card.get("description", "")) + len(card["footer"]["text"])
    assert total <= limits.MAX_TOTAL
    assert cards or body.get("content")


def test_what_is_cut_leads_to_the_whole_item_25():
    said = message(text="word " * 3000)
    telling = Telling(MessageKind.OPENED, said, link="https://belvedere.example/alerts/17")
    (card,) = payload(discord_message(telling))["embeds"]
    assert card["description"].endswith("https://belvedere.example/alerts/17")


async def test_the_end_of_what_was_told_goes_out_whatever_is_silenced_since_item_18(runtime, outbox, sandbox):
    alert = uuid4()
    await outbox.ask(request(subject_id=alert))
    await send_due(runtime)
    async with runtime.db.write(SCOPE) as session:
        # A silence takes back what nobody has heard; this one has been heard.
        assert await service.withdraw_unsent(session, [alert], MessageKind.OPENED) == []
    (end,) = await outbox.ask(request(subject_id=alert, kind=MessageKind.RESOLVED))
    async with runtime.db.write(SCOPE) as session:
        assert await service.withdraw_unsent(session, [alert], MessageKind.OPENED) == []
    await send_due(runtime)
    assert outbox.row(end)["state"] == "sent"
    assert len(sandbox.sandbox.ledger.of_kind("discord.message")) == 2


async def test_a_restore_with_messages_in_flight_sends_nothing_until_it_is_released(
    runtime, outbox, sandbox, people
):
    """The rows of a backup: one waits, one is under way; its sender is gone with the old server."""
    (waiting,) = await outbox.ask(request(BOT))
    (under_way,) = await outbox.ask(request(MAILBOX))
    held = [one for one in await claim(runtime) if one.id == under_way]
    assert held
    outbox.admin.execute(
        "UPDATE core.deliveries SET state = 'ready', lease_token = NULL, lease_until = NULL WHERE id = %s",
        [waiting],
    )
    now = datetime.now(UTC)
    async with runtime.db.write(people.olga.scope) as session:
        await service.hold_outbound(session, "Restored from a backup.", actor="olga", now=now)
    outbox.let_leases_end()
    await sweep(runtime)
    assert (await send_due(runtime)).sent == 0
    assert not sandbox.sandbox.mailbox.mails
    row = outbox.row(under_way)
    assert (row["state"], row["possible_repeat"]) == ("ready", True)
    async with runtime.db.write(people.olga.scope) as session:
        await service.release_outbound(session, actor="olga", now=now)
    outbox.make_due()
    await send_due(runtime)
    assert {row["state"] for row in outbox.rows()} == {"sent"}
    (mail,) = sandbox.sandbox.mailbox.mails
    assert mail.subject.startswith("Possible repeat: ")
