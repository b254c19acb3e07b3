"""Views, materialised views and listing functions: each role sees and changes through them what it may in the tables."""

import psycopg
import pytest
from psycopg import sql
from tests.isolation.catalogue import read_tables
from tests.isolation.conftest import Filled
from tests.isolation.rows import insert, uid
from tests.isolation.test_verbs import CALLERS, REFUSED, acting, name_table, reach
from tests.people import BRANDT, MARLOW

LISTINGS = (
    "outreach.list_reply_rates()",
    "outreach.list_meeting_booking_rates()",
    "outreach.list_campaign_revenue()",
)


def list_views(admin: psycopg.Connection, kind: str) -> list[str]:
    return [table.name for table in read_tables(admin) if table.kind == kind]


@pytest.fixture
def fresh(inside: psycopg.Connection) -> psycopg.Connection:
    """The key figures stand in materialised views, which are empty until they are refreshed."""
    for client in (BRANDT, MARLOW):
        inside.execute(*insert("outreach.lead_outcomes", client, "won"))
        won = uid("outreach.lead_outcomes", client, "won")
        inside.execute("UPDATE outreach.lead_outcomes SET kind = 'deal_won' WHERE id = %s", [won])
    for name in list_views(inside, "m"):
        inside.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(name_table(name)))
    return inside


@pytest.mark.parametrize("caller", [*CALLERS, "service"])
def test_a_view_shows_each_role_its_own_clients(
    fresh: psycopg.Connection, house: Filled, caller: str
) -> None:
    views = list_views(fresh, "v")
    assert len(views) >= 16
    seen: dict[str, set[int]] = {}
    for view in views:
        with acting(fresh, house, caller):
            seen[view] = reach(fresh, sql.SQL("SELECT client_id FROM {}").format(name_table(view)))
    if caller == "service":
        # The control: every view has rows of both clients to hide.
        assert {view for view, clients in seen.items() if not {BRANDT, MARLOW} <= clients} == set()
    else:
        allowed = set() if caller == "anon" else {BRANDT}
        assert all(clients <= allowed for clients in seen.values()), seen


@pytest.mark.parametrize("caller", CALLERS)
def test_a_view_changes_no_foreign_row(fresh: psycopg.Connection, house: Filled, caller: str) -> None:
    for view in list_views(fresh, "v"):
        name = name_table(view)
        for form in (
            sql.SQL("UPDATE {} SET client_id = client_id RETURNING client_id").format(name),
            sql.SQL("DELETE FROM {} RETURNING client_id").format(name),
            sql.SQL("UPDATE {} SET client_id = {} RETURNING client_id").format(name, MARLOW),
            sql.SQL("INSERT INTO {} SELECT * FROM {} WHERE client_id = {} RETURNING client_id").format(
                name, name, MARLOW
            ),
        ):
            with acting(fresh, house, caller):
                reached = reach(fresh, form)
            assert reached <= {BRANDT}, f"{caller} reached {reached} by {form.as_string(fresh)}"


@pytest.mark.parametrize("caller", CALLERS)
def test_a_materialised_view_is_closed_and_its_listing_scoped(
    fresh: psycopg.Connection, house: Filled, caller: str
) -> None:
    for view in list_views(fresh, "m"):
        with acting(fresh, house, caller), pytest.raises(psycopg.errors.InsufficientPrivilege):
            fresh.execute(sql.SQL("SELECT 1 FROM {}").format(name_table(view)))
        fresh.execute("RESET ROLE")
    for listing in LISTINGS:
        with acting(fresh, house, caller):
            reached = reach(fresh, f"SELECT client_id FROM {listing}")
        assert reached <= {BRANDT}, f"{caller} reached {reached} by {listing}"


@pytest.mark.parametrize("caller", [*CALLERS, "service"])
def test_a_part_is_closed_to_everybody(inside: psycopg.Connection, house: Filled, caller: str) -> None:
    parts = [table.name for table in read_tables(inside) if table.parent is not None]
    assert len(parts) > 20
    for part in parts:
        for form in ("SELECT 1 FROM {}", "DELETE FROM {}", "TRUNCATE {}"):
            with acting(inside, house, caller), pytest.raises(REFUSED), inside.transaction():
                inside.execute(sql.SQL(form).format(name_table(part)))
