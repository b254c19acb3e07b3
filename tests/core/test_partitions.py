"""Monthly parts: made in time, settled when rows came first, dropped when their time has passed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.conftest import login_url

BRANDT = 1


def key_at(at: datetime) -> UUID:
    return UUID(
        int=(int(at.timestamp() * 1000) << 80)
        | (uuid4().int & 0x0FFF_3FFF_FFFF_FFFF_FFFF)
        | (7 << 76)
        | (1 << 63)
    )


@pytest.fixture
def keeper(database_url: str, template: str) -> Iterator[psycopg.Connection]:
    """The product's own rights: the worker's login as the service role."""
    with psycopg.connect(login_url(database_url, template, "worker"), autocommit=True) as connection:
        connection.execute("SET ROLE service_role")
        connection.execute("SET app.actor = 'tests'")
        yield connection


def all_of(connection: psycopg.Connection, statement: str, *values: object) -> list[tuple[object, ...]]:
    return connection.execute(statement, list(values)).fetchall()  # type: ignore[call-overload,no-any-return]


def add_log(admin: psycopg.Connection, at: str, message: str = "hello") -> None:
    admin.execute(
        "INSERT INTO core.observability_logs (created_at, level, logger, message) VALUES (%s, 'INFO', 't', %s)",
        [at, message],
    )


def add_record(admin: psycopg.Connection, at: datetime, metrics: int = 2, key: UUID | None = None) -> UUID:
    admin.execute(
        "INSERT INTO core.clients (id, name, slug) VALUES (1, 'Brandt', 'brandt') ON CONFLICT DO NOTHING"
    )
    snapshot, record = uuid4(), key or key_at(at)
    admin.execute(
        "INSERT INTO watch.api_snapshots (id, client_id, source_id, status, created_at, data_as_of)"
        " VALUES (%s, 1, (SELECT id FROM watch.api_sources WHERE endpoint = 'cvr'), 'completed', %s, %s)",
        [snapshot, at, at],
    )
    admin.execute(
        "INSERT INTO watch.api_records (id, client_id, snapshot_id, external_id) VALUES (%s, 1, %s, 'e')",
        [record, snapshot],
    )
    for number in range(metrics):
        admin.execute(
            "INSERT INTO watch.api_record_metrics (client_id, record_id, metric_name, metric_value) VALUES (1, %s, %s, 1)",
            [record, f"m{number}"],
        )
    return record


def home_of(admin: psycopg.Connection, table: str, key: str, value: object) -> str:
    row = admin.execute(f"SELECT tableoid::regclass::text FROM {table} WHERE {key} = %s", [value]).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return str(row[0])


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


def test_only_whole_months_past_retention_expire(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute(
        "UPDATE core.partition_plans SET retention_months = 2 WHERE table_name = 'core.observability_logs'"
    )
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 6)")

    def expired(now: str) -> list[str]:
        rows = all_of(
            keeper, "SELECT part FROM core.expired_partitions(%s) WHERE plan = 'core.observability_logs'", now
        )
        return [str(row[0])[-6:] for row in rows]

    assert expired("2024-03-31 23:59:59+00") == []
    assert expired("2024-04-01 00:00:00+00") == ["202401"]
    assert expired("2024-04-30 12:00:00+00") == ["202401"]
    assert expired("2024-05-01 00:00:00+00") == ["202401", "202402"]
    admin.execute("UPDATE core.partition_plans SET retention_months = NULL")
    assert all_of(keeper, "SELECT * FROM core.expired_partitions(now())") == []


def test_a_clock_that_runs_ahead_expires_nothing_early(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    parts = all_of(keeper, "SELECT part FROM core.expired_partitions('2099-01-01')")
    assert parts == all_of(keeper, "SELECT part FROM core.expired_partitions(now())")


def test_a_part_is_dropped_with_a_line_in_the_audit_log(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute(
        "UPDATE core.partition_plans SET retention_months = 2 WHERE table_name = 'core.observability_logs'"
    )
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    add_log(admin, "2024-01-15 00:00+00")
    assert all_of(keeper, "SELECT core.drop_partition('core.observability_logs_p202401')") == [(1,)]
    assert all_of(
        admin,
        "SELECT actor, subject_id, detail -> 'rows' FROM core.audit_log WHERE action = 'partition.drop'",
    ) == [("tests", "core.observability_logs_p202401", 1)]
    assert all_of(admin, "SELECT to_regclass('core.observability_logs_p202401')") == [(None,)]


@pytest.mark.parametrize(
    "part", ["core.observability_logs_default", "core.observability_logs", "core.users", "core.audit_log"]
)
def test_nothing_but_an_expired_part_can_be_dropped(keeper: psycopg.Connection, part: str) -> None:
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="may be dropped"):
        keeper.execute("SELECT core.drop_partition(%s::text::regclass, '2099-01-01')", [part])


def test_metrics_go_before_the_records_they_hang_on(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute("UPDATE core.partition_plans SET retention_months = 12 WHERE table_name LIKE 'watch.%%'")
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 2)")
    add_record(admin, datetime(2024, 1, 10, tzinfo=UTC))
    stays = add_record(admin, datetime(2026, 1, 10, tzinfo=UTC))
    parts = [
        str(row[0])
        for row in all_of(keeper, "SELECT part FROM core.expired_partitions() WHERE plan LIKE 'watch.%%'")
    ]
    assert parts == ["watch.api_record_metrics_p202401", "watch.api_record_metrics_p202402", "watch.api_records_p202401",
                     "watch.api_records_p202402"]  # fmt: skip
    with pytest.raises(psycopg.errors.ObjectInUse, match="hang on"):
        keeper.execute("SELECT core.drop_partition('watch.api_records_p202401')")
    assert [all_of(keeper, "SELECT core.drop_partition(%s::text::regclass)", part) for part in parts] == [
        [(2,)], [(0,)], [(1,)], [(0,)]
    ]  # fmt: skip
    assert all_of(admin, "SELECT id FROM watch.api_records") == [(stays,)]
    assert all_of(admin, "SELECT count(*) FROM watch.api_record_metrics") == [(2,)]


def test_records_are_kept_as_long_as_their_metrics(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute(
        "UPDATE core.partition_plans SET retention_months = 12 WHERE table_name = 'watch.api_records'"
    )
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    assert all_of(keeper, "SELECT part FROM core.expired_partitions() WHERE plan LIKE 'watch.%%'") == []


def test_metrics_in_the_default_part_hold_their_records(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute("UPDATE core.partition_plans SET retention_months = 12 WHERE table_name LIKE 'watch.%%'")
    admin.execute("SET ROLE owner_r")
    admin.execute("SELECT core.make_part(core.plan_of('watch.api_records'), '2024-01-01 00:00+00')")
    admin.execute("RESET ROLE")
    add_record(admin, datetime(2024, 1, 10, tzinfo=UTC))
    with pytest.raises(psycopg.errors.ObjectInUse, match="hang on"):
        keeper.execute("SELECT core.drop_partition('watch.api_records_p202401')")


def test_records_that_the_newest_reading_shows_are_not_dropped(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute("UPDATE core.partition_plans SET retention_months = 12 WHERE table_name LIKE 'watch.%%'")
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    add_record(admin, datetime(2024, 1, 10, tzinfo=UTC))
    admin.execute(
        "INSERT INTO watch.api_snapshots (client_id, source_id, status, same_as_snapshot_id, data_as_of, created_at)"
        " SELECT client_id, source_id, 'completed', id, '2026-10-01', '2026-10-01' FROM watch.api_snapshots"
    )
    keeper.execute("SELECT core.drop_partition('watch.api_record_metrics_p202401')")
    with pytest.raises(psycopg.errors.ObjectInUse, match="still shows"):
        keeper.execute("SELECT core.drop_partition('watch.api_records_p202401')")
    assert all_of(admin, "SELECT count(*) FROM watch.api_records") == [(1,)]


def test_the_function_before_a_drop_sees_the_part_and_may_refuse(
    admin: psycopg.Connection, keeper: psycopg.Connection
) -> None:
    admin.execute("CREATE TABLE core.kept (n bigint); ALTER TABLE core.kept OWNER TO owner_r")
    admin.execute("CREATE FUNCTION core.keep_count(_part regclass) RETURNS void LANGUAGE plpgsql AS $$"
                  " BEGIN EXECUTE format('INSERT INTO core.kept SELECT count(*) FROM %s', _part); END $$")  # fmt: skip
    admin.execute("UPDATE core.partition_plans SET retention_months = 2, before_drop = 'core.keep_count'"
                  " WHERE table_name = 'core.observability_logs'")  # fmt: skip
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    add_log(admin, "2024-01-15 00:00+00")
    keeper.execute("SELECT core.drop_partition('core.observability_logs_p202401')")
    assert all_of(admin, "SELECT n FROM core.kept") == [(1,)]
    admin.execute(
        "UPDATE core.partition_plans SET before_drop = 'core.nowhere' WHERE table_name = 'core.observability_logs'"
    )
    keeper.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
    with pytest.raises(psycopg.errors.UndefinedFunction, match=r"core\.nowhere"):
        keeper.execute("SELECT core.drop_partition('core.observability_logs_p202401')")
    admin.execute(
        "UPDATE core.partition_plans SET before_drop = NULL WHERE table_name = 'core.observability_logs'"
    )
    admin.execute("DROP FUNCTION core.keep_count; DROP TABLE core.kept")


@pytest.mark.parametrize(
    "role", ["authenticated", "anon", "authn_r", "worker_scoped", "log_writer", "inspector_r", "loader"]
)
def test_only_the_service_role_may_call_them(admin: psycopg.Connection, role: str) -> None:
    open_to = all_of(admin, "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proname IN ('list_partitions',"
        " 'expired_partitions', 'drop_partition', 'settle_default', 'make_ahead', 'ensure_partitions', 'check_partitions',"
        " 'preview_partitions', 'move_month', 'make_part', 'carry_rows', 'keep_current_records', 'call_before_drop',"
        " 'plan_partitions', 'protect_part') AND has_function_privilege(%s, p.oid, 'EXECUTE')", role)  # fmt: skip
    assert open_to == []
