"""The tables of the database, for staff: what each holds, its rows under the viewer's own role, its diagram and SQL."""

from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query
from markupsafe import Markup
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.core.catalogue import (
    ABOUT,
    SCHEMAS,
    Relation,
    find_relation,
    near_words,
    read_relations,
)
from belvedere.core.catalogue_ddl import render_ddl
from belvedere.core.catalogue_filters import WORDS, Filter
from belvedere.core.catalogue_rows import SORTABLE, RowPage, RowQuery, plan_rows, read_page
from belvedere.core.diagram import around, marks_of, render_svg, short_type
from belvedere.core.errors import Forbidden, Invalid, NotFound
from belvedere.web.answers import with_query
from belvedere.web.forms import Errors, empty_filtered, empty_first, pager, text_filter
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("schema.read"), scope="function")]
Short = Annotated[str, Query(max_length=200)]
TABS = (
    ("columns", "Columns"),
    ("rows", "Rows"),
    ("keys", "Keys and policies"),
    ("diagram", "Diagram"),
    ("sql", "SQL"),
)
PAGE, FILTERS = 50, 6
SHOWN, TITLE = 60, 400
KIND_WORDS = {"p": "Primary key", "u": "Unique", "f": "Foreign key", "c": "Check", "x": "Exclusion"}


@router.get("/tables")
async def list_tables(access: Reads, q: Short = "") -> Response:
    view = await look(access)
    found = await read_relations(access.session, whole=False)
    chosen = [relation for relation in found if matches(relation, q)]
    groups = [
        {"name": name, "about": ABOUT[name], "rows": [row_of(relation) for relation in group]}
        for name, group in groupby(chosen, key=lambda relation: relation.schema)
    ]
    return view.page(
        "tables.html",
        {
            "groups": groups,
            "filters": [text_filter(q, "Find by name or comment")],
            "total": len(chosen),
            "empty": None if groups else empty_filtered("No table matches", names=[("q", q)]),
        },
    )


def matches(relation: Relation, words: str) -> bool:
    told = f"{relation.full_name} {relation.comment or ''}".lower()
    return all(word in told for word in words.replace("\x00", "").lower().split())


def row_of(relation: Relation) -> dict[str, Any]:
    return {
        "name": relation.name,
        "url": path_of(relation),
        "kind": relation.kind,
        "comment": relation.comment,
        "columns": len(relation.columns),
        "estimate": relation.estimate,
        "bytes": relation.bytes,
        "readable": relation.readable,
    }


def path_of(relation: Relation) -> str:
    return f"/tables/{relation.schema}/{relation.name}"


@router.get("/tables/{schema}")
async def show_schema(schema: str, access: Reads) -> Response:
    if schema not in SCHEMAS:
        raise NotFound(f"There is no schema {schema[:63]}.{near_words(schema[:63], SCHEMAS)}")
    view = await look(access)
    found = await read_relations(access.session, [schema], whole=False)
    drawing = render_svg(
        found, title=f"Tables of {schema} and the keys between them", link=path_of, standalone=False
    )
    return view.page(
        "table_schema.html",
        {
            "schema": schema,
            "about": ABOUT[schema],
            "rows": [row_of(relation) for relation in found],
            "drawing": Markup(drawing) if found else None,  # noqa: S704 - every word in it is escaped
            "empty": None
            if found
            else empty_first("No table yet", "This part of the schema is still to come."),
        },
    )


