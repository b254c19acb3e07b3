-- What the relations of the named schemas need before they can be made: ranges, then the functions that their defaults,
-- checks, indexes and views call, and the functions that those call. One statement and the schema it stands in, each row.
WITH RECURSIVE ours AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname = 'app' OR nspname = ANY (CAST(:every AS name[]))
),
homes AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (CAST(:schemas AS name[])) AND NOT c.relispartition
),
users(classid, objid) AS (
    SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, oid FROM pg_catalog.pg_attrdef WHERE adrelid IN (SELECT oid FROM homes)
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, oid FROM pg_catalog.pg_constraint WHERE conrelid IN (SELECT oid FROM homes)
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, oid FROM pg_catalog.pg_rewrite WHERE ev_class IN (SELECT oid FROM homes)
    UNION ALL
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, oid FROM homes
),
called(oid) AS (
    SELECT p.oid FROM users u
    JOIN pg_catalog.pg_depend d ON d.classid = u.classid AND d.objid = u.objid
        AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
    WHERE p.pronamespace IN (SELECT oid FROM ours)
    UNION
    SELECT p.oid FROM called c
    JOIN pg_catalog.pg_proc caller ON caller.oid = c.oid
    JOIN pg_catalog.pg_proc p ON p.pronamespace IN (SELECT oid FROM ours) AND p.prokind = 'f'
    JOIN ours n ON n.oid = p.pronamespace
    WHERE position(n.nspname || '.' || p.proname || '(' IN caller.prosrc) > 0
),
ranges AS (
    SELECT n.nspname, pg_catalog.format(
        'CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s, MULTIRANGE_TYPE_NAME = %s)', n.nspname, t.typname,
        pg_catalog.format_type(r.rngsubtype, NULL),
        CASE WHEN r.rngcollation <> 0 THEN ', COLLATION = ' || r.rngcollation::pg_catalog.regcollation ELSE '' END,
        r.rngmultitypid::pg_catalog.regtype) AS statement
    FROM pg_catalog.pg_range r
    JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid JOIN ours n ON n.oid = t.typnamespace
    WHERE n.nspname = ANY (CAST(:schemas AS name[]))
)
SELECT nspname AS home, statement FROM (
    SELECT 1 AS step, nspname, statement, statement AS name FROM ranges
    UNION ALL
    SELECT 2, n.nspname, pg_catalog.pg_get_functiondef(p.oid), p.oid::pg_catalog.regprocedure::text
    FROM called c JOIN pg_catalog.pg_proc p ON p.oid = c.oid JOIN ours n ON n.oid = p.pronamespace
    -- The constructors of a range come with its type.
    WHERE p.prolang <> (SELECT oid FROM pg_catalog.pg_language WHERE lanname = 'internal')
) found
ORDER BY step, name COLLATE "C"
