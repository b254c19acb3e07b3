import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.core.errors import ExternalError
from belvedere.notify.contracts import AttemptOutcome, ChannelKind, DeliveryState, RepeatPolicy
from belvedere.notify.decide import (
    LEASE_OVER,
    Failure,
    Standing,
    after_failure,
    after_lease,
    breaks_channel,
    wait_seconds,
)

DAY = 24 * 3600.0
LOST = Failure("The connection was lost.", permanent=False, code="lost", outcome_known=False)
BUSY = Failure("Discord has trouble (503).", permanent=False, code="http_503", status_code=503)


def standing(
    channel=ChannelKind.DISCORD_BOT, policy=RepeatPolicy.AT_LEAST_ONCE, tries=1, seconds_left=DAY
) -> Standing:
    return Standing(channel, policy, tries, seconds_left)


def test_waits_double_from_five_seconds_to_an_hour():
    waits = [wait_seconds(tries, None, 0.5) for tries in range(1, 14)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 3600


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_longer_than_an_hour_nor_shorter_than_four_seconds(tries, spread):
    assert 4 <= wait_seconds(tries, None, spread) <= 3600


@given(st.floats(0.1, 3600), st.floats(0, 1, exclude_max=True))
def test_a_wait_that_the_receiver_asks_for_is_never_cut(asked, spread):
    assert wait_seconds(1, asked, spread) >= asked


@pytest.mark.parametrize("asked", [0, -5, float("inf"), float("nan")])
def test_a_retry_after_that_says_nothing_falls_back_to_our_own_wait(asked):
    assert wait_seconds(2, asked, 0.5) == 10


def test_a_temporary_failure_is_tried_again_later():
    decision = after_failure(BUSY, standing(), 0.5)
    assert decision.state is DeliveryState.READY
    assert decision.outcome is AttemptOutcome.RETRY
    assert decision.wait_seconds == 5
    assert not decision.possible_repeat


def test_a_failure_after_the_last_hour_is_the_end():
    decision = after_failure(BUSY, standing(tries=40, seconds_left=-1), 0.5)
    assert decision.state is DeliveryState.DEAD
    assert "Given up after 40 tries" in decision.reason


def test_the_last_try_is_made_when_the_time_is_up():
    assert after_failure(BUSY, standing(tries=30, seconds_left=90), 0.5).wait_seconds == 90


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_credential_or_a_missing_channel_is_dead_at_once_and_breaks_the_channel(status):
    refused = Failure("no", permanent=True, code=f"http_{status}", status_code=status)
    decision = after_failure(refused, standing(), 0.5)
    assert decision.state is DeliveryState.DEAD
    assert decision.breaks_channel


def test_a_message_that_is_refused_as_written_is_dead_but_leaves_the_channel_whole():
    decision = after_failure(Failure("no", permanent=True, code="http_400", status_code=400), standing(), 0.5)
    assert decision.state is DeliveryState.DEAD
    assert not decision.breaks_channel


@pytest.mark.parametrize("channel", [ChannelKind.DISCORD_WEBHOOK, ChannelKind.EMAIL])
def test_an_unknown_end_is_sent_again_with_a_mark_where_the_receiver_knows_no_keys(channel):
    decision = after_failure(LOST, standing(channel), 0.5)
    assert decision.state is DeliveryState.READY
    assert decision.outcome is AttemptOutcome.UNKNOWN
    assert decision.possible_repeat


def test_an_unknown_end_needs_no_mark_where_the_receiver_knows_our_key():
    assert not after_failure(LOST, standing(ChannelKind.DISCORD_BOT), 0.5).possible_repeat


@pytest.mark.parametrize("channel", list(ChannelKind))
def test_an_unknown_end_of_a_message_that_goes_once_at_most_is_parked(channel):
    decision = after_failure(LOST, standing(channel, RepeatPolicy.AT_MOST_ONCE), 0.5)
    assert decision.state is DeliveryState.UNKNOWN


def test_a_known_failure_of_a_message_that_goes_once_at_most_is_tried_again():
    assert after_failure(BUSY, standing(policy=RepeatPolicy.AT_MOST_ONCE), 0.5).state is DeliveryState.READY


def test_after_a_dead_sender_the_first_new_try_is_at_once_and_later_ones_wait():
    assert after_lease(standing(), 0.5).wait_seconds == 0
    assert after_lease(standing(tries=3), 0.5).wait_seconds == 20


@given(
    st.sampled_from(list(ChannelKind)),
    st.sampled_from(list(RepeatPolicy)),
    st.integers(1, 100),
    st.floats(-10, DAY),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 400, 401, 429, 500]),
)
def test_nothing_is_ever_lost_silently(channel, policy, tries, left, permanent, known, status):
    failure = Failure("why", permanent, "code", status, None, known)
    decision = after_failure(failure, standing(channel, policy, tries, left), 0.5)
    assert decision.state in {DeliveryState.READY, DeliveryState.DEAD, DeliveryState.UNKNOWN}
    assert decision.outcome not in {AttemptOutcome.RUNNING, AttemptOutcome.SENT}
    assert "why" in decision.reason
    if policy is RepeatPolicy.AT_MOST_ONCE and not known:
        assert decision.state is DeliveryState.UNKNOWN
    if not known:
        assert decision.outcome is AttemptOutcome.UNKNOWN


def test_an_error_that_does_not_say_whether_it_arrived_counts_as_unknown():
    silent = ExternalError("no answer", provider="discord", permanent=False)
    assert not Failure.of(silent).outcome_known
    assert not LEASE_OVER.outcome_known


def test_a_missing_setting_and_a_refused_login_break_the_channel():
    assert breaks_channel(Failure("", True, "not_configured"))
    assert breaks_channel(Failure("", True, "smtp_login", 535))
    assert not breaks_channel(Failure("", True, "smtp_refused", 550))
