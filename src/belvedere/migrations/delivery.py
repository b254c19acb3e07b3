"""The way back from revision 0015."""

from collections.abc import Iterator

from belvedere.migrations.watch import past_policies

OLD_UNIQUE = "uq_deliveries_client_id_subject_type_subject_id_kind_ch_c4b7"

NOTHING_TOLD_AGAIN = """
DO $$
DECLARE
    _lost bigint := (SELECT count(*) FROM core.deliveries WHERE round > 0);
BEGIN
    IF _lost > 0 THEN
        RAISE EXCEPTION 'core.deliveries: % rows tell a thing again, which the older schema cannot hold', _lost;
    END IF;
END
$$
"""


def undo() -> Iterator[str]:
    yield from past_policies("core.deliveries", NOTHING_TOLD_AGAIN)
    yield "DROP INDEX core.ix_deliveries_told_with"
    yield "DROP INDEX core.ix_deliveries_ends"
    yield "DROP INDEX core.ix_deliveries_line"
    yield "ALTER TABLE core.delivery_members DROP CONSTRAINT pk_delivery_members"
    yield "ALTER TABLE core.deliveries DROP CONSTRAINT uq_deliveries_told_once"
    for table in ("deliveries", "delivery_members"):
        yield f"ALTER TABLE core.{table} DROP COLUMN round"
    yield (
        f"ALTER TABLE core.deliveries ADD CONSTRAINT {OLD_UNIQUE}"
        " UNIQUE (client_id, subject_type, subject_id, kind, channel, destination)"
    )
    yield (
        "ALTER TABLE core.delivery_members ADD CONSTRAINT pk_delivery_members"
        " PRIMARY KEY (client_id, subject_type, subject_id, kind, channel, destination)"
    )
