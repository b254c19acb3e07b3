"""A sender in doubt about its own commit."""

from datetime import UTC, datetime

from tests.notify.conftest import request
from tests.notify.test_outbox import claim

from belvedere.notify import verdicts
from belvedere.notify.ports import Receipt
from belvedere.notify.sending import SCOPE


async def test_an_end_written_twice_because_its_commit_was_in_doubt_is_no_late_answer(runtime, outbox):
    (delivery_id,) = await outbox.ask(request())
    (held,) = await claim(runtime)
    for _ in range(2):
        async with runtime.db.write(SCOPE) as session:
            assert await verdicts.accepted(session, [(held, Receipt("receipt"))], "test", datetime.now(UTC))
    assert outbox.outcomes(delivery_id) == ["sent"]
    assert [kind for kind, _ in outbox.events()] == ["delivery.sent"]