@router.get("/tables/{schema}/{table}")
async def show_table(
    schema: str,
    table: str,
    access: Reads,
    tab: Annotated[str, Query(max_length=20)] = "columns",
    sort: Short = "",
    cursor: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    view = await look(access)
    relation = await find_relation(access.session, schema, table)
    tab = tab if tab in dict(TABS) else "columns"
    extra, status = {"rows": None}, 200
    if tab == "rows":
        extra, status = await rows_context(view, relation, sort, cursor)
    return view.page("table.html", {**await table_context(view, relation, tab), **extra}, status=status)


async def table_context(view: View, relation: Relation, tab: str) -> dict[str, Any]:
    kept = {"client": view.client_id}
    return {
        "table": {**row_of(relation), "schema": relation.schema, "full_name": relation.full_name,
                  "parted_by": relation.parted_by, "parts": relation.parts},
        "tab": tab,
        "tabs": [
            {"label": label, "url": with_query(path_of(relation), tab=name, **kept), "current": name == tab, "count": None}
            for name, label in TABS
        ],
        "columns": [column_context(relation, column) for column in relation.columns],
        "keys": [{"name": key.name, "kind": KIND_WORDS[key.kind], "definition": key.definition,
                  "to": f"/tables/{key.ref_schema}/{key.ref_table}" if key.kind == "f" else None}
                 for key in relation.constraints],
        "indexes": [index for index in relation.indexes if not index.key],
        "triggers": relation.triggers,
        "policies": relation.policies,
        "forced": relation.row_security_forced,
        "drawing": await drawing_of(view, relation) if tab == "diagram" else None,
        "sql": render_ddl([relation]) if tab == "sql" else "",
    }  # fmt: skip


def column_context(relation: Relation, column: Any) -> dict[str, Any]:
    default = f"= {column.generated}" if column.generated else column.default
    return {
        "name": column.name,
        "type": short_type(column.type),
        "marks": marks_of(relation, column),
        "null": not column.not_null,
        "default": "counted up" if column.identity else default,
        "generated": column.generated is not None,
        "comment": column.comment,
        "readable": column.readable,
    }


async def drawing_of(view: View, relation: Relation) -> Markup | None:
    if relation.is_view:
        return None
    near = around(await read_relations(view.access.session, [relation.schema], whole=False), relation.name)
    title = f"{relation.full_name} with its parents and children"
    drawing = render_svg(near, title=title, highlight=relation.name, link=path_of, standalone=False)
    return Markup(drawing)  # noqa: S704 - every word in it is escaped


async def rows_context(view: View, relation: Relation, sort: str, cursor: str) -> tuple[dict[str, Any], int]:
    """Rows with their filters; what cannot be read says why, beside the field it is about."""
    asked = read_filters(view.access)
    filters = tuple(found for _, found in asked)
    page, errors, refused = await find_rows(view, relation, filters, sort, cursor)
    context: dict[str, Any] = {
        "filters": filter_fields(asked),
        "choices": [(column.name, column.name) for column in relation.columns if column.readable],
        "operators": list(WORDS.items()),
        "errors": {f"v{asked[int(name)][0]}" if name.isdigit() else name: words for name, words in errors.items()},
        "refused": refused,
        "sort": sort,
        "heads": [{"name": column.name, "sortable": column.category in SORTABLE,
                   "num": column.category in ("integer", "number"), "type": short_type(column.type)}
                  for column in page.columns],
        "rows": [cells_of(row) for row in page.rows],
        "count": count_words(page),
        "page": pager(len(page.rows), page.next_cursor, cursor, count_words(page)),
        "csv": csv_address(view, relation, filters, sort),
        "hidden": [column.name for column in relation.columns if not column.readable],
        "empty": None,
    }  # fmt: skip
    if not page.rows and not errors and not refused:
        context["empty"] = nothing_there(relation, asked, view)
    return context, 422 if errors else 200


def read_filters(access: Access) -> list[tuple[int, Filter]]:
    """Filters of the form, `c0` `o0` `v0` and so on, each with its number; a line without a column is none."""
    given = access.request.query_params
    found = []
    for number in range(FILTERS):
        column = given.get(f"c{number}", "").strip()[:100]
        if column:
            operator = given.get(f"o{number}", "eq")[:20]
            found.append((number, Filter(column, operator, given.get(f"v{number}", "").strip()[:2001])))
    return found


def filter_fields(asked: list[tuple[int, Filter]]) -> list[dict[str, Any]]:
    """The filters as they were asked, and one empty line for the next."""
    fields = [
        {"n": number, "column": found.column, "operator": found.operator, "value": found.value}
        for number, found in asked
    ]
    free = next((n for n in range(FILTERS) if n not in {number for number, _ in asked}), None)
    if free is not None:
        fields.append({"n": free, "column": "", "operator": "eq", "value": ""})
    return fields


async def find_rows(
    view: View, relation: Relation, filters: tuple[Filter, ...], sort: str, cursor: str
) -> tuple[RowPage, Errors, str | None]:
    scoped = filters
    if view.client_id is not None and relation.column("client_id") is not None:
        scoped = (*filters, Filter("client_id", "eq", str(view.client_id)))
    try:
        async with view.access.session.begin_nested():
            plan = plan_rows(relation, RowQuery(scoped, sort))
            return await read_page(view.access.session, plan, limit=PAGE, cursor=cursor or None), {}, None
    except Forbidden as error:
        return RowPage([], None, 0, exact=True), {}, error.detail
    except Invalid as error:
        return RowPage([], None, 0, exact=True), errors_of(error), None


def errors_of(error: Invalid) -> Errors:
    """{number of the filter: sentence}; what is about no filter stands under `form`."""
    places = {problem.pointer.rpartition("/")[2]: problem.detail for problem in error.errors}
    found = {number: words for number, words in places.items() if number.isdigit()}
    return found or {"form": error.detail}


def cells_of(row: str) -> list[dict[str, Any]]:
    return [cell_of(value) for value in orjson.loads(row).values()]


def cell_of(value: Any) -> dict[str, Any]:
    """A value as it is shown: long ones cut, with more of them in the title and all of them in the CSV."""
    if value is None:
        return {"text": None, "title": None}
    words = value if isinstance(value, str) else orjson.dumps(value).decode()
    if len(words) <= SHOWN:
        return {"text": words, "title": None}
    return {
        "text": words[:SHOWN].rstrip() + "…",
        "title": words[:TITLE] + ("…" if len(words) > TITLE else ""),
    }


def count_words(page: RowPage) -> str | None:
    if page.exact:
        return None
    return f"about {page.estimate:,}"


def csv_address(view: View, relation: Relation, filters: tuple[Filter, ...], sort: str) -> str:
    fields = [("filter", str(found)) for found in filters]
    if view.client_id is not None and relation.column("client_id") is not None:
        fields.append(("filter", f"client_id:eq:{view.client_id}"))
    if sort:
        fields.append(("sort", sort))
    query = f"?{urlencode(fields)}" if fields else ""
    return f"/api/v1{path_of(relation)}/rows.csv{query}"


def nothing_there(relation: Relation, asked: list[tuple[int, Filter]], view: View) -> dict[str, Any]:
    if asked:
        names = [(f"c{number}", f"{found.column} {WORDS.get(found.operator, found.operator)} {found.value}".strip())
                 for number, found in asked]  # fmt: skip
        return empty_filtered("No row matches", names=names)
    whose = f" of {view.client.name}" if view.client is not None else " of your clients"
    return empty_first("No row yet", f"{relation.full_name} holds no row{whose}. {relation.comment or ''}")
