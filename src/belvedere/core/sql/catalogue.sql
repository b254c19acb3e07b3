-- The relations of the named schemas as JSON, one row each: what PostgreSQL itself says, for the role that asks.
-- Schemas, names (NULL for all) and whole (false leaves out keys, indexes, triggers and policies) choose.
WITH wanted AS (
    SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, n.nspname, c.relowner
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      AND n.nspname = ANY (CAST(:schemas AS name[]))
      AND (CAST(:names AS name[]) IS NULL OR c.relname = ANY (CAST(:names AS name[])))
),
leaves AS (
    SELECT w.oid AS parent, t.relid AS leaf
    FROM wanted w CROSS JOIN LATERAL pg_catalog.pg_partition_tree(w.oid) t
    WHERE w.relkind = 'p' AND t.isleaf
    UNION ALL
    SELECT oid, oid FROM wanted WHERE relkind IN ('r', 'm')
),
sizes AS (
    SELECT l.parent, count(*) AS parts, sum(pg_catalog.pg_total_relation_size(l.leaf::regclass)) AS bytes,
        CASE WHEN sum(pg_catalog.pg_relation_size(l.leaf::regclass)) = 0 THEN 0
             -- A small table is not analysed for long; the counters of its writers know it before.
             WHEN bool_or(c.reltuples >= 0) OR sum(pg_catalog.pg_stat_get_live_tuples(l.leaf)) > 0
             THEN sum(greatest(c.reltuples, pg_catalog.pg_stat_get_live_tuples(l.leaf), 0))::bigint END AS rows
    FROM leaves l JOIN pg_catalog.pg_class c ON c.oid = l.leaf GROUP BY l.parent
)
SELECT json_build_object(
    'schema', w.nspname, 'name', w.relname,
    'kind', CASE w.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'p' THEN 'parted table' ELSE 'table' END,
    'comment', pg_catalog.obj_description(w.oid, 'pg_class'),
    'estimate', s.rows,
    'bytes', s.bytes,
    'parted_by', CASE WHEN w.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(w.oid) END,
    'parts', CASE WHEN w.relkind = 'p' THEN s.parts END,
    'row_security', w.relrowsecurity, 'row_security_forced', w.relforcerowsecurity,
    'readable', pg_catalog.has_schema_privilege(w.nspname, 'USAGE')
        AND pg_catalog.has_any_column_privilege(w.oid, 'SELECT')
        AND (NOT w.relrowsecurity OR EXISTS (
            SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = w.oid AND p.polcmd IN ('r', '*')
              AND (p.polroles = '{0}' OR EXISTS (
                  SELECT 1 FROM unnest(p.polroles) r(oid) WHERE pg_catalog.pg_has_role(current_user, r.oid, 'USAGE')))
        ) OR (SELECT rolbypassrls OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)),
    'columns', (
        SELECT coalesce(json_agg(json_build_object(
            'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
            'category', CASE WHEN t.typname = 'bytea' THEN 'bytes' WHEN t.typname IN ('json', 'jsonb') THEN 'json'
                WHEN t.typname IN ('int2', 'int4', 'int8') THEN 'integer' WHEN t.typname = 'uuid' THEN 'uuid'
                WHEN t.typcategory = 'N' AND left(t.typname, 3) <> 'reg' THEN 'number' WHEN t.typcategory = 'B' THEN 'boolean'
                WHEN t.typname IN ('timestamptz', 'timestamp') THEN 'instant' WHEN t.typname = 'date' THEN 'date'
                WHEN t.typname = 'time' THEN 'time' WHEN t.typcategory = 'S' THEN 'text'
                WHEN t.typcategory = 'A' THEN 'list' ELSE 'other' END,
            'default', CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
            'generated', CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
            'identity', nullif(a.attidentity, ''),
            'comment', pg_catalog.col_description(w.oid, a.attnum),
            'readable', pg_catalog.has_column_privilege(w.oid, a.attnum, 'SELECT')
        ) ORDER BY a.attnum), '[]')
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'constraints', (
        SELECT coalesce(json_agg(json_build_object(
            'name', k.conname, 'kind', k.contype, 'definition', pg_catalog.pg_get_constraintdef(k.oid),
            'columns', (SELECT coalesce(json_agg(a.attname ORDER BY x.n), '[]') FROM unnest(k.conkey) WITH ORDINALITY x(num, n)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num),
            'ref_schema', fn.nspname, 'ref_table', fc.relname,
            'ref_columns', (SELECT coalesce(json_agg(a.attname ORDER BY x.n), '[]') FROM unnest(k.confkey) WITH ORDINALITY x(num, n)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num)
        ) ORDER BY array_position(ARRAY['p', 'u', 'f', 'c', 'x']::"char"[], k.contype), k.conname), '[]')
        FROM pg_catalog.pg_constraint k
        LEFT JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid
        LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
        WHERE k.conrelid = w.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0),
    'indexes', CASE WHEN :whole THEN (
        SELECT coalesce(json_agg(json_build_object(
            'name', ic.relname, 'definition', pg_catalog.pg_get_indexdef(i.indexrelid), 'unique', i.indisunique,
            'key', EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
        ) ORDER BY ic.relname), '[]')
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = w.oid) END,
    'triggers', CASE WHEN :whole THEN (
        SELECT coalesce(json_agg(json_build_object('name', g.tgname, 'definition', pg_catalog.pg_get_triggerdef(g.oid))
            ORDER BY g.tgname), '[]')
        FROM pg_catalog.pg_trigger g WHERE g.tgrelid = w.oid AND NOT g.tgisinternal) END,
    'policies', CASE WHEN :whole THEN (
        SELECT coalesce(json_agg(json_build_object(
            'name', p.polname, 'permissive', p.polpermissive,
            'verb', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                ELSE 'ALL' END,
            'roles', (SELECT json_agg(CASE WHEN r.oid = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(r.oid) END ORDER BY r.n)
                FROM unnest(p.polroles) WITH ORDINALITY r(oid, n)),
            'sees', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
            'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
        ) ORDER BY p.polname), '[]')
        FROM pg_catalog.pg_policy p WHERE p.polrelid = w.oid) END,
    'definition', CASE WHEN :whole AND w.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(w.oid, true) END,
    'made', row_number() OVER (ORDER BY w.oid)
)::text AS found
FROM wanted w LEFT JOIN sizes s ON s.parent = w.oid
ORDER BY array_position(CAST(:schemas AS name[]), w.nspname), w.relname
