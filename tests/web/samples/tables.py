"""Sample contexts of the table browser."""

from markupsafe import Markup
from tests.web.samples.common import LONG_PAGE, TEXT_FILTER, ui

from belvedere.core.catalogue import ColumnInfo, Constraint, IndexInfo, PolicyInfo, Relation, TriggerInfo
from belvedere.core.catalogue_ddl import render_ddl
from belvedere.core.catalogue_filters import WORDS
from belvedere.core.diagram import render_svg

SOURCES = Relation(
    "watch", "api_sources", "table",
    (ColumnInfo("id", "uuid", "uuid", not_null=True, default="gen_random_uuid()", comment="Key of the row."),
     ColumnInfo("provider", "character varying(50)", "text", not_null=True, comment="Platform, such as omnisend.")),
    comment="Registry of data providers and their endpoints.", estimate=12, bytes=49152,
    constraints=(Constraint("pk_api_sources", "p", "PRIMARY KEY (id)", ("id",)),),
)  # fmt: skip
ACCOUNTS = Relation(
    "watch", "source_accounts", "table",
    (ColumnInfo("id", "uuid", "uuid", not_null=True, default="gen_random_uuid()", comment="Key of the row."),
     ColumnInfo("source_id", "uuid", "uuid", not_null=True, comment="The source that is read."),
     ColumnInfo("failures", "integer", "integer", not_null=True, default="0", comment="Failures since the last good reading."),
     ColumnInfo("last_error", "text", "text", comment="What the last failure said; NULL after a good reading."),
     ColumnInfo("sealed", "bytea", "bytes", readable=False)),
    comment="One client's account at a source: settings, credential, and when it is due.", estimate=48, bytes=131072,
    constraints=(
        Constraint("pk_source_accounts", "p", "PRIMARY KEY (id)", ("id",)),
        Constraint("fk_source_accounts_source_id_api_sources", "f",
                   "FOREIGN KEY (source_id) REFERENCES watch.api_sources(id) ON DELETE CASCADE", ("source_id",), "watch",
                   "api_sources", ("id",)),
    ),
    indexes=(IndexInfo("ix_source_accounts_source_id", "CREATE INDEX ix_source_accounts_source_id ON watch.source_accounts"
                       " USING btree (source_id)", unique=False, key=False),),
    triggers=(TriggerInfo("update_source_accounts_updated_at", "CREATE TRIGGER update_source_accounts_updated_at"),),
    policies=(PolicyInfo("person_select", "SELECT", ("authenticated",), "(client_id = ANY (app.my_clients()))", None),
              PolicyInfo("service_select", "SELECT", ("service_role",), "true", None)),
    row_security=True, row_security_forced=True,
)  # fmt: skip
LINE = {
    "name": "source_accounts", "url": "/tables/watch/source_accounts", "kind": "table", "comment": ACCOUNTS.comment,
    "columns": 5, "estimate": 48, "bytes": 131072, "readable": True,
}  # fmt: skip
LINES = [
    {**LINE, "name": "api_records", "kind": "parted table", "estimate": 2_410_000, "bytes": 812_000_000},
    LINE,
    {**LINE, "name": "creds_meta", "readable": False, "estimate": None},
    {**LINE, "name": "alert_inbox", "kind": "view", "estimate": None, "bytes": None},
]
TABS = [
    {
        "label": label,
        "url": f"/tables/watch/source_accounts?tab={label}",
        "current": label == "Columns",
        "count": None,
    }
    for label in ("Columns", "Rows", "Keys and policies", "Diagram", "SQL")
]


def drawing(**options):
    return Markup(
        render_svg([SOURCES, ACCOUNTS], title="Sources and their accounts", standalone=False, **options)
    )


