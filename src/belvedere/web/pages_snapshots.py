"""One reading: its records with metric columns, what was rejected, what changed; and one record over its readings."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.core.schema import AGENCY
from belvedere.sources import service
from belvedere.sources.contracts import MetricDefinition
from belvedere.watchtower.service import AlertFilter, list_alerts
from belvedere.web import figures
from belvedere.web.alert_views import alert_row, breaches, figure, instant
from belvedere.web.charts import Drawn, LineChart, Point, line_chart, sparkline
from belvedere.web.forms import choice_filter, empty_filtered, empty_first, pager, text_filter
from belvedere.web.presentation import Reader, decimal_of
from belvedere.web.source_views import read_at, seconds_between, state_of
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("records.read"), scope="function")]
Short = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=1000)]

PAGE = 50
COLUMNS = 6
HISTORY = 60
TABS = ("records", "rejects", "changes")
OURS = frozenset({"tab", "cursor", "client", "q"})
FACTS = ("status", "category", "amount", "quantity")


@router.get("/snapshots/{snapshot_id}")
async def show_snapshot(
    snapshot_id: UUID, request: Request, access: Reads, tab: Short = "records", cursor: Cursor = ""
) -> Response:
    view = await look(access)
    row = orjson.loads(await service.get_snapshot(access.session, snapshot_id))
    tab = tab if tab in TABS else "records"
    source = await service.get_source(access.session, UUID(row["source_id"]), access.now)
    stored_id = UUID(row["same_as_snapshot_id"] or row["id"])
    definitions = await service.load_definitions(access.session, row["provider"])
    context = {
        "snapshot": await _snapshot(view, row, source.row["display_name"]),
        "tab": tab,
        "tabs": _tabs(row, tab),
        **_nothing(),
    }
    if tab == "records":
        context |= await _records(view, row, stored_id, request, cursor, definitions)
    elif tab == "rejects":
        page = await service.list_rejects(
            access.session, limit=PAGE, cursor=cursor or None, snapshot_id=snapshot_id
        )
        context["rejects"] = [{**item, "replayed_at": instant(item["replayed_at"])} for item in page.rows()]
        context["page"] = pager(len(context["rejects"]), page.next_cursor, cursor)
    else:
        context |= await _changes(view, row, definitions)
    return view.page("snapshot.html", context, operate="sources.run", at=row["client_id"] or AGENCY)


def _nothing() -> dict[str, Any]:
    return {"columns": [], "filters": [], "sort": "", "page": pager(0, None, None), "empty": None, "rows": [],
            "rejects": [], "changes": [], "change_counts": {"added": 0, "gone": 0, "changed": 0, "same": 0}}  # fmt: skip


def _tabs(row: Mapping[str, Any], tab: str) -> list[dict[str, Any]]:
    path = f"/snapshots/{row['id']}"
    counts = {
        "records": row["total_records"] or 0,
        "rejects": row["rejected_records"] or None,
        "changes": None,
    }
    labels = {"records": "Records", "rejects": "Rejected rows", "changes": "Changes"}
    return [
        {"label": labels[name], "url": path if name == "records" else f"{path}?tab={name}", "current": name == tab,
         "count": counts[name]}
        for name in TABS
    ]  # fmt: skip


async def _snapshot(view: View, row: Mapping[str, Any], source_name: str) -> dict[str, Any]:
    earlier = await figures.reading_before(view.access.session, UUID(row["id"]))
    return {
        **{name: row[name] for name in ("id", "status", "completeness", "error_code", "attempt")},
        "source": {"id": row["source_id"], "name": source_name},
        "client": view.named(row["client_id"]),
        "type": row["snapshot_type"],
        "records": row["total_records"] or 0,
        "expected": row["expected_records"],
        "rejected": row["rejected_records"] or 0,
        "metrics": row["total_metrics"] or 0,
        "data_as_of": read_at(row),
        "started_at": instant(row["started_at"]),
        "completed_at": instant(row["completed_at"]),
        "seconds": seconds_between(row["started_at"], row["completed_at"]),
        "requested_by": row["requested_by"],
        "error": row["error_message"],
        "pages": row["pages_done"] or 0,
        "checksum": None,
        "same_as": row["same_as_snapshot_id"],
        "evaluated_at": instant(row["evaluated_at"]),
        "previous_id": earlier,
        "currency": view.currency_of(row["client_id"]),
    }


async def _records(
    view: View,
    row: Mapping[str, Any],
    stored_id: UUID,
    request: Request,
    cursor: str,
    definitions: Mapping[str, MetricDefinition],
) -> dict[str, Any]:
    session = view.access.session
    pairs = [(name, value) for name, value in request.query_params.multi_items() if value]
    words = next((value for name, value in pairs if name == "q"), "")
    query = service.RecordQuery(snapshot_id=UUID(row["id"]))
    service.parse_filters(pairs, query, OURS)
    query.contains = words or None
    page = await service.list_records(session, query, limit=PAGE, cursor=cursor or None)
    columns = [
        {"name": name, "label": _label(name, definitions), "unit": unit or _unit(name, definitions)}
        for name, unit in (await figures.metrics_of(session, stored_id))[:COLUMNS]
    ]
    statuses = await figures.statuses_of(session, stored_id)
    chosen = {
        comparison.name: str(comparison.value)
        for comparison in query.comparisons
        if comparison.operator == "="
    }
    filters = [text_filter(words, "Find by name or id")]
    for name, values in (("status", statuses), ("category", [])):
        if values or name in chosen:
            options = [
                (value, value) for value in sorted({*values, *([chosen[name]] if name in chosen else [])})
            ]
            filters.append(choice_filter(name, name.capitalize(), options, chosen.get(name)))
    rows = [_record_row(item, columns) for item in page.rows()]
    narrowed = bool(words or query.comparisons or query.tag)
    return {
        "columns": columns,
        "filters": filters,
        "sort": next((value for name, value in pairs if name == "sort"), ""),
        "page": pager(
            len(rows), page.next_cursor, cursor, None if narrowed else f"{row['total_records'] or 0:,}"
        ),
        "rows": rows,
        "empty": None if rows else _no_records(row, narrowed=narrowed),
    }


def _record_row(item: Mapping[str, Any], columns: list[dict[str, Any]]) -> dict[str, Any]:
    kept = {name: item[name] for name in ("id", "external_id", "name", "status", "category", "quantity")}
    return {
        **kept,
        "amount": decimal_of(item["amount"]),
        "at": instant(item["record_date"]),
        "values": {column["name"]: decimal_of(item["metrics"].get(column["name"])) for column in columns},
    }


def _no_records(row: Mapping[str, Any], *, narrowed: bool) -> dict[str, Any]:
    if narrowed:
        return empty_filtered("No record matches", "Take a filter away to see more.")
    if row["status"] in ("pending", "processing"):
        return empty_first("No records yet", "They stand here when the reading is done.")
    if row["status"] == "failed":
        return empty_first("No records", "The reading failed before a row was taken.")
    return empty_first("No records", "The source had nothing to give at that time.")


async def _changes(
    view: View, row: Mapping[str, Any], definitions: Mapping[str, MetricDefinition]
) -> dict[str, Any]:
    """Against the reading before, by external id; a partial reading says nothing about what is gone."""
    client_id = row["client_id"] or AGENCY
    stored = None
    if row["status"] == "completed":
        stored = await service.load_stored_snapshot(view.access.session, client_id, UUID(row["id"]))
    if stored is None or stored.previous is None:
        return {}
    now, before = _by_external_id(stored.frames), _by_external_id(stored.previous)
    changes, same = [], 0
    for external_id, values in now.items():
        old = before.get(external_id)
        fields = [] if old is None else _differences(old, values, definitions)
        if old is not None and not fields:
            same += 1
            continue
        changes.append({"kind": "added" if old is None else "changed", "name": values["name"] or external_id,
                        "external_id": external_id, "record_id": values["id"] if not row["same_as_snapshot_id"] else None,
                        "fields": fields})  # fmt: skip
    gone = [key for key in before if key not in now] if row["completeness"] == "full" else []
    changes += [{"kind": "gone", "name": before[key]["name"] or key, "external_id": key, "record_id": None, "fields": []}
                for key in gone]  # fmt: skip
    added = sum(change["kind"] == "added" for change in changes)
    counts = {"added": added, "gone": len(gone), "changed": len(changes) - added - len(gone), "same": same}
    order = {"changed": 0, "added": 1, "gone": 2}
    changes.sort(key=lambda change: order[str(change["kind"])])
    total = f"{len(changes):,}" if len(changes) > PAGE else None
    return {
        "changes": changes[:PAGE],
        "change_counts": counts,
        "page": pager(min(len(changes), PAGE), None, None, total),
    }


def _by_external_id(frames: Any) -> dict[str, dict[str, Any]]:
    metrics: dict[str, dict[str, Any]] = {}
    for record_id, name, value in frames.metrics.select(
        "record_id", "metric_name", "metric_value"
    ).iter_rows():
        metrics.setdefault(record_id, {})[name] = value
    return {
        record["external_id"]: {**record, "metrics": metrics.get(record["id"], {})}
        for record in frames.records.select("id", "external_id", "name", *FACTS).iter_rows(named=True)
    }


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], definitions: Mapping[str, MetricDefinition]
) -> list[dict[str, Any]]:
    found = [
        {
            "label": name.capitalize(),
            "unit": "currency" if name == "amount" else None,
            "old": old[name],
            "new": new[name],
        }
        for name in ("name", *FACTS)
        if old[name] != new[name]
    ]
    for name in sorted({*old["metrics"], *new["metrics"]}):
        before, after = old["metrics"].get(name), new["metrics"].get(name)
        if before != after:
            found.append(
                {
                    "label": _label(name, definitions),
                    "unit": _unit(name, definitions),
                    "old": before,
                    "new": after,
                }
            )
    return found


def _label(name: str, definitions: Mapping[str, MetricDefinition]) -> str:
    known = definitions.get(name)
    return known.display_name if known else name.replace("_", " ").capitalize()


def _unit(name: str, definitions: Mapping[str, MetricDefinition]) -> str | None:
    known = definitions.get(name)
    return known.metric_unit if known else None


@router.get("/records/{record_id}")
async def show_record(record_id: UUID, access: Reads, metric: Short = "") -> Response:
    view = await look(access)
    record = orjson.loads(await service.get_record(access.session, record_id))
    row = orjson.loads(await service.get_snapshot(access.session, UUID(record["snapshot_id"])))
    source = await service.get_source(access.session, UUID(row["source_id"]), access.now)
    client_id = record["client_id"] or AGENCY
    history = (
        await service.record_history(
            access.session, client_id=client_id, source_id=UUID(row["source_id"]), external_id=record["external_id"],
            limit=HISTORY, cursor=None,
        )
    ).rows()  # fmt: skip
    history.reverse()
    definitions = await service.load_definitions(access.session, row["provider"])
    units = dict(await figures.metrics_of(access.session, UUID(record["snapshot_id"])))
    alerts = await _record_alerts(view, client_id, UUID(row["source_id"]), record["external_id"])
    metrics = _metrics(record, history, definitions, units, alerts)
    chosen = metric if metric in record["metrics"] else next((m["name"] for m in metrics if m["alert"]), None)
    chosen = chosen or next((m["name"] for m in metrics), None)
    return view.page(
        "record.html",
        {
            "record": _record(view, record),
            "snapshot": {"id": row["id"], "at": read_at(row), "state": state_of(row)},
            "source": {"id": row["source_id"], "name": source.row["display_name"]},
            "client": view.named(record["client_id"]),
            "metrics": metrics,
            "chart": _chart(view, record, history, chosen, definitions, units, alerts) if chosen else None,
            "chosen": chosen,
            "alerts": [alert_row(view, alert) for alert in alerts],
            "readings": len(history),
        },
        at=client_id,
    )


def _record(view: View, record: Mapping[str, Any]) -> dict[str, Any]:
    extra = orjson.dumps(record["extra"], option=orjson.OPT_INDENT_2).decode() if record["extra"] else None
    return {
        **{
            name: record[name]
            for name in ("id", "external_id", "name", "status", "category", "email", "quantity")
        },
        "amount": decimal_of(record["amount"]),
        "tags": record["tags"] or [],
        "at": instant(record["record_date"]),
        "currency": view.currency_of(record["client_id"]),
        "extra": extra,
    }


async def _record_alerts(
    view: View, client_id: int, source_id: UUID, external_id: str
) -> list[dict[str, Any]]:
    if not view.access.may("alerts.read", client_id):
        return []
    ids = await figures.alerts_of_record(view.access.session, client_id, source_id, external_id)
    if not ids:
        return []
    wanted = AlertFilter(client_id=client_id, source_id=source_id, search=external_id)
    rows = (await list_alerts(view.access.session, wanted, limit=50)).rows()
    return [row for row in rows if row["id"] in ids]


def _metrics(
    record: Mapping[str, Any],
    history: list[dict[str, Any]],
    definitions: Mapping[str, MetricDefinition],
    units: Mapping[str, str | None],
    alerts: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    in_alert = {
        (alert.get("head") or {}).get("field", "").removeprefix("metric:"): alert["severity"]
        for alert in alerts
        if alert["state"] == "open"
    }
    found = []
    for name in sorted(record["metrics"]):
        values = [decimal_of(item["metrics"].get(name)) for item in history]
        known = definitions.get(name)
        found.append(
            {
                "name": name,
                "label": _label(name, definitions),
                "value": figure(record["metrics"][name]),
                "unit": units.get(name) or _unit(name, definitions),
                "previous": values[-2] if len(values) > 1 else None,
                "spark": sparkline(values[-20:], breach=name in in_alert),
                "alert": in_alert.get(name),
                "definition": known.description if known else None,
            }
        )
    return found


def _chart(
    view: View,
    record: Mapping[str, Any],
    history: list[dict[str, Any]],
    name: str,
    definitions: Mapping[str, MetricDefinition],
    units: Mapping[str, str | None],
    alerts: list[dict[str, Any]],
) -> Drawn | None:
    heads = [alert["head"] or {} for alert in alerts if alert["state"] == "open"]
    head = next((head for head in heads if head.get("field", "").removeprefix("metric:") == name), {})
    limit = decimal_of(head.get("limit"))
    points = []
    for item in history:
        at, value = instant(item["data_as_of"]), decimal_of(item["metrics"].get(name))
        if at is not None:
            points.append(Point(at, value, breach=breaches(head.get("condition", ""), value, limit)))
    if len(points) < 2:
        return None
    unit = units.get(name) or _unit(name, definitions)
    title = f"{_label(name, definitions)}, last {len(points)} readings"
    chart = LineChart(title, points, unit, view.currency_of(record["client_id"]), limit=limit)
    return line_chart(chart, Reader(view.access.now, view.access.principal.timezone))
