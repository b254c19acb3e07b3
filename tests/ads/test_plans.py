"""Budget plans: lines that add up, amounts that are amounts, periods that do not overlap."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.people import BRANDT, MARLOW, People, Person


def add_plan(admin: psycopg.Connection, **given: object) -> UUID:
    values = {"id": uuid4(), "client_id": BRANDT, "total_budget": 100, **given}
    admin.execute(
        f"INSERT INTO ads.budget_allocations ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )
    found = values["id"]
    assert isinstance(found, UUID)
    return found


def add_line(admin: psycopg.Connection, plan: UUID, target: str, amount: str) -> None:
    admin.execute(
        "INSERT INTO ads.budget_allocation_lines (client_id, allocation_id, target, amount) VALUES (%s, %s, %s, %s)",
        [BRANDT, plan, target, amount],
    )


@contextmanager
def acting(admin: psycopg.Connection, person: Person) -> Iterator[None]:
    with admin.transaction():
        admin.execute(
            "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', '*', true),"
            " set_config('role', 'authenticated', true)",
            [str(person.id)],
        )
        yield


def test_lines_add_up_at_the_end_of_the_transaction(admin: psycopg.Connection, people: People) -> None:
    assert people
    with admin.transaction():
        plan = add_plan(admin)
        add_line(admin, plan, "meta", "33.333333")
        add_line(admin, plan, "google", "33.333333")
        add_line(admin, plan, "reserve", "33.333334")
    with pytest.raises(
        psycopg.errors.CheckViolation, match=r"come to 99\.999999, its total is 100"
    ) as refused:
        admin.execute("UPDATE ads.budget_allocation_lines SET amount = 33.333333 WHERE target = 'reserve'")
    assert refused.value.diag.constraint_name == "ck_budget_allocation_lines_sum_is_total"
    for statement in (
        "DELETE FROM ads.budget_allocation_lines WHERE target = 'meta'",
        "UPDATE ads.budget_allocations SET total_budget = 99",
        "UPDATE ads.budget_allocations SET total_budget = NULL",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            admin.execute(statement)
    with admin.transaction():
        admin.execute("UPDATE ads.budget_allocations SET total_budget = 66.666667")
        admin.execute("DELETE FROM ads.budget_allocation_lines WHERE target = 'meta'")


def test_a_plan_without_lines_has_any_total(admin: psycopg.Connection, people: People) -> None:
    assert people
    with admin.transaction():
        plan = add_plan(admin)
        add_line(admin, plan, "meta", "100")
    admin.execute("DELETE FROM ads.budget_allocation_lines")
    admin.execute("UPDATE ads.budget_allocations SET total_budget = 7")
    with admin.transaction():
        add_line(admin, plan, "meta", "7")
    assert admin.execute("DELETE FROM ads.budget_allocations").rowcount == 1
    assert admin.execute("SELECT count(*) FROM ads.budget_allocation_lines").fetchone() == (0,)


def test_a_line_stays_in_its_plan(admin: psycopg.Connection, people: People) -> None:
    assert people
    with admin.transaction():
        first, second = add_plan(admin), add_plan(admin)
        add_line(admin, first, "meta", "100")
    with pytest.raises(psycopg.errors.CheckViolation, match="a line stays in its plan"):
        admin.execute("UPDATE ads.budget_allocation_lines SET allocation_id = %s", [second])


@pytest.mark.parametrize("shape", ['{"google": 5000, "meta": 3000}', "{}", '{"google": 0.01}'])
def test_amounts_by_platform_are_taken(admin: psycopg.Connection, people: People, shape: str) -> None:
    assert people
    add_plan(admin, allocations=shape)


@pytest.mark.parametrize(
    "shape",
    ["[]", "5", '"x"', '{"google": -1}', '{"google": "5000"}', '{"google": null}', '{"a": {"b": 1}}', '{"a": [1]}',
     '{"a": []}', '{"a": true}'],
)  # fmt: skip
def test_what_is_no_amount_by_platform_is_refused(
    admin: psycopg.Connection, people: People, shape: str
) -> None:
    assert people
    with pytest.raises(psycopg.errors.CheckViolation):
        add_plan(admin, allocations=shape)


def test_active_plans_of_a_scope_never_overlap(admin: psycopg.Connection, people: People) -> None:
    assert people
    november = {"period_start": "2026-11-01", "period_end": "2026-11-30", "status": "active"}
    add_plan(admin, **november)
    with pytest.raises(psycopg.errors.ExclusionViolation):
        add_plan(admin, **{**november, "period_start": "2026-11-30", "period_end": "2026-12-31"})
    add_plan(admin, **{**november, "period_start": "2026-12-01", "period_end": "2026-12-31"})
    add_plan(admin, **{**november, "scope": "all_but_search"})
    add_plan(admin, **{**november, "status": "draft"})
    add_plan(admin, **{**november, "client_id": MARLOW})
    with pytest.raises(psycopg.errors.ExclusionViolation):
        admin.execute("UPDATE ads.budget_allocations SET status = 'active' WHERE status = 'draft'")


def test_an_operator_plans_and_the_sum_still_holds(admin: psycopg.Connection, people: People) -> None:
    with acting(admin, people.alice):
        plan = add_plan(admin)
        add_line(admin, plan, "meta", "100")
    with pytest.raises(psycopg.errors.CheckViolation), acting(admin, people.alice):
        admin.execute("UPDATE ads.budget_allocation_lines SET amount = 1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting(admin, people.charlie):
        add_line(admin, plan, "google", "1")


def test_two_who_add_a_line_at_once_are_judged_one_after_the_other(
    admin: psycopg.Connection, database_url: str, people: People
) -> None:
    assert people
    plan = add_plan(admin)
    with psycopg.connect(database_url) as one, psycopg.connect(database_url) as other:
        for session, target in ((one, "meta"), (other, "google")):
            add_line(session, plan, target, "100")
        one.execute("SET CONSTRAINTS ALL IMMEDIATE")
        other.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SET CONSTRAINTS ALL IMMEDIATE")
        one.commit()
        other.rollback()
        add_line(other, plan, "google", "100")
        with pytest.raises(psycopg.errors.CheckViolation, match="come to 200, its total is 100"):
            other.commit()
