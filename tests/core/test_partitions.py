"""Monthly parts: bound in UTC, made in time, settled when rows came first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.conftest import login_url
from tests.core.months import add_log, add_record, all_of, home_of, key_at


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati"])
def test_months_are_bound_in_utc_whatever_the_zone_of_the_session(
    admin: psycopg.Connection, keeper: psycopg.Connection, zone: str
) -> None:
    keeper.execute(f"SET timezone = '{zone}'")  # type: ignore[call-overload]
    keeper.execute("SELECT core.ensure_partitions('2024-02-01', 3)")
    keeper.execute("SET timezone = 'UTC'")
    found = all_of(
        keeper, "SELECT plan, from_time, to_time FROM core.list_partitions() WHERE from_time < '2025-01-01'"
    )
    for table in ("core.observability_logs", "watch.api_records", "watch.api_record_metrics"):
        bounds = [(a, b) for plan, a, b in found if plan == table]
        assert bounds == [
            (datetime(2024, m, 1, tzinfo=UTC), datetime(2024, m + 1, 1, tzinfo=UTC)) for m in (2, 3, 4)
        ]
    add_log(admin, "2024-02-29 23:59:59.999999+00", "last of February")
    add_log(admin, "2024-03-01 00:00:00+00", "first of March")
    assert (
        home_of(admin, "core.observability_logs", "message", "last of February")
        == "observability_logs_p202402"
    )
    assert (
        home_of(admin, "core.observability_logs", "message", "first of March") == "observability_logs_p202403"
    )


def test_making_parts_again_makes_nothing(keeper: psycopg.Connection) -> None:
    tables = len(all_of(keeper, "SELECT 1 FROM core.partition_plans"))
    assert all_of(keeper, "SELECT core.ensure_partitions('2024-02-10', 2)") == [(2 * tables,)]
    assert all_of(keeper, "SELECT core.ensure_partitions('2024-02-28', 2)") == [(0,)]


def test_callers_that_race_make_each_part_once(
    database_url: str, template: str, admin: psycopg.Connection
) -> None:
    add_log(admin, "2024-06-03 12:00+00")

    def make(_: int) -> int:
        with psycopg.connect(login_url(database_url, template, "worker")) as connection:
            connection.execute("SET ROLE service_role")
            row = connection.execute("SELECT core.ensure_partitions('2024-05-01', 4)").fetchone()
            assert row is not None
            return int(row[0])

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(make, range(6)))
    plans = all_of(admin, "SELECT 1 FROM core.partition_plans")
    assert sorted(made) == [0, 0, 0, 0, 0, 4 * len(plans)]
    assert home_of(admin, "core.observability_logs", "message", "hello") == "observability_logs_p202406"


WRONG_PLANS = {
    "no such column": ("t", "time", "happened_at", "parted by column created_at, not happened_at"),
    "no such kind": ("t", "week", "created_at", "no key of kind week"),
    "a time that is a uuid": ("u", "time", "id", "no key of kind time"),
    "a uuid that is a time": ("t", "uuid7", "created_at", "no key of kind uuid7"),
    "a list": ("l", "time", "created_at", "not parted by the range of one column"),
    "a plain table": ("plain", "time", "created_at", "not parted by the range of one column"),
}


@pytest.mark.parametrize("case", WRONG_PLANS)
def test_a_plan_that_does_not_fit_its_table_is_refused(admin: psycopg.Connection, case: str) -> None:
    table, kind, column, words = WRONG_PLANS[case]
    admin.execute("CREATE SCHEMA trial")
    admin.execute("CREATE TABLE trial.t (created_at timestamptz NOT NULL) PARTITION BY RANGE (created_at)")
    admin.execute("CREATE TABLE trial.u (id uuid NOT NULL) PARTITION BY RANGE (id)")
    admin.execute("CREATE TABLE trial.l (created_at timestamptz NOT NULL) PARTITION BY LIST (created_at)")
    admin.execute("CREATE TABLE trial.plain (created_at timestamptz NOT NULL)")
    with pytest.raises(psycopg.Error, match=words):
        admin.execute(
            "SELECT core.plan_partitions(%s::text::regclass, %s, %s)", [f"trial.{table}", kind, column]
        )
    assert all_of(admin, "SELECT 1 FROM core.partition_plans WHERE table_name LIKE 'trial%%'") == []
    admin.execute("DROP SCHEMA trial CASCADE")


def test_the_hypertable_line_is_quiet_and_right(admin: psycopg.Connection) -> None:
    notices: list[str] = []
    admin.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    for _ in range(2):
        found = all_of(
            admin,
            "SELECT schema_name, table_name, created FROM create_hypertable('observability_logs', 'created_at')",
        )
        assert found == [("core", "observability_logs", False)]
    assert notices == []
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="parted by column created_at, not level"):
        admin.execute("SELECT create_hypertable('observability_logs', 'level')")
    with pytest.raises(psycopg.errors.WrongObjectType, match="not parted by time"):
        admin.execute("SELECT create_hypertable('clients', 'created_at')")


def test_rows_that_came_before_their_part_move_into_it(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    for at in ("2023-01-15 10:00+00", "2023-01-31 23:59:59+00", "2023-03-01 00:00+00"):
        add_log(admin, at, at)
    assert all_of(keeper, "SELECT plan FROM core.check_partitions() WHERE default_rows") == [
        ("core.observability_logs",)
    ]
    moved = all_of(keeper, "SELECT part, moved FROM core.settle_default('core.observability_logs')")
    assert moved == [("core.observability_logs_p202301", 2), ("core.observability_logs_p202303", 1)]
    assert all_of(admin, "SELECT count(*) FROM core.observability_logs") == [(3,)]
    assert all_of(admin, "SELECT count(*) FROM core.observability_logs_default") == [(0,)]
    assert all_of(keeper, "SELECT part FROM core.settle_default('core.observability_logs')") == []
    assert all_of(keeper, "SELECT plan FROM core.check_partitions() WHERE default_rows") == []


def test_a_settled_part_is_like_one_made_ahead(admin: psycopg.Connection, keeper: psycopg.Connection) -> None:
    add_log(admin, "2023-01-15 10:00+00")
    keeper.execute("SELECT core.settle_default('core.observability_logs')")
    keeper.execute("SELECT core.ensure_partitions('2023-02-01', 1)")

    def shape(part: str) -> list[tuple[object, ...]]:
        return all_of(admin, "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner),"
            " (SELECT array_agg(polname::text ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid),"
            " (SELECT array_agg(contype || ':' || pg_get_constraintdef(oid) ORDER BY 1) FROM (SELECT oid, contype::text FROM"
            "  pg_constraint WHERE conrelid = c.oid AND contype <> 'n') k (oid, contype)),"
            " (SELECT count(*) FROM pg_index WHERE indrelid = c.oid), coalesce(relacl::text, '')"
            " FROM pg_class c WHERE oid = %s::text::regclass", part)  # fmt: skip

    assert shape("core.observability_logs_p202301") == shape("core.observability_logs_p202302")


def test_making_a_part_settles_the_rows_that_stand_in_its_way(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    early = add_record(admin, datetime(2023, 5, 20, tzinfo=UTC))
    random = add_record(
        admin, datetime(2023, 5, 21, tzinfo=UTC), key=UUID("f47ac10b-58cc-4372-a567-0e02b2c3d479")
    )
    assert home_of(admin, "watch.api_records", "id", early) == "api_records_default"
    keeper.execute("SELECT core.ensure_partitions('2023-05-01', 1)")
    assert home_of(admin, "watch.api_records", "id", early) == "api_records_p202305"
    assert home_of(admin, "watch.api_record_metrics", "record_id", early) == "api_record_metrics_p202305"
    assert home_of(admin, "watch.api_records", "id", random) == "api_records_default"
    assert all_of(admin, "SELECT count(*) FROM watch.api_record_metrics") == [(4,)]


def test_records_move_with_their_metrics_wherever_those_are(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    """The metrics' month stands already, the records' does not."""
    record = add_record(admin, datetime(2023, 7, 2, tzinfo=UTC), metrics=0)
    admin.execute("SET ROLE owner_r")
    admin.execute("SELECT core.make_part(core.plan_of('watch.api_record_metrics'), '2023-07-01 00:00+00')")
    admin.execute("RESET ROLE")
    admin.execute(
        "INSERT INTO watch.api_record_metrics (client_id, record_id, metric_name, metric_value) VALUES (1, %s, 'm', 1)",
        [record],
    )
    assert all_of(keeper, "SELECT part, moved FROM core.settle_default('watch.api_records')") == [
        ("watch.api_records_p202307", 1)
    ]
    assert home_of(admin, "watch.api_record_metrics", "record_id", record) == "api_record_metrics_p202307"
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        admin.execute("INSERT INTO watch.api_record_metrics (client_id, record_id, metric_name, metric_value) VALUES (1, %s, 'm', 1)",
                      [key_at(datetime(2023, 7, 3, tzinfo=UTC))])  # fmt: skip


def test_random_keys_and_wild_times_stay_where_they_are_without_alarm(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    add_record(admin, datetime(2026, 1, 1, tzinfo=UTC), key=uuid4())
    for at in ("1969-07-20 20:17+00", "9999-12-31 00:00+00", "infinity", "-infinity"):
        add_log(admin, at)
    assert all_of(keeper, "SELECT plan FROM core.check_partitions() WHERE default_rows") == []
    for table in ("core.observability_logs", "watch.api_records"):
        assert all_of(keeper, "SELECT * FROM core.settle_default(%s::text::regclass)", table) == []
    assert all_of(admin, "SELECT count(*) FROM core.observability_logs_default") == [(4,)]


def test_triggers_of_the_rows_do_not_fire_when_they_move(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    add_log(admin, "2023-01-15 10:00+00")
    admin.execute(
        "CREATE FUNCTION core.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
    )
    admin.execute(
        "CREATE TRIGGER refuse BEFORE INSERT OR DELETE ON core.observability_logs FOR EACH ROW EXECUTE FUNCTION core.refuse()"
    )
    assert all_of(keeper, "SELECT moved FROM core.settle_default('core.observability_logs')") == [(1,)]
    with pytest.raises(psycopg.errors.RaiseException):
        admin.execute("DELETE FROM core.observability_logs")
    with pytest.raises(psycopg.errors.RaiseException):
        add_log(admin, "1999-01-01 00:00+00")
    admin.execute("DROP FUNCTION core.refuse CASCADE")


def test_an_error_in_the_midst_of_settling_leaves_everything_as_it_was(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    add_log(admin, "2023-01-15 10:00+00")
    add_log(admin, "2023-02-15 10:00+00")
    admin.execute("CREATE TABLE core.observability_logs_p202302 (in_the_way int)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        keeper.execute("SELECT core.settle_default('core.observability_logs')")
    assert all_of(admin, "SELECT count(*) FROM core.observability_logs_default") == [(2,)]
    assert all_of(admin, "SELECT to_regclass('core.observability_logs_p202301')") == [(None,)]
    admin.execute("DROP TABLE core.observability_logs_p202302")
