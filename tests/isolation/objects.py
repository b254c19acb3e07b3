"""Views, materialised views, sequences and functions: each is listed with who may use it, and keeps its rules."""

from pathlib import Path

import psycopg

LISTED = Path(__file__).parent / "objects.txt"
NAMED_OWNERS = {"owner_r", "authz_r", "vault_r", "auditor_r"}
FOR_EVERYBODY = {
    "app.my_clients()", "app.my_write_clients()", "app.is_staff()", "app.is_staff_writer()", "app.governs()",
    "app.is_first_run()",
}  # fmt: skip
"""Functions with the rights of their owner that anybody may call: policies ask them, and they tell a caller only of itself."""

WITHIN_PARENT = {"uq_api_record_metrics_record_id_metric_name"}
"""Keys that are unique within a parent whose own key is random, so that they tell nothing of another client."""

RELATIONS = """
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'sequence' END,
    c.oid::regclass::text, coalesce((SELECT string_agg(g.who || ' ' || g.verbs, ', ' ORDER BY g.who) FROM (
        SELECT CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee)::text END AS who,
            string_agg(lower(a.privilege_type), '+' ORDER BY a.privilege_type) AS verbs
        FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner GROUP BY 1) g), 'nobody')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind IN ('v', 'm', 'S') ORDER BY 1, 2
"""
FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.prosecdef, pg_get_userbyid(p.proowner)::text, coalesce(p.proconfig::text, ''),
    p.prorettype = 'trigger'::regtype, p.proleakproof,
    coalesce((SELECT string_agg(g.who, ', ' ORDER BY g.who) FROM (
        SELECT CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee)::text END AS who
        FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner) g), 'nobody')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
    AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
ORDER BY 1
"""
LOOSE_SEQUENCES = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind = 'S' AND NOT EXISTS (SELECT 1 FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
"""
UNIQUE_ACROSS = """
SELECT n.nspname || '.' || t.relname, c.relname FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = ANY(%s) AND i.indisunique AND NOT t.relispartition AND t.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
                  AND (a.attname = 'client_id' OR i.indisprimary AND a.atttypid = 'uuid'::regtype))
"""


def list_objects(admin: psycopg.Connection, schemas: list[str]) -> list[str]:
    """One line for each object: what it is, whose rights it uses, who may use it."""
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL search_path = pg_catalog")
        relations = admin.execute(RELATIONS, [schemas]).fetchall()
        functions = admin.execute(FUNCTIONS, [schemas]).fetchall()
    lines = [f"{kind} {name}: {who}" for kind, name, who in relations]
    lines += [
        f"function {name}{' as ' + owner if definer else ''}: {'triggers' if trigger else who}"
        for name, definer, owner, _, trigger, _, who in functions
    ]
    return sorted(lines)


def check_objects(admin: psycopg.Connection, schemas: list[str]) -> list[str]:
    """Objects that nobody has listed, those that are listed otherwise than they stand, and those that are gone."""
    listed = set(LISTED.read_text().splitlines())
    standing = list_objects(admin, schemas)
    names = {line.split(":")[0] for line in listed}
    return [
        f"{line.split(':')[0]} is {'listed with other rights' if line.split(':')[0] in names else 'not listed'}"
        for line in standing
        if line not in listed
    ] + [f"{line.split(':')[0]} is listed and does not stand so" for line in sorted(listed - set(standing))]


def check_functions(admin: psycopg.Connection, schemas: list[str]) -> list[str]:
    """Functions that use the rights of their owner are few, fixed in what they look up, and not for everybody."""
    faults = []
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL search_path = pg_catalog")
        rows = admin.execute(FUNCTIONS, [schemas]).fetchall()
    for name, definer, owner, config, trigger, leakproof, who in rows:
        if leakproof:
            faults.append(f"{name} is marked leakproof and may be asked before the policies")
        if not definer:
            continue
        if "search_path=" not in config or "pg_temp" not in config:
            faults.append(f"{name} uses its owner's rights without a search path of its own")
        if owner not in NAMED_OWNERS:
            faults.append(f"{name} uses the rights of {owner}")
        if "everybody" in who and not trigger and name not in FOR_EVERYBODY:
            faults.append(f"{name} uses its owner's rights and everybody may call it")
    return faults


def check_sequences(admin: psycopg.Connection, schemas: list[str]) -> list[str]:
    rows = admin.execute(LOOSE_SEQUENCES, [schemas]).fetchall()
    return [f"sequence {row[0]} belongs to no column" for row in rows]


def check_unique_keys(admin: psycopg.Connection, schemas: list[str], tenants: set[str]) -> list[str]:
    """A key unique across clients tells one client what another has."""
    rows = admin.execute(UNIQUE_ACROSS, [schemas]).fetchall()
    return [
        f"{index} of {table} is unique across clients"
        for table, index in rows
        if table in tenants and index not in WITHIN_PARENT
    ]
