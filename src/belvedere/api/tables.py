"""Tables, their shape and their rows, for staff: what psql shows, under the caller's own role and row policies."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query
from starlette.responses import Response, StreamingResponse

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.core.catalogue import SCHEMAS, Relation, find_relation, near_words, read_relations
from belvedere.core.catalogue_ddl import render_ddl
from belvedere.core.catalogue_filters import parse_filters
from belvedere.core.catalogue_rows import MOST, PAGE, Plan, RowQuery, plan_rows, read_page, stream_rows
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.spreadsheets import csv_cell, csv_line

router = door_router()

Reads = Annotated[Access, Depends(reading("schema.read"), scope="function")]
Filters = Annotated[
    list[str] | None,
    Query(
        max_length=50,
        alias="filter",
        description="`column:operator:value`, such as `status:eq:open`; repeat for more. Operators: eq, ne, lt, le, gt, ge,"
        " contains, starts, is_null, in.",
    ),
]
Sort = Annotated[
    str, Query(max_length=100, description="A column; with `-` before it the greatest stands first.")
]
Columns = Annotated[
    str, Query(max_length=4000, description="Columns with commas between them; all without it.")
]
EXACT = frozenset({"number", "integer", "instant", "date", "time", "uuid", "boolean", "bytes"})
"""Categories whose text PostgreSQL writes itself, so that no formula can stand in it."""


@router.get("/tables", tags=["tables"], summary="Tables and views with what they hold")
async def list_tables(
    access: Reads,
    schema: Annotated[str | None, Query(max_length=63)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Every table and view of the product; `q` finds by name and comment. Counts are estimates of PostgreSQL."""
    if schema is not None and schema not in SCHEMAS:
        how = f"There is no schema {schema[:63]!r}. There are: {', '.join(SCHEMAS)}.{near_words(schema, SCHEMAS)}"
        raise Invalid(how, errors=[FieldProblem("query/schema", "unknown", how)])
    found = await read_relations(access.session, [schema] if schema else SCHEMAS, whole=False)
    rows = [summary(relation) for relation in found if matches(relation, q)]
    return answer(
        {"data": rows, "meta": {"next_cursor": None, "has_more": False, "generated_at": access.now}}
    )


def matches(relation: Relation, words: str) -> bool:
    text = f"{relation.full_name} {relation.comment or ''}".lower()
    return all(word in text for word in words.lower().split())


def summary(relation: Relation) -> dict[str, Any]:
    return {
        "schema": relation.schema,
        "name": relation.name,
        "kind": relation.kind,
        "comment": relation.comment,
        "estimated_rows": relation.estimate,
        "bytes": relation.bytes,
        "parted_by": relation.parted_by,
        "row_security": relation.row_security,
        "readable": relation.readable,
        "columns": len(relation.columns),
    }


@router.get(
    "/tables/{schema}/{table}", tags=["tables"], summary="One table: columns, keys, indexes, policies, SQL"
)
async def get_table(schema: str, table: str, access: Reads) -> Response:
    """What PostgreSQL's catalogue says of the table. A column that is not `readable` has no grant for people."""
    relation = await find_relation(access.session, schema, table)
    body = asdict(relation)
    body["estimated_rows"] = body.pop("estimate")
    del body["made"]
    return answer({**body, "ddl": render_ddl([relation])})


@router.get("/tables/{schema}/{table}/rows", tags=["tables"], summary="Rows of a table, filtered and sorted")
async def list_rows(
    schema: str,
    table: str,
    access: Reads,
    filter_: Filters = None,
    sort: Sort = "",
    columns: Columns = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
    cursor: str | None = None,
) -> Response:
    """Rows that the caller's own row policies let through, each value whole; exact numbers are text."""
    plan = await planned(access, schema, table, filter_, sort, columns)
    page = await read_page(access.session, plan, limit=limit, cursor=cursor)
    meta = {
        "next_cursor": page.next_cursor,
        "has_more": page.next_cursor is not None,
        "estimated_rows": page.estimate,
        "estimate_is_exact": page.exact,
        "columns": [column.name for column in page.columns],
        "generated_at": access.now,
    }
    return answer({"data": [orjson.Fragment(row) for row in page.rows], "meta": meta})


@router.get(
    "/tables/{schema}/{table}/rows.csv",
    tags=["tables"],
    summary="Rows of a table as CSV",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A line of names, then one line a row."}},
)
async def export_rows(
    schema: str, table: str, access: Reads, filter_: Filters = None, sort: Sort = "", columns: Columns = ""
) -> StreamingResponse:
    """Every row that matches, in UTF-8. Text that a spreadsheet would run as a formula begins with an apostrophe."""
    plan = await planned(access, schema, table, filter_, sort, columns)
    return await csv_answer(access, plan)


async def planned(
    access: Access, schema: str, table: str, filters: list[str] | None, sort: str, columns: str
) -> Plan:
    relation = await find_relation(access.session, schema, table)
    names = tuple(name.strip() for name in columns.split(",") if name.strip())
    return plan_rows(relation, RowQuery(parse_filters(filters or ()), sort, names or None))


async def csv_answer(access: Access, plan: Plan) -> StreamingResponse:
    """The first row is read before the answer begins, so that a refusal is still a problem and no torn file."""
    await read_page(access.session, plan, limit=1)
    name = f"{plan.relation.schema}.{plan.relation.name}.csv"
    return StreamingResponse(
        csv_lines(access, plan),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def csv_lines(access: Access, plan: Plan) -> AsyncIterator[bytes]:
    """The answer outlives the request's transaction, so it reads in one of its own, as the same person."""
    exact = [column.category in EXACT for column in plan.columns]
    lines = [csv_line([column.name for column in plan.columns])]
    async with access.runtime.db.read(access.scope) as session:
        async for row in stream_rows(session, plan):
            values = orjson.loads(row).values()
            lines.append(
                csv_line([csv_cell(value, exact=sure) for value, sure in zip(values, exact, strict=True)])
            )
            if len(lines) >= 500:
                yield "".join(lines).encode()
                lines = []
    yield "".join(lines).encode()


def answer(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body, default=str), media_type="application/json")
