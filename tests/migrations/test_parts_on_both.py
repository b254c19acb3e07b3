"""What the database itself does for monthly parts, on both servers, whatever their zone."""

from datetime import UTC, datetime

from tests.migrations.scratch import Scratch, scratch

ADD = "INSERT INTO core.observability_logs (created_at, level, logger, message) VALUES (%s, 'INFO', 't', 'm')"


def test_the_hypertable_line_is_quiet(server: str, newest: Scratch) -> None:
    with scratch(server, newest) as place, place.connect() as connection:
        notices: list[str] = []
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        connection.execute("SET search_path = ads, core")
        connection.execute("SELECT create_hypertable('observability_logs', 'created_at')")
        assert notices == []


def test_months_are_made_settled_and_dropped(server: str, newest: Scratch) -> None:
    with scratch(server, newest) as place, place.connect() as connection:
        connection.execute("SET timezone = 'Asia/Kathmandu'")
        for at in ("2024-01-31 23:59:59+00", "2024-02-01 00:00:00+00", "2024-03-10 00:00:00+00"):
            connection.execute(ADD, [at])
        connection.execute("SET ROLE service_role")
        connection.execute("SELECT core.ensure_partitions('2024-02-01', 1)")
        settled = connection.execute(
            "SELECT part, moved FROM core.settle_default('core.observability_logs')"
        ).fetchall()
        assert settled == [("core.observability_logs_p202401", 1), ("core.observability_logs_p202403", 1)]
        bounds = connection.execute(
            "SELECT from_time, to_time FROM core.list_partitions() WHERE part = 'core.observability_logs_p202402'"
        ).fetchall()
        assert bounds == [(datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))]
        expired = connection.execute(
            "SELECT part FROM core.expired_partitions('2024-04-01 00:00+00') WHERE plan = 'core.observability_logs'"
        ).fetchall()
        assert expired == [("core.observability_logs_p202401",)]
        assert connection.execute(
            "SELECT core.drop_partition('core.observability_logs_p202401')"
        ).fetchone() == (1,)
        connection.execute("RESET ROLE")
        assert connection.execute("SELECT count(*) FROM core.observability_logs").fetchone() == (2,)


def test_what_must_be_kept_of_a_month_is_kept_before_it_goes(server: str, full: Scratch) -> None:
    """Every function that a plan names can be called on a part with rows, and on one without."""
    with scratch(server, full) as place, place.connect() as connection:
        plans = connection.execute(
            "SELECT table_name, before_drop FROM core.partition_plans WHERE before_drop IS NOT NULL"
        ).fetchall()
        assert ("watch.api_records", "watch.keep_current_records") in plans
        connection.execute("SELECT core.ensure_partitions('2024-01-01', 1)")
        connection.execute("SET ROLE owner_r")
        for table, _ in plans:
            for part in connection.execute(
                "SELECT x.part::text FROM core.parts_of(core.plan_of(%s::text::regclass)) x WHERE NOT x.is_default",
                [table],
            ).fetchall():
                connection.execute(
                    "SELECT core.call_before_drop(core.plan_of(%s::text::regclass), %s::text::regclass)",
                    [table, part[0]],
                )
