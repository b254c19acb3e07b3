"""Documents with a shape: split ratios, variants and send windows, against a slow reading of the same rules."""

import json
import re
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WINDOW = {
    "timezone": "recipient", "fallback_timezone": "Europe/Berlin", "days": [1, 2, 3, 4, 5], "start": "09:00",
    "end": "17:00", "min_gap_seconds": 300, "jitter_seconds": 120, "holidays": ["US", "DE-BY"],
}  # fmt: skip
keys = st.sampled_from(["A", "B", "C", "D-1", "e_2", "", "white space", "x" * 33])
shares = st.one_of(
    st.decimals(min_value="-0.5", max_value="1.5", places=3),
    st.sampled_from([Decimal("0.5"), Decimal("0.25")]),
)


class Exact(json.JSONEncoder):
    """Decimals as numbers, digit by digit."""

    def iterencode(self, o: Any, _one_shot: bool = False) -> Any:  # noqa: FBT001, FBT002
        return super().iterencode(mark(o), _one_shot)


def mark(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: mark(part) for key, part in value.items()}
    return f"\x01{value}\x01" if isinstance(value, Decimal) else value


def to_json(value: Any) -> str:
    return re.sub(r'"\\u0001([^"\\]*)\\u0001"', r"\1", json.dumps(value, cls=Exact))


def ask(admin: psycopg.Connection, call: str, *values: Any) -> bool | None:
    row = admin.execute(f"SELECT outreach.{call}", [to_json(value) for value in values]).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def are_variants(names: list[str]) -> bool:
    fit = all(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name) for name in names)
    return 2 <= len(names) <= 8 and len(set(names)) == len(names) and fit


@SETTINGS
@given(names=st.lists(keys, max_size=9))
def test_variants_are_two_to_eight_with_keys_of_their_own(
    admin: psycopg.Connection, names: list[str]
) -> None:
    variants = [{"key": name, "name": "Subject"} for name in names]
    assert ask(admin, "is_variants(%s::jsonb)", variants) is are_variants(names)


@pytest.mark.parametrize(
    "variants", [{}, "A", 3, [1, 2], [{"key": "A"}, {}], [{"key": 1}, {"key": 2}], [["A"], ["B"]]]
)
def test_what_is_no_list_of_variants_is_refused_quietly(admin: psycopg.Connection, variants: Any) -> None:
    assert ask(admin, "is_variants(%s::jsonb)", variants) is False


@SETTINGS
@given(names=st.lists(st.sampled_from("ABCD"), min_size=2, max_size=4, unique=True), data=st.data())
def test_shares_fit_the_variants_and_add_up_to_one(
    admin: psycopg.Connection, names: list[str], data: st.DataObject
) -> None:
    split = data.draw(st.dictionaries(st.sampled_from("ABCD"), shares, max_size=4))
    off = data.draw(
        st.sampled_from([Decimal(0), Decimal("0.000001"), Decimal("0.0000011"), Decimal("-0.000001")])
    )
    if data.draw(st.booleans()):
        split = dict.fromkeys(names, Decimal("0.1"))
        split[names[0]] += 1 - sum(split.values()) + off
    fits = (
        set(split) == set(names)
        and all(0 < share < 1 for share in split.values())
        and abs(sum(split.values()) - 1) <= Decimal("0.000001")
    )
    variants = [{"key": name} for name in names]
    assert ask(admin, "is_split_of(%s::jsonb, %s::jsonb)", variants, split) is fits


@pytest.mark.parametrize(
    "split", [[], {}, "x", 1, {"A": "0.5", "B": 0.5}, {"A": 0.5, "B": None}, {"A": [], "B": 1}]
)
def test_what_are_no_shares_is_refused_quietly(admin: psycopg.Connection, split: Any) -> None:
    assert ask(admin, "is_split_of(%s::jsonb, %s::jsonb)", [{"key": "A"}, {"key": "B"}], split) is False


def test_a_whole_window_is_taken(admin: psycopg.Connection) -> None:
    assert ask(admin, "is_send_window(%s::jsonb)", WINDOW) is True
    least = {"timezone": "UTC", "days": [7], "start": "22:00", "end": "02:30"}
    assert ask(admin, "is_send_window(%s::jsonb)", least) is True
    assert ask(admin, "is_send_window(%s::jsonb)", {**least, "end": "24:00", "holidays": []}) is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timezone", "Nowhere at all"), ("timezone", None), ("timezone", 3), ("fallback_timezone", "recipient"),
        ("fallback_timezone", None), ("days", []), ("days", [0]), ("days", [8]), ("days", [1, 1]), ("days", ["1"]),
        ("days", [1.5]), ("days", 1), ("start", "9:00"), ("start", "24:00"), ("start", "17:00"), ("start", 9),
        ("end", "25:00"), ("end", "09:60"), ("end", None), ("min_gap_seconds", -1), ("min_gap_seconds", "300"),
        ("min_gap_seconds", 0.5), ("jitter_seconds", 90_000), ("holidays", ["us"]), ("holidays", "US"),
        ("holidays", ["US", "US"]), ("weekdays", [1]),
    ],
)  # fmt: skip
def test_a_window_with_one_wrong_part_is_refused(admin: psycopg.Connection, name: str, value: Any) -> None:
    assert ask(admin, "is_send_window(%s::jsonb)", {**WINDOW, name: value}) is False


@pytest.mark.parametrize("name", ["timezone", "days", "start", "end"])
def test_a_window_without_a_needed_part_is_refused(admin: psycopg.Connection, name: str) -> None:
    assert (
        ask(admin, "is_send_window(%s::jsonb)", {key: WINDOW[key] for key in WINDOW if key != name}) is False
    )


@SETTINGS
@given(
    days=st.lists(st.integers(-1, 9), max_size=8),
    start=st.tuples(st.integers(0, 25), st.integers(0, 61)),
    end=st.tuples(st.integers(0, 25), st.integers(0, 61)),
    gap=st.integers(-10, 100_000),
)
def test_windows_are_taken_exactly_when_they_mean_something(
    admin: psycopg.Connection, days: list[int], start: tuple[int, int], end: tuple[int, int], gap: int
) -> None:
    means = (
        0 < len(days) == len(set(days))
        and set(days) <= set(range(1, 8))
        and start[0] < 24
        and start[1] < 60
        and (end[0] < 24 or end == (24, 0))
        and end[1] < 60
        and start != end
        and 0 <= gap <= 86_400
    )
    window = {
        "timezone": "recipient", "days": days, "start": "{:02}:{:02}".format(*start), "end": "{:02}:{:02}".format(*end),
        "min_gap_seconds": gap,
    }  # fmt: skip
    assert ask(admin, "is_send_window(%s::jsonb)", window) is means


@pytest.mark.parametrize("window", [[], "always", 1, {}])
def test_what_is_no_window_is_refused_quietly(admin: psycopg.Connection, window: Any) -> None:
    assert ask(admin, "is_send_window(%s::jsonb)", window) is False


@SETTINGS
@given(
    st.dictionaries(
        st.sampled_from(["performance", "accessibility", "best_practices", "seo", "speed"]),
        st.one_of(st.none(), st.integers(-5, 105), st.booleans(), st.just("90")),
    )
)
def test_scores_are_whole_hundreds_or_unknown(admin: psycopg.Connection, scores: dict[str, Any]) -> None:
    fit = "speed" not in scores and all(
        value is None or (type(value) is int and 0 <= value <= 100) for value in scores.values()
    )
    assert ask(admin, "is_scores(%s::jsonb)", scores) is fit
