"""Every table, view and column of the migrated database says what it holds."""

import psycopg

UNCOMMENTED = """
SELECT n.nspname AS schema, n.nspname || '.' || c.relname || coalesce('.' || a.attname, '') AS name
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT 0::smallint AS attnum, NULL::name AS attname
    UNION ALL SELECT attnum, attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
) a ON true
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND n.nspname <> 'jobs'
  AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
  AND coalesce(btrim(col_description(c.oid, a.attnum)), '') = ''
  AND (a.attnum > 0 OR coalesce(btrim(obj_description(c.oid, 'pg_class')), '') = '')
ORDER BY 1, 2
"""


def test_every_relation_and_column_has_a_comment(admin: psycopg.Connection):
    missing = [name for schema, name in admin.execute(UNCOMMENTED).fetchall()]
    assert missing == []


def test_comments_are_one_calm_sentence(admin: psycopg.Connection):
    rows = admin.execute(
        "SELECT n.nspname || '.' || c.relname, d.description FROM pg_description d"
        " JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('core', 'ads', 'agents', 'knowledge', 'inventory', 'support', 'outreach', 'watch', 'reports')"
    ).fetchall()
    assert len(rows) > 300
    assert [row for row in rows if not row[1].rstrip().endswith((".", "…")) or "\n" in row[1]] == []
