"""What revision 0010 adds: the functions that list, settle and drop monthly parts, and who may call them."""

from collections.abc import Iterator

from belvedere.migrations.ground import function_of, read_sql
from belvedere.migrations.policies import policy

FOR_SERVICE = (
    "core.list_partitions(timestamptz)",
    "core.check_partitions(timestamptz)",
    "core.preview_partitions(timestamptz)",
    "core.expired_partitions(timestamptz)",
    "core.make_ahead(regclass, timestamptz, integer)",
    "core.settle_default(regclass, timestamptz, integer)",
    "core.drop_partition(regclass, timestamptz)",
)
PRIVATE = (
    "core.plan_of(regclass)",
    "core.parts_of(core.partition_plans)",
    "core.plans_below(core.partition_plans)",
    "core.plans_in_order()",
    "core.key_between(core.partition_plans, timestamptz, timestamptz)",
    "core.key_misplaced(core.partition_plans, timestamptz)",
    "core.holds_misplaced(core.partition_plans, regclass, timestamptz)",
    "core.misplaced_months(core.partition_plans, timestamptz)",
    "core.missing_months(core.partition_plans, timestamptz)",
    "core.default_of(core.partition_plans)",
    "core.part_of_month(core.partition_plans, timestamptz)",
    "core.columns_of(regclass)",
    "core.carry_rows(regclass, regclass, text)",
    "core.fill_part(regclass, regclass)",
    "core.move_month(core.partition_plans, timestamptz)",
    "core.make_part(core.partition_plans, timestamptz)",
    "core.call_before_drop(core.partition_plans, regclass)",
    "watch.keep_current_records(regclass)",
)
PURE = (
    "core.key_time(text, text)",
    "core.months_before(timestamptz, integer)",
    "core.month_of(timestamptz)",
)
READ_BY_GUARD = ("watch.api_snapshots", "watch.api_records")
OPEN_PARTS = """
DO $$
DECLARE
    _part regclass;
BEGIN
    FOR _part IN SELECT x.part FROM core.partition_plans p CROSS JOIN LATERAL core.parts_of(p) x LOOP
        EXECUTE format('CREATE POLICY keeper ON %s FOR ALL TO owner_r USING (true) WITH CHECK (true)', _part);
    END LOOP;
END
$$
"""
CLOSE_PARTS = """
DO $$
DECLARE
    _part regclass;
BEGIN
    FOR _part IN SELECT polrelid FROM pg_policy WHERE polname = 'keeper' LOOP
        EXECUTE format('DROP POLICY keeper ON %s', _part);
    END LOOP;
END
$$
"""


def statements() -> Iterator[str]:
    yield read_sql("0010_retention.sql")
    yield OPEN_PARTS
    for function in (*FOR_SERVICE, *PRIVATE):
        yield f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"
    for function in FOR_SERVICE:
        yield f"GRANT EXECUTE ON FUNCTION {function} TO service_role"
    for table in READ_BY_GUARD:
        yield policy(table, "authz", "SELECT", "authz_r", "true")
        yield f"GRANT SELECT ON {table} TO authz_r"
    yield "GRANT CREATE ON SCHEMA watch TO authz_r"
    yield "ALTER FUNCTION watch.keep_current_records(regclass) OWNER TO authz_r"
    yield "REVOKE CREATE ON SCHEMA watch FROM authz_r"
    yield guard_records("'watch.keep_current_records'")


def guard_records(function: str) -> str:
    return f"UPDATE core.partition_plans SET before_drop = {function} WHERE table_name = 'watch.api_records'"


def undo() -> Iterator[str]:
    yield guard_records("NULL")
    yield CLOSE_PARTS
    for table in READ_BY_GUARD:
        yield f"DROP POLICY authz_select ON {table}"
        yield f"REVOKE SELECT ON {table} FROM authz_r"
    for name in ("ensure_partitions", "protect_part"):
        yield function_of("0002_ground.sql", name)
    for function in (*FOR_SERVICE, *PRIVATE, *PURE):
        yield f"DROP FUNCTION {function}"