def table(tab, **changes):
    return {
        "ui": ui("/tables/watch/source_accounts", f"tab={tab}"),
        "table": {**LINE, "schema": "watch", "full_name": "watch.source_accounts", "parted_by": None, "parts": None},
        "tab": tab,
        "tabs": TABS,
        "columns": [
            {"name": c.name, "type": c.type, "marks": ["PK"] if c.name == "id" else [], "null": not c.not_null,
             "default": c.default, "generated": False, "comment": c.comment, "readable": c.readable}
            for c in ACCOUNTS.columns
        ],
        "keys": [{"name": key.name, "kind": "Foreign key" if key.ref_table else "Primary key", "definition": key.definition,
                  "to": "/tables/watch/api_sources" if key.ref_table else None} for key in ACCOUNTS.constraints],
        "indexes": ACCOUNTS.indexes,
        "triggers": ACCOUNTS.triggers,
        "policies": ACCOUNTS.policies,
        "forced": True,
        "drawing": drawing(highlight="source_accounts") if tab == "diagram" else None,
        "sql": render_ddl([ACCOUNTS]) if tab == "sql" else "",
        "rows": None,
        **changes,
    }  # fmt: skip


def rows(**changes):
    long = {
        "text": "Omnisend refused the key of this account with 401 and will go…",
        "title": "Omnisend refused the key.",
    }
    cells = [{"text": "0190c7a0-0000-7000-8000-000000000000", "title": None}, {"text": "a", "title": None},
             {"text": "3", "title": None}, long]  # fmt: skip
    return table(
        "rows",
        **{
            "filters": [{"n": 0, "column": "failures", "operator": "ge", "value": "1"},
                        {"n": 1, "column": "", "operator": "eq", "value": ""}],
            "choices": [(c.name, c.name) for c in ACCOUNTS.columns if c.readable],
            "operators": list(WORDS.items()), "errors": {}, "refused": None, "sort": "-failures",
            "heads": [{"name": c.name, "sortable": True, "num": c.category == "integer", "type": c.type}
                      for c in ACCOUNTS.columns if c.readable],
            "rows": [cells, [*cells[:3], {"text": None, "title": None}]], "count": "about 48", "page": LONG_PAGE,
            "csv": "/api/v1/tables/watch/source_accounts/rows.csv?filter=failures%3Age%3A1", "hidden": ["sealed"],
            "empty": None, **changes,
        },
    )  # fmt: skip


def table_pages():
    wrong = {"filters": [{"n": 0, "column": "failures", "operator": "eq", "value": "many"}], "rows": [], "heads": [],
             "errors": {"v0": "failures: 'many' is not a whole number."}}  # fmt: skip
    nothing = {
        "kind": "filtered",
        "title": "No row matches",
        "text": "",
        "acts": [],
        "names": [("c0", "failures at least 9")],
    }
    groups = [{"name": "watch", "about": "What was fetched, when, for whom.", "rows": LINES},
              {"name": "core", "about": "What every domain leans on.", "rows": LINES[1:3]}]  # fmt: skip
    return {
        "tables": ("tables.html", {"ui": ui("/tables"), "groups": groups, "filters": [TEXT_FILTER], "total": 6, "empty": None}),
        "tables_none": ("tables.html", {"ui": ui("/tables", "q=x"), "groups": [], "filters": [TEXT_FILTER], "total": 0,
                                        "empty": {**nothing, "title": "No table matches", "names": [("q", "x")]}}),
        "table_schema": ("table_schema.html", {"ui": ui("/tables/watch"), "schema": "watch", "about": "What was fetched.",
                                               "rows": LINES, "drawing": drawing(), "empty": None}),
        "table_columns": ("table.html", table("columns")),
        "table_rows": ("table.html", rows()),
        "table_rows_wrong": ("table.html", rows(**wrong)),
        "table_rows_none": ("table.html", rows(rows=[], heads=[], empty=nothing)),
        "table_closed": ("table.html", rows(rows=[], heads=[], refused="People may not read rows of core.creds_meta.")),
        "table_keys": ("table.html", table("keys")),
        "table_diagram": ("table.html", table("diagram")),
        "table_sql": ("table.html", table("sql")),
    }  # fmt: skip
