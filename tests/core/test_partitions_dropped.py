"""Monthly parts whose time has passed: which they are, what holds them, and who may drop them."""

from datetime import UTC, datetime

import psycopg
import pytest
from tests.core.months import add_log, add_record, all_of


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
