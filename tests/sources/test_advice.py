"""A failure's words: what happened, and the next step for a person."""

from datetime import UTC, datetime, timedelta

import pytest

from belvedere.core.errors import ExternalError
from belvedere.sources.advice import failure_message
from belvedere.sources.errors import ReadingFailed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=4)


def message(error, *, has_credential=True, due=SOON):
    return failure_message(error, has_credential=has_credential, next_due_at=due, now=NOW)


def external(status, *, permanent=False, code=None):
    return ExternalError(
        "omnisend answered", provider="omnisend", permanent=permanent, code=code, status_code=status
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_to_be_replaced(status):
    assert message(external(status, permanent=True)) == (
        f"omnisend refused the credential ({status})."
        " Replace it under Settings → Credentials, then read again."
    )


def test_where_no_credential_was_shown_none_is_to_be_replaced():
    assert message(external(403, permanent=True), has_credential=False) == "omnisend answered"
    assert message(external(401, permanent=True, code="credential_missing")) == "omnisend answered"


@pytest.mark.parametrize("status", [429, 500, 503, None])
def test_what_passes_by_itself_says_when_it_is_tried_again(status):
    assert message(external(status)) == "omnisend answered. It is read again at 12:04 UTC."
    assert message(external(status), due=None) == "omnisend answered"
    tomorrow = message(external(status), due=NOW + timedelta(days=1))
    assert tomorrow.endswith("It is read again on 2026-11-21 at 12:00 UTC.")


def test_other_failures_keep_their_words():
    assert message(ReadingFailed("Too little came.", code="x")) == "Too little came."
    assert message(external(404, permanent=True)) == "omnisend answered"
