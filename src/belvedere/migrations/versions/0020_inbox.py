"""The inbox: what its views filter, search and count by stands in an index; steps keep their order, news their count"""

import sqlalchemy as sa
from alembic import op

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import MY_WRITE_CLIENTS, policy

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_watchtower_alerts_open", "watchtower_alerts"
RESTING = "ix_watchtower_alerts_resting"
WAITING = "ix_watchtower_alerts_waiting"
OWN = "ix_alerts_client_id_severity_created_at"
WORDS = {"open": "ix_watchtower_alerts_open_words", "resolved": "ix_watchtower_alerts_resolved_words"}
NEWEST = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
BEFORE = ["severity", "is_acknowledged", "source_id"]
FUNCTION = "watch.find_alerts(tsquery, text, integer)"
WRITES = f"client_id = {MY_WRITE_CLIENTS}"
ROLES = "authenticated, worker_scoped, service_role"
TEXT = "title || ' ' || coalesce(entity_name, '') || ' ' || coalesce(external_id, '')"
JOINED = "-_./@:&<>~?=#+"
"""Marks that the parser may keep within a word; all others part words anyway."""
EACH = "count(*) AS n"
WITH_OTHERS = (
    "sum(1 + CASE jsonb_typeof(data -> 'others') WHEN 'array' THEN jsonb_array_length(data -> 'others') ELSE 0 END) AS n"
)
"""One event may tell of several things."""
STEPS_ARE = "The life of an alert, step by step{}."


def upgrade() -> None:
    replace([*BEFORE, "rule_id", "snoozed_until"])
    op.create_index(
        RESTING,
        TABLE,
        ["client_id", *NEWEST],
        schema="watch",
        postgresql_where=sa.text("state = 'open' AND snoozed_until IS NOT NULL"),
    )
    op.create_index(
        WAITING,
        TABLE,
        ["client_id", "severity", *NEWEST],
        schema="watch",
        postgresql_where=sa.text("state = 'open' AND NOT is_acknowledged AND snoozed_until IS NULL"),
    )
    op.create_index(OWN, "alerts", ["client_id", "severity", *NEWEST], schema="ads")
    for state, name in WORDS.items():
        run(f"CREATE INDEX {name} ON watch.{TABLE} USING gin ({words_of(TEXT)}) WHERE state = '{state}'")
    add_search()
    tell_news(WITH_OTHERS)
    run(f"COMMENT ON TABLE watch.alert_events IS '{STEPS_ARE.format('; an opening that tells nobody has no row')}'")
    run("ALTER TABLE watch.alert_events ADD COLUMN step bigint GENERATED ALWAYS AS IDENTITY")
    limit_silences(f"{WRITES} AND (client_id <> 0 OR (SELECT app.governs()))")
    op.execute(
        "COMMENT ON COLUMN watch.alert_events.step IS 'Order of the steps, counted up; of the same instant too.'"
    )


def downgrade() -> None:
    limit_silences(WRITES)
    tell_news(EACH)
    run(f"COMMENT ON TABLE watch.alert_events IS '{STEPS_ARE.format('')}'")
    op.drop_column("alert_events", "step", schema="watch")
    op.execute(f"DROP FUNCTION {FUNCTION}")
    op.drop_index(OWN, "alerts", schema="ads")
    for name in (*WORDS.values(), WAITING, RESTING):
        op.drop_index(name, TABLE, schema="watch")
    replace(BEFORE)


def tell_news(counted: str) -> None:
    name = "FUNCTION core.notify_events()"
    body = read_sql("0001_functions.sql").partition(name)[2].partition("\n$$;")[0]
    run(f"CREATE OR REPLACE {name}{body.replace(EACH, counted)}\n$$")


def limit_silences(check: str) -> None:
    """A silence of client 0 is one of every client, so only people who reach them all may write it."""
    for verb in ("INSERT", "UPDATE"):
        op.execute(f"DROP POLICY person_{verb.lower()} ON watch.silences")
        op.execute(policy("watch.silences", "person", verb, "authenticated", check))


def words_of(text: str) -> str:
    for mark in JOINED:
        text = f"replace({text}, '{mark}', ' ')"
    return f"to_tsvector('simple', {text})"


def add_search() -> None:
    """Row policies keep a search from its index, so a function that looks past them asks it, for clients in reach."""
    run(read_sql("0020_inbox.sql").replace("{words}", words_of(TEXT)))
    op.execute("GRANT CREATE ON SCHEMA watch TO authz_r")
    op.execute(f"ALTER FUNCTION {FUNCTION} OWNER TO authz_r")
    op.execute("REVOKE CREATE ON SCHEMA watch FROM authz_r")
    op.execute(f"REVOKE ALL ON FUNCTION {FUNCTION} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO {ROLES}")


def run(statement: str) -> None:
    """As it is written: marks of the words would be read as places of values."""
    op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def replace(beside: list[str]) -> None:
    op.drop_index(NAME, TABLE, schema="watch")
    op.create_index(
        NAME,
        TABLE,
        ["client_id", *NEWEST],
        schema="watch",
        postgresql_include=beside,
        postgresql_where=sa.text("state = 'open'"),
    )
