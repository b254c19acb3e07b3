"""How values are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from belvedere.watchtower.contracts import WITHOUT_THRESHOLD, Condition, ConditionReason
from belvedere.watchtower.service import limit_text
from belvedere.web import presentation as show
from belvedere.web.alert_timeline import timeline_of
from belvedere.web.monograms import initials

NOW = datetime(2026, 11, 20, 13, 52, 8, tzinfo=UTC)
VIENNA = show.Reader(NOW, "Europe/Vienna")
GAP = show.NBSP


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        ("9184.2", "EUR", "€9,184.20"),
        (Decimal("-5.005"), "GBP", "−£5.00"),
        (0, "USD", "$0.00"),
        (1200, "JPY", "¥1,200"),
        (1200, "CHF", f"CHF{GAP}1,200.00"),
        (None, "EUR", "–"),
        ("twelve", "EUR", "–"),
        ("NaN", "EUR", "–"),
    ],
)
def test_money_is_exact_to_the_minor_unit(value, currency, written):
    assert show.money(value, currency) == written


def test_a_tile_drops_the_minor_unit_from_a_thousand_up():
    assert show.money("112967.31", "EUR", tile=True) == "€112,967"
    assert show.money("842.16", "USD", tile=True) == "$842.16"


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        ("31.6", "percent", "31.6%"),
        ("31.000000", "percent", "31%"),
        ("2.94", "ratio", "2.94×"),
        ("18402.000000", "count", "18,402"),
        ("-0.0", "count", "0"),
        ("8", "days", f"8{GAP}d"),
        ("live", None, "live"),
        (None, "count", "–"),
        (True, None, "True"),
    ],
)
def test_a_metric_is_written_in_its_unit(value, unit, written):
    assert show.metric(value, unit) == written


def test_a_missing_value_is_never_a_zero():
    assert (
        show.number(None)
        == show.percent("")
        == show.compact(None)
        == show.size(None)
        == show.span(None)
        == "–"
    )


def test_plurals_come_from_words_and_zero_may_have_its_own():
    assert show.plural(1, "alert", "alerts") == "1 alert"
    assert show.plural(1204, "alert", "alerts") == "1,204 alerts"
    assert show.plural(0, "alert", "alerts", "No open alerts") == "No open alerts"


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (0.21, f"0.2{GAP}s"),
        (59, f"59{GAP}s"),
        (60, f"1{GAP}min"),
        (38 * 60, f"38{GAP}min"),
        (2 * 3600 + 41 * 60, f"2{GAP}h 41{GAP}min"),
        (14 * 3600 + 60, f"14{GAP}h"),
        (86400, f"1{GAP}day"),
        (5 * 86400, f"5{GAP}days"),
    ],
)
def test_spans_use_at_most_two_units(length, written):
    assert show.span(length) == written


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (NOW, "14:52"),
        (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), "00:30"),
        (datetime(2026, 11, 19, 17, 0, tzinfo=UTC), "Thu 18:00"),
        (datetime(2026, 11, 12, 9, 0, tzinfo=UTC), "12 Nov"),
        (datetime(2025, 11, 12, 9, 0, tzinfo=UTC), "12 Nov 2025"),
    ],
)
def test_a_moment_is_short_and_in_the_readers_zone(at, written):
    assert show.moment(at, VIENNA) == written


def test_every_time_carries_its_exact_form_and_zone():
    tag = show.time_tag(NOW - timedelta(minutes=38), VIENNA, as_age=True)
    assert 'datetime="2026-11-20T13:14:08+00:00"' in tag
    assert "Fri 20 Nov 2026, 14:14:08 CET" in tag
    assert f">38{GAP}min</time>" in tag
    assert "data-age" in tag


def test_an_unknown_zone_falls_back_to_utc():
    assert show.moment(NOW, show.Reader(NOW, "Mars/Olympus")) == "13:52"


def test_severity_is_shape_and_word_and_keeps_the_stored_word():
    chip = show.severity_chip("HIGH")
    assert "chip-warning" in chip
    assert "HIGH" in chip
    assert "chip-info" in show.severity_chip("unheard of")


def test_freshness_says_how_old_a_late_figure_is():
    late = show.freshness_mark("late", NOW - timedelta(hours=3), VIENNA)
    assert "stamp-late" in late
    assert f"3{GAP}h old" in late
    assert "Never read" in show.freshness_mark("never", None, VIENNA)


def test_a_change_has_an_arrow_for_direction_and_a_colour_for_good():
    up = show.delta({"value": Decimal(12), "unit": "%", "tone": "bad"})
    assert "delta-bad" in up
    assert "up " in up
    assert show.delta(None) == ""
    assert "+1.8%" in show.delta({"value": "1.8", "unit": "%", "tone": "flat"})


def test_names_are_escaped_inside_marks():
    assert "<b>" not in show.status_mark("active", "<b>x</b>")
    assert initials("Marlow & Finch") == "MF"
    assert initials("") == "–"


@pytest.mark.parametrize("condition", list(Condition))
def test_every_condition_reads_as_a_word_of_people(condition):
    """No page shows the word of the database, and rules and alerts tell conditions apart."""
    for said in (show.sign(condition), show.condition_word(condition)):
        assert said
        assert "_" not in said
        assert said != condition or condition in (Condition.CONTAINS, Condition.CHANGED, Condition.BETWEEN)
    assert len({show.condition_word(one) for one in Condition}) == len(Condition)


@pytest.mark.parametrize("condition", list(Condition))
def test_every_condition_reads_as_a_line_of_a_rule(condition):
    limits = {
        Condition.BETWEEN: "10 and 20", Condition.IN: "paused, failed", Condition.CHANGED_FROM_TO: "live -> paused",
        Condition.PERCENT_CHANGE: "-30", Condition.STALE: "2 days",
    }  # fmt: skip
    limit = None if condition in WITHOUT_THRESHOLD else limits.get(condition, "15")
    reason = ConditionReason(
        UUID(int=0), "", "open_rate", "Open rate", condition, limit, "11", "12", "percent", True
    )
    said = limit_text(reason, "EUR")
    assert "_" not in said
    assert "None" not in said


def test_a_count_says_where_counting_stopped():
    assert [show.counted(number) for number in (0, 1284, 10_000, 10_001)] == [
        "0",
        "1,284",
        "10,000",
        "10,000+",
    ]


def test_a_timeline_tells_steps_of_the_same_instant_newest_first_too():
    at = "2026-11-20T13:52:08+00:00"
    step = {"at": at, "kind": "note", "actor": "olga", "detail": {}}
    sent = {"id": 1, "state": "sent", "kind": "opened", "channel": "email", "address": "ops@example.org",
            "attempts": 1, "error": None, "sent_at": at, "created_at": at}  # fmt: skip
    alert = {
        "timeline": [{**step, "note": note} for note in ("first", "second", "third")],
        "deliveries": [sent], "severity": "warning", "snapshot_id": None, "message": "", "resolved_reason": None,
    }  # fmt: skip
    lines = timeline_of(alert)
    assert lines[0]["icon"] == "mail"
    assert [line["detail"] for line in lines[1:]] == ["third", "second", "first"]


def test_no_length_is_nothing():
    assert [show.span(seconds) for seconds in (0, 0.01, 0.3, 12)] == [
        f"under 1{GAP}s", f"under 1{GAP}s", f"0.3{GAP}s", f"12{GAP}s",
    ]  # fmt: skip
