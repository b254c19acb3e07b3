"""Refusals name the field and say what to do about it."""

from datetime import timedelta

import pytest
from tests.watchtower.test_rules_api import make, problem_at


def pointers(answer) -> list[str]:
    return [problem["pointer"] for problem in answer.json()["errors"]]


async def test_a_silence_that_cannot_be_kept_says_why(http, olga, world):
    past = {"ends_at": (world.now - timedelta(days=900)).isoformat()}
    answer = await http.post("/silences", json=past, headers=olga)
    assert answer.json()["detail"] == "The silence cannot be kept: its end is past. Name one that lies ahead."
    begins = {"starts_at": "2100-01-02T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}
    answer = await http.post("/silences", json=begins, headers=olga)
    assert "its end is not after its beginning" in answer.json()["detail"]
    twice = {"ends_at": "2100-01-01T00:00:00Z", "minutes": 5}
    answer = await http.post("/silences", json=twice, headers=olga)
    assert (answer.status_code, pointers(answer)) == (422, ["/ends_at", "/minutes"])
    assert "not both" in answer.json()["detail"]
    answer = await http.post("/silences", json={}, headers=olga)
    assert "Say when it ends" in answer.json()["detail"]


@pytest.mark.parametrize("limit", ["1,20", "NaN"])
@pytest.mark.parametrize("field", ["open_rate", "spend", "col:quantity"])
async def test_a_number_is_not_advised_to_be_a_date(http, olga, field, limit):
    answer = await make(http, olga, 422, field_name=field, threshold_value=limit)
    assert answer["code"] == "threshold_not_a_number"
    assert "date" not in answer["detail"]
    assert f"cannot compare {field} with it. Write" in answer["detail"]


async def test_a_time_is_advised_to_be_a_date(http, olga):
    answer = await make(http, olga, 422, field_name="record_date", threshold_value="soon")
    assert answer["detail"].endswith("is not a date, so `less_than` cannot compare record_date with it."
                                     " Write one such as 2026-11-20.")  # fmt: skip


async def test_a_client_that_is_not_there_is_named(http, olga, alice_token):
    for headers in (olga, alice_token):
        body = {"name": "x", "field_name": "open_rate", "condition": "changed", "client_id": 999}
        answer = await http.post("/rules", json=body, headers=headers)
        assert (answer.status_code, pointers(answer)) == (404, ["/client_id"])
        body = {"rule": {**body, "client_id": None}, "client_ids": [1, 999]}
        for path in ("/rules/backtest", "/rules/preview"):
            answer = await http.post(path, json=body, headers=headers)
            assert (answer.status_code, pointers(answer)) == (404, ["/client_ids/1"]), answer.text


@pytest.mark.parametrize(
    "path",
    ["/alerts", "/rules", "/alerts/counts", "/silences", "/digests", "/dependencies"],
)
async def test_a_client_number_no_client_can_have_is_named(http, olga, path):
    answer = await http.get(path, params={"client_id": 99999999999}, headers=olga)
    assert answer.status_code == 422
    assert "client_id" in pointers(answer)[0]


async def test_the_export_of_another_client_is_not_there(http, token_of, people):
    path, reads = "/export/alerts", "export.read"
    charlie = token_of(people.charlie, reads)
    answer = await http.get(path, params={"client_id": 1}, headers=charlie)
    assert (answer.status_code, pointers(answer)) == (404, ["/client_id"])
    owner = await http.get(path, params={"client_id": 1}, headers=token_of(people.olga, reads))
    assert owner.status_code == 200


async def test_every_wrong_recipient_is_named(http, olga):
    wrong = ["a@brandt.example", "no", "b@brandt.example", "neither"]
    body = {"name": "x", "field_name": "open_rate", "condition": "changed", "email_recipients": wrong}
    answer = await http.post("/rules", json=body, headers=olga)
    assert (answer.status_code, pointers(answer)) == (422, ["/email_recipients/1", "/email_recipients/3"])


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u2069", "\u0007", "\n", "\x7f", "\u0085"])
async def test_a_name_that_hides_characters_is_refused(http, olga, hidden):
    answer = await make(http, olga, 422, name=f"Low{hidden} rate")
    assert problem_at(answer) == ("/name", "not_text")


async def test_a_name_in_any_language_is_taken(http, olga):
    await make(http, olga, name="معدل الفتح — Öffnungsrate 📉")


@pytest.fixture
def alice_token(token_of, people, world):
    """Somebody who may write rules of client 1 and no other."""
    for table, key in (("user_clients", "user_id"), ("users", "id")):
        world.admin.execute(f"UPDATE core.{table} SET role = 'analyst' WHERE {key} = %s", [people.alice.id])
    return token_of(people.alice)
