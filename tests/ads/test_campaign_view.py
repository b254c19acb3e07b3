"""ads_campaigns: the campaigns in whole cents and dates, written through."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from tests.people import BRANDT, People

NEW = (
    "INSERT INTO ads.ads_campaigns (campaign_id, platform, campaign_name, start_date) VALUES ('c-1', 'meta', 'Spring',"
    " '2026-03-01') RETURNING *"
)


@pytest.fixture
def house(admin: psycopg.Connection, people: People) -> psycopg.Connection:
    """As a job of the service, the way the product writes."""
    assert people
    admin.execute("SET search_path = ads, core")
    admin.execute("SET ROLE service_role")
    return admin


def columns_of(connection: psycopg.Connection) -> list[tuple[str, ...]]:
    return connection.execute(
        "SELECT column_name, data_type, column_default FROM information_schema.columns"
        " WHERE table_schema = 'ads' AND table_name = 'ads_campaigns' ORDER BY ordinal_position"
    ).fetchall()


def test_its_columns_are_those_of_the_second_specification(admin: psycopg.Connection) -> None:
    assert columns_of(admin)[:15] == [
        ("id", "uuid", "gen_random_uuid()"),
        ("campaign_id", "text", None),
        ("platform", "text", None),
        ("campaign_name", "text", None),
        ("status", "text", "'active'::text"),
        ("budget_cents", "bigint", "0"),
        ("target_roas", "numeric", None),
        ("start_date", "date", None),
        ("end_date", "date", None),
        ("utm_source", "text", None),
        ("utm_medium", "text", None),
        ("utm_campaign", "text", None),
        ("created_at", "timestamp with time zone", "now()"),
        ("updated_at", "timestamp with time zone", "now()"),
        ("metadata", "jsonb", "'{}'::jsonb"),
    ]


def test_an_insert_gets_the_defaults_and_lands_in_campaigns(house: psycopg.Connection) -> None:
    row = house.execute(NEW).fetchone()
    assert row is not None
    assert row[4:9] == ("active", 0, None, date(2026, 3, 1), None)
    assert row[14:] == ({}, 0, "USD")
    stored = house.execute("SELECT id, name, status, client_id, budget_amount FROM campaigns").fetchone()
    assert stored == (row[0], "Spring", "active", 0, Decimal(0))


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "1234.56"), ("JPY", "123456"), ("KWD", "123.456")])
def test_cents_follow_the_digits_of_the_currency(
    house: psycopg.Connection, currency: str, amount: str
) -> None:
    house.execute(
        "INSERT INTO ads_campaigns (campaign_id, platform, campaign_name, start_date, budget_cents, currency, client_id)"
        " VALUES ('c', 'google', 'Brand', '2026-01-01', 123456, %s, 1)",
        [currency],
    )
    assert house.execute("SELECT budget_amount FROM campaigns").fetchall() == [(Decimal(amount),)]
    assert house.execute("SELECT budget_cents, client_id FROM ads_campaigns").fetchall() == [(123456, BRANDT)]
    house.execute("UPDATE ads_campaigns SET budget_cents = 9223372036854775807")
    assert house.execute("SELECT budget_cents FROM ads_campaigns").fetchone() == (9223372036854775807,)


def test_the_currency_of_the_client_is_taken_when_none_is_named(house: psycopg.Connection) -> None:
    house.execute(
        "INSERT INTO ads_campaigns (campaign_id, platform, campaign_name, start_date, client_id)"
        " VALUES ('c', 'google', 'Brand', '2026-01-01', 1)"
    )
    assert house.execute("SELECT currency FROM campaigns").fetchone() == ("EUR",)


@pytest.mark.parametrize(
    ("column", "value"), [("platform", "bing"), ("platform", "Meta"), ("status", "removed"), ("status", "")]
)
def test_a_word_outside_a_check_is_refused_by_its_name(
    house: psycopg.Connection, column: str, value: str
) -> None:
    house.execute(NEW)
    before = house.execute("SELECT * FROM campaigns").fetchall()
    other, good = ("status", "active") if column == "platform" else ("platform", "meta")
    add = (
        f"INSERT INTO ads_campaigns (campaign_id, campaign_name, start_date, {other}, {column})"
        f" VALUES ('c-2', 'n', '2026-01-01', '{good}', %s)"
    )
    for statement in (f"UPDATE ads_campaigns SET {column} = %s", add):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            house.execute(statement, [value])
        assert refused.value.diag.column_name == column
    assert house.execute("SELECT * FROM campaigns").fetchall() == before


@pytest.mark.parametrize(
    "column",
    ["id", "campaign_id", "platform", "campaign_name", "status", "budget_cents", "start_date", "created_at"],
)
def test_what_must_not_be_missing_is_named(house: psycopg.Connection, column: str) -> None:
    house.execute(NEW)
    with pytest.raises(psycopg.errors.NotNullViolation) as refused:
        house.execute(f"UPDATE ads_campaigns SET {column} = NULL")
    assert refused.value.diag.column_name == column


def test_an_insert_without_its_date_is_refused(house: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation):
        house.execute(
            "INSERT INTO ads_campaigns (campaign_id, platform, campaign_name) VALUES ('c', 'meta', 'n')"
        )


def test_a_campaign_of_the_same_name_at_its_platform_is_refused(house: psycopg.Connection) -> None:
    house.execute(NEW)
    with pytest.raises(psycopg.errors.UniqueViolation):
        house.execute(NEW)


def test_unknown_is_never_active_and_removed_is_archived(house: psycopg.Connection) -> None:
    for number, status in enumerate(["active", "paused", "draft", "archived", "removed", "unknown", None]):
        house.execute(
            "INSERT INTO campaigns (platform, platform_campaign_id, status) VALUES ('meta', %s, %s)",
            [number, status],
        )
    shown = house.execute("SELECT status FROM ads_campaigns ORDER BY campaign_id").fetchall()
    assert [row[0] for row in shown] == [
        "active", "paused", "draft", "archived", "archived", "paused", "paused",
    ]  # fmt: skip


def test_a_change_keeps_what_the_view_cannot_show(house: psycopg.Connection) -> None:
    house.execute(
        "INSERT INTO campaigns (platform, platform_campaign_id, status, start_date, budget_amount)"
        " VALUES ('meta', '1', 'removed', '2026-01-01 13:30+00', 10.005)"
    )
    house.execute("UPDATE ads_campaigns SET utm_source = 'ig', target_roas = 2.5")
    row = house.execute(
        "SELECT status, name, start_date = '2026-01-01 13:30+00', budget_amount, utm_source, target_roas FROM campaigns"
    ).fetchone()
    assert row == ("removed", None, True, Decimal("10.005"), "ig", Decimal("2.5"))


def test_days_are_those_of_the_account(house: psycopg.Connection) -> None:
    account = uuid4()
    house.execute(
        "INSERT INTO ad_accounts (id, platform, external_id, currency, timezone)"
        " VALUES (%s, 'meta', 'a', 'JPY', 'Asia/Tokyo')",
        [account],
    )
    house.execute(
        "INSERT INTO campaigns (ad_account_id, platform, platform_campaign_id, start_date)"
        " VALUES (%s, 'meta', '1', '2025-12-31 15:00+00')",
        [account],
    )
    assert house.execute("SELECT start_date, currency FROM ads_campaigns").fetchone() == (
        date(2026, 1, 1),
        "JPY",
    )
    house.execute("UPDATE ads_campaigns SET start_date = '2026-02-01'")
    found = house.execute("SELECT start_date = '2026-01-31 15:00+00' FROM campaigns").fetchone()
    assert found == (True,)


def test_updated_at_moves_with_a_change(house: psycopg.Connection) -> None:
    house.execute(NEW)
    house.execute("UPDATE campaigns SET updated_at = '2020-01-01'")
    house.execute("UPDATE ads_campaigns SET updated_at = '2020-01-01', campaign_name = 'Summer'")
    found = house.execute("SELECT campaign_name, updated_at > '2025-01-01' FROM ads_campaigns").fetchone()
    assert found == ("Summer", True)


def test_a_campaign_goes_until_it_has_figures(house: psycopg.Connection) -> None:
    house.execute(NEW)
    house.execute(
        "INSERT INTO ads_daily_metrics (campaign_id, metric_date) SELECT id, '2026-03-01' FROM campaigns"
    )
    for table in ("ads_campaigns", "campaigns"):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            house.execute(f"DELETE FROM {table}")
    house.execute("DELETE FROM ads_daily_metrics")
    assert house.execute("DELETE FROM ads_campaigns").rowcount == 1
    assert house.execute("SELECT count(*) FROM campaigns").fetchone() == (0,)


def test_people_read_their_campaigns_and_write_none(admin: psycopg.Connection, people: People) -> None:
    admin.execute(
        "INSERT INTO ads.campaigns (client_id, platform, platform_campaign_id) VALUES (1, 'meta', 'a'), (2, 'meta', 'b')"
    )
    with admin.transaction():
        admin.execute(
            "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', '*', true),"
            " set_config('role', 'authenticated', true)",
            [str(people.alice.id)],
        )
        assert admin.execute("SELECT campaign_id FROM ads.ads_campaigns").fetchall() == [("a",)]
        for statement in (
            NEW,
            "UPDATE ads.ads_campaigns SET status = 'paused'",
            "DELETE FROM ads.ads_campaigns",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), admin.transaction():
                admin.execute(statement)


def test_a_job_of_one_client_cannot_move_a_campaign_to_another(
    admin: psycopg.Connection, people: People
) -> None:
    assert people
    admin.execute(
        "INSERT INTO ads.campaigns (client_id, platform, platform_campaign_id) VALUES (1, 'meta', 'a')"
    )
    with admin.transaction():
        admin.execute(
            "SELECT set_config('app.client_id', '1', true), set_config('role', 'worker_scoped', true)"
        )
        assert admin.execute("UPDATE ads.ads_campaigns SET status = 'paused'").rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege), admin.transaction():
            admin.execute("UPDATE ads.ads_campaigns SET client_id = 2")


@pytest.mark.parametrize(
    ("currency", "most", "more"),
    [
        ("USD", "92233720368547758.07", "92233720368547758.08"),
        ("JPY", "9223372036854775807", "9223372036854775808"),
        ("CLF", "922337203685477.5807", "922337203685477.5808"),
    ],
)
def test_no_budget_is_too_large_for_the_cents_of_the_view(
    house: psycopg.Connection, currency: str, most: str, more: str
) -> None:
    house.execute(NEW)
    house.execute("UPDATE campaigns SET currency = %s, budget_amount = %s", [currency, most])
    assert house.execute("SELECT budget_cents FROM ads_campaigns").fetchone() == (9223372036854775807,)
    with pytest.raises(psycopg.errors.CheckViolation, match="budget_fits_cents"):
        house.execute("UPDATE campaigns SET budget_amount = %s", [more])
