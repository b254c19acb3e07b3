"""A request for approval: sealed, decided once, by somebody else, one open for each target."""

import hashlib
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, UniqueViolation
from tests.people import People

AGENT = "ads.advisor"


def ask(admin: psycopg.Connection, target: str = "ads.campaigns/7", **values: object) -> UUID:
    columns: dict[str, object] = {
        "id": uuid4(), "client_id": 1, "action_type": "ads.budget.change", "target": target, "requested_by": AGENT,
        "before_payload": '{"budget": "40.00"}', "after_payload": '{"budget": "46.00"}', **values,
    }  # fmt: skip
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    row = admin.execute(
        f"INSERT INTO agents.agent_approval ({names}) VALUES ({marks}) RETURNING id",  # type: ignore[call-overload]
        list(columns.values()),
    ).fetchone()
    assert row is not None
    return row[0]


def change(admin: psycopg.Connection, approval: UUID, clause: str, *values: object) -> None:
    admin.execute(f"UPDATE agents.agent_approval SET {clause} WHERE id = %s", [*values, approval])  # type: ignore[call-overload]


APPROVE = "status = 'approved', decided_at = now(), decided_by = %s"


def test_a_request_waits_for_a_day_and_is_taken_once(admin: psycopg.Connection, people: People) -> None:
    asked = ask(admin)
    row = admin.execute(
        "SELECT status, expires_at - created_at = interval '24 hours', octet_length(payload_hash)"
        " FROM agents.agent_approval"
    ).fetchone()
    assert row == ("pending", True, 32)
    change(admin, asked, APPROVE, people.olga.id)
    change(admin, asked, "status = 'consumed', consumed_at = now()")
    with pytest.raises(CheckViolation, match="consumed cannot become approved"):
        change(admin, asked, "status = 'approved', consumed_at = NULL")


def test_an_approval_can_be_claimed_by_one_of_two(admin: psycopg.Connection, people: People) -> None:
    asked = ask(admin)
    change(admin, asked, APPROVE, people.olga.id)
    claim = (
        "UPDATE agents.agent_approval SET status = 'consumed', consumed_at = now()"
        " WHERE id = %s AND status = 'approved' AND expires_at > now()"
    )
    assert [admin.execute(claim, [asked]).rowcount for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    "clause",
    [
        "after_payload = '{\"budget\": \"460.00\"}'", "before_payload = '{}'", "target = 'ads.campaigns/8'",
        "action_type = 'ads.pause'", "policy_version = '9'", "data_as_of = now()", "self_approval = true",
        "requested_by = 'somebody'", "requested_by_kind = 'system'", "client_id = 2", "payload_hash = sha256('x')",
        "expires_at = expires_at + interval '1 day'", "decided_by_kind = 'policy'",
    ],
)  # fmt: skip
def test_what_was_asked_cannot_be_changed(admin: psycopg.Connection, people: People, clause: str) -> None:
    asked = ask(admin)
    with pytest.raises(CheckViolation, match="cannot be changed; make a new one"):
        change(admin, asked, clause)


@pytest.mark.parametrize("clause", ["decided_by = NULL, status = 'expired'", "decided_at = now() - interval '1 h'",
                                    "decision_reason = 'Another one'"])  # fmt: skip
def test_what_was_decided_stays_as_it_was_decided(
    admin: psycopg.Connection, people: People, clause: str
) -> None:
    asked = ask(admin)
    change(admin, asked, APPROVE, people.olga.id)
    with pytest.raises(CheckViolation, match="a decision stays as it was made"):
        change(admin, asked, clause)
    change(admin, asked, "status = 'consumed', consumed_at = now()")
    with pytest.raises(CheckViolation, match="a decision stays as it was made"):
        change(admin, asked, "consumed_at = consumed_at + interval '1 s'")


@pytest.mark.parametrize("status", ["rejected", "expired", "cancelled", "superseded"])
def test_an_end_is_an_end(admin: psycopg.Connection, people: People, status: str) -> None:
    asked = ask(admin)
    decided = ", decided_at = now(), decided_by = %s" if status == "rejected" else ""
    change(admin, asked, f"status = '{status}'{decided}", *([people.olga.id] if decided else []))
    with pytest.raises(CheckViolation, match=f"{status} cannot become approved"):
        change(admin, asked, APPROVE, people.olga.id)


def test_nothing_is_consumed_that_was_not_approved(admin: psycopg.Connection, people: People) -> None:
    asked = ask(admin)
    with pytest.raises(CheckViolation, match="pending cannot become consumed"):
        change(admin, asked, "status = 'consumed', consumed_at = now()")


def test_nobody_decides_what_they_asked_for(admin: psycopg.Connection, people: People) -> None:
    alice = people.alice.id
    own = ask(admin, requested_by=str(alice), requested_by_kind="person")
    launched = ask(admin, "ads.campaigns/8", requested_for_user=alice)
    for asked in (own, launched):
        with pytest.raises(CheckViolation, match="approver_is_not_requester"):
            change(admin, asked, APPROVE, alice)
        change(admin, asked, APPROVE, people.olga.id)


def test_an_own_request_is_decided_only_where_it_says_so(admin: psycopg.Connection, people: People) -> None:
    alice = people.alice.id
    asked = ask(admin, requested_by=str(alice), requested_by_kind="person", self_approval=True)
    change(admin, asked, APPROVE, alice)


@pytest.mark.parametrize("name", ["alice@brandt.example", "", "UPPER"])
def test_a_person_asks_under_their_key(admin: psycopg.Connection, people: People, name: str) -> None:
    given = str(people.alice.id).upper() if name == "UPPER" else name
    with pytest.raises(CheckViolation, match="requester_named"):
        ask(admin, requested_by=given, requested_by_kind="person")


def test_one_request_is_open_for_each_target(admin: psycopg.Connection, people: People) -> None:
    first = ask(admin)
    ask(admin, "ads.campaigns/8")
    ask(admin, client_id=2)
    with pytest.raises(UniqueViolation, match="one_pending"):
        ask(admin)
    change(admin, first, "status = 'cancelled'")
    ask(admin)


def test_a_newer_request_takes_the_place_of_an_open_one(admin: psycopg.Connection, people: People) -> None:
    first, second = ask(admin), uuid4()
    with admin.transaction():
        change(admin, first, "status = 'superseded', superseded_by = %s", second)
        ask(admin, id=second)
    third = ask(admin, "ads.campaigns/8")
    with pytest.raises(ForeignKeyViolation), admin.transaction():
        change(admin, third, "status = 'superseded', superseded_by = %s", uuid4())


def test_the_hash_tells_every_part_of_a_request(admin: psycopg.Connection, people: People) -> None:
    parts = [
        {}, {"after_payload": '{"budget": "46.01"}'}, {"policy_version": "2"}, {"data_as_of": "2026-03-01T00:00Z"},
        {"action_type": "ads.pause"}, {"before_payload": "{}"},
    ]  # fmt: skip
    for number, values in enumerate(parts):
        ask(admin, "ads.campaigns/7" if number else "ads.campaigns/9", **values)
        admin.execute("UPDATE agents.agent_approval SET status = 'cancelled' WHERE status = 'pending'")
    hashes = admin.execute("SELECT payload_hash FROM agents.agent_approval").fetchall()
    assert len({bytes(row[0]) for row in hashes}) == len(parts)
    text = '["ads.budget.change", "ads.campaigns/9", {"budget": "40.00"}, {"budget": "46.00"}, null, null]'
    assert hashlib.sha256(text.encode()).digest() in {bytes(row[0]) for row in hashes}
