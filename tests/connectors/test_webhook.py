from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from belvedere.connectors.webhook.signature import WebhookRefused, make_secret, sign, verify
from belvedere.core.errors import Invalid

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
OLD, NEW = make_secret(b"o" * 24), make_secret(b"n" * 32)
BODY = '{"total": 1.50, "name": "Größe"}'.encode()


def test_a_signed_push_is_accepted_and_named():
    push = verify([NEW], sign(NEW, "msg_1", NOW, BODY), BODY, NOW)
    assert (push.message_id, push.sent_at, push.secret_index) == ("msg_1", NOW, 0)


def test_the_signature_is_the_one_of_the_reference_library():
    now = datetime.now(UTC)
    headers = sign(NEW, "msg_1", now, BODY)
    assert Webhook(NEW).verify(BODY, headers) == {"total": 1.5, "name": "Größe"}
    theirs = {**headers, "webhook-signature": Webhook(NEW).sign("msg_1", now, BODY.decode())}
    assert verify([NEW], theirs, BODY, now).message_id == "msg_1"


def test_two_secrets_are_valid_while_one_replaces_the_other():
    assert verify([NEW, OLD], sign(OLD, "m", NOW, BODY), BODY, NOW).secret_index == 1
    both = sign(OLD, "m", NOW, BODY)
    both["webhook-signature"] += " " + sign(NEW, "m", NOW, BODY)["webhook-signature"]
    assert verify([NEW], both, BODY, NOW).secret_index == 0


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(at, change):
    changed = bytearray(BODY)
    changed[at] ^= change
    with pytest.raises(WebhookRefused):
        verify([NEW, OLD], sign(NEW, "m", NOW, BODY), bytes(changed), NOW)


@pytest.mark.parametrize("shift", [-301, 301, -86400 * 365])
def test_a_time_outside_the_window_is_refused(shift):
    with pytest.raises(WebhookRefused):
        verify([NEW], sign(NEW, "m", NOW + timedelta(seconds=shift), BODY), BODY, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": ""},
        {"webhook-id": "a.b"},
        {"webhook-timestamp": "12.5"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "999999999999"},
        {"webhook-signature": "v2,abcd"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,!!!"},
        {"webhook-signature": "v1,"},
        {"webhook-id": "other"},
    ],
)
def test_wrong_headers_are_refused_with_a_reason(change):
    headers = {**sign(NEW, "m", NOW, BODY), **change}
    with pytest.raises(WebhookRefused) as refused:
        verify([NEW], headers, BODY, NOW)
    assert refused.value.detail


def test_without_a_secret_nothing_is_accepted():
    with pytest.raises(WebhookRefused):
        verify([], sign(NEW, "m", NOW, BODY), BODY, NOW)


def test_the_names_of_headers_have_no_case():
    headers = {name.title(): value for name, value in sign(NEW, "m", NOW, BODY).items()}
    assert verify([NEW], headers, BODY, NOW).message_id == "m"


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(WebhookRefused, match="UTF-8"):
        verify([NEW], sign(NEW, "m", NOW, b"x"), b"\xff", NOW)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_YQ==", "whsec_***", "short"])
def test_a_weak_or_broken_secret_is_invalid(secret):
    with pytest.raises(Invalid):
        sign(secret, "m", NOW, BODY)
    with pytest.raises(ValueError, match="24 to 64"):
        make_secret(b"short")
