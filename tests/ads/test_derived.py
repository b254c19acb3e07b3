"""Generated columns against a slow, exact calculation, over the whole range of what they are made from."""

from decimal import Decimal, localcontext
from fractions import Fraction

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.isolation.rows import fill, uid
from tests.people import BRANDT, People

BIG = 2**63 - 1
COUNTS = st.one_of(st.integers(0, 200), st.integers(0, BIG))
MAYBE_COUNTS = st.one_of(st.none(), COUNTS, st.integers(-(2**63), BIG))
CENTS = st.one_of(st.integers(-500, 500), st.integers(-(2**63), BIG))
MONEY = st.one_of(
    st.none(), st.integers(-(10**8), 10**8).map(lambda n: Decimal(n).scaleb(-2)),
    st.integers(-(10**26) + 1, 10**26 - 1).map(lambda n: Decimal(n).scaleb(-6)),
)  # fmt: skip
FRACTIONS = st.one_of(
    st.integers(0, 10**9), st.integers(-(10**18) + 1, 10**18 - 1), st.sampled_from([0, 1])
).map(lambda n: Decimal(n).scaleb(-6))
ROWS = 40

EASY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def ready(admin: psycopg.Connection, people: People) -> psycopg.Connection:
    fill(admin, (BRANDT,))
    return admin


def part(top: Decimal | int | None, bottom: Decimal | int | None, places: int = 6) -> Decimal | None:
    """The quotient, halves away from zero; None when a side is missing or the lower one is zero."""
    if top is None or bottom is None or bottom == 0:
        return None
    exact = Fraction(top) / Fraction(bottom) * 10**places
    whole = int(abs(exact) + Fraction(1, 2))
    with localcontext() as context:
        context.prec = 100
        return (Decimal(whole) if exact >= 0 else -Decimal(whole)).scaleb(-places)


def cents(top: int, bottom: Decimal | int) -> int | None:
    found = part(top, bottom, 0)
    return None if found is None or abs(found) > BIG else int(found)


def scaled(value: Decimal | None, by: int) -> Decimal | None:
    with localcontext() as context:
        context.prec = 100
        return None if value is None else value * by


def less(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    with localcontext() as context:
        context.prec = 100
        return None if left is None or right is None else left - right


Increment = tuple[int | None, int | None, Decimal | None, Decimal | None, Decimal | None]
INCREMENTS = st.tuples(MAYBE_COUNTS, MAYBE_COUNTS, MONEY, st.one_of(st.none(), FRACTIONS), MONEY)


@EASY
@given(rows=st.lists(INCREMENTS, min_size=ROWS, max_size=ROWS))
@example(rows=[(None, None, None, None, None), (0, 0, Decimal(0), Decimal(0), Decimal(0))])
@example(rows=[(1, 1, Decimal("0.000001"), Decimal(0), Decimal(10**20 - 1))])
@example(
    rows=[
        (
            BIG,
            BIG,
            Decimal("99999999999999999999.999999"),
            Decimal(0),
            Decimal("-99999999999999999999.999999"),
        )
    ]
)
def test_increments_carry_exact_ratios(ready: psycopg.Connection, rows: list[Increment]) -> None:
    ready.execute("TRUNCATE ads.campaign_metrics")
    with ready.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ads.campaign_metrics (client_id, campaign_id, time, impressions, clicks, spend, conversions,"
            " revenue) VALUES (%s, %s, timestamptz '2001-01-01' + make_interval(secs => %s), %s, %s, %s, %s, %s)",
            [(BRANDT, uid("ads.campaigns", BRANDT), number, *row) for number, row in enumerate(rows)],
        )
    found = ready.execute(
        "SELECT cpc, cpm, ctr, roas, roi FROM ads.campaign_metrics ORDER BY time"
    ).fetchall()
    assert found == [
        (part(spend, clicks), part(scaled(spend, 1000), impressions), part(clicks, impressions),
         part(revenue, spend), part(less(revenue, spend), spend))
        for impressions, clicks, spend, _, revenue in rows
    ]  # fmt: skip


Day = tuple[int, int, int, Decimal, int]
DAYS = st.tuples(CENTS, COUNTS, COUNTS, FRACTIONS, CENTS)


@EASY
@given(rows=st.lists(DAYS, min_size=ROWS, max_size=ROWS))
@example(
    rows=[
        (0, 0, 0, Decimal(0), 0),
        (1, 0, 2, Decimal("0.000001"), -1),
        (BIG, 1, 1, Decimal("0.000001"), -BIG),
    ]
)
@example(
    rows=[
        (4611686018427387903, 1, BIG, Decimal(1), 1),
        (-(2**63), 1, 1, Decimal(1), 3),
        (3, 1, 2, Decimal(2), 1),
    ]
)
def test_days_carry_exact_ratios_and_whole_cents(ready: psycopg.Connection, rows: list[Day]) -> None:
    ready.execute("TRUNCATE ads.ads_daily_metrics")
    with ready.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ads.ads_daily_metrics (client_id, campaign_id, metric_date, spend_cents, impressions, clicks,"
            " conversions, revenue_cents) VALUES (%s, %s, date '2001-01-01' + %s::integer, %s, %s, %s, %s, %s)",
            [(BRANDT, uid("ads.campaigns", BRANDT), number, *row) for number, row in enumerate(rows)],
        )
    found = ready.execute(
        "SELECT cpc_cents, cpa_cents, cpc_exact_cents, cpa_exact_cents, roas, ctr, conversion_rate"
        " FROM ads.ads_daily_metrics ORDER BY metric_date"
    ).fetchall()
    assert found == [
        (cents(spend, clicks), cents(spend, conversions), part(spend, clicks), part(spend, conversions),
         part(revenue, spend), part(clicks, impressions), part(conversions, clicks))
        for spend, impressions, clicks, conversions, revenue in rows
    ]  # fmt: skip


def test_nobody_writes_a_derived_column(ready: psycopg.Connection) -> None:
    for table, column in (("campaign_metrics", "roas"), ("ads_daily_metrics", "cpc_cents")):
        with pytest.raises(psycopg.errors.GeneratedAlways):
            ready.execute(f"UPDATE ads.{table} SET {column} = 1")
