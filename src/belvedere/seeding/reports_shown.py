"""Dashboards with their widgets, and the ways they are shown to others."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from belvedere.seeding.reports_weeks import dump, newest_week
from belvedere.seeding.world import Batch, ClientPlan, World

Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Widget:
    name: str
    kind: str
    chart: str | None
    title: str
    metrics: tuple[str, ...]
    place: Place
    dimensions: tuple[str, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Board:
    name: str
    description: str
    template: str
    query: int
    widgets: tuple[Widget, ...]


BOARDS = (
    Board("Performance", "Spend, sales and what each campaign brings.", "performance", 0, (
        Widget("spend", "metric_card", None, "Spend", ("spend",), (0, 0, 3, 2)),
        Widget("sales", "metric_card", None, "Sales", ("sales",), (3, 0, 3, 2)),
        Widget("roas", "metric_card", None, "Return on ad spend", ("roas",), (6, 0, 3, 2)),
        Widget("orders", "metric_card", None, "Orders", ("orders",), (9, 0, 3, 2)),
        Widget("trend", "chart", "line", "Sales and spend by week", ("sales", "spend"), (0, 2, 8, 5)),
        Widget("share", "chart", "pie", "Spend by campaign", ("spend",), (8, 2, 4, 5), ("campaign",)),
        Widget("campaigns", "table", None, "Campaigns", ("spend", "sales", "roas", "ctr"), (0, 7, 12, 6),
               ("campaign",)),
    )),
    Board("Attribution", "Which ads lead to a purchase, and in which order.", "attribution", 1, (
        Widget("conversions", "chart", "area", "Conversions by week", ("conversions",), (0, 0, 8, 5)),
        Widget("paths", "chart", "bar", "Sales by path", ("sales",), (8, 0, 4, 5), ("path",)),
        Widget("rates", "table", None, "Paths", ("paths", "conversions", "conversion_rate"), (0, 5, 12, 5), ("path",)),
        Widget("note", "text", None, "How to read this", (), (0, 10, 12, 2),
               text="A path counts every ad a person saw in the thirty days before the purchase."),
    )),
    Board("Audiences", "How many people each audience reaches.", "audience", 2, (
        Widget("reach", "chart", "bar", "Reach by audience", ("reach",), (0, 0, 6, 5), ("segment",)),
        Widget("spread", "chart", "scatter", "Impressions and buyers", ("impressions", "buyers"), (6, 0, 6, 5),
               ("segment",)),
        Widget("audiences", "table", None, "Audiences", ("reach", "impressions", "buyers"), (0, 5, 12, 5), ("segment",)),
    )),
    Board("Monday look", "What the team opens first.", "custom", 0, (
        Widget("week", "metric_card", None, "Sales last week", ("sales",), (0, 0, 4, 2)),
        Widget("cost", "metric_card", None, "Spend last week", ("spend",), (4, 0, 4, 2)),
        Widget("best", "table", None, "Best campaigns", ("sales", "roas"), (0, 2, 12, 5), ("campaign",)),
    )),
)  # fmt: skip


def fill_boards(world: World, client: ClientPlan) -> Iterator[Batch]:
    yield boards(world, client)
    yield widgets(world, client)
    yield shares(world, client)
    yield links(world, client)
    yield schedules(world, client)


def made_at(world: World) -> datetime:
    return world.now - timedelta(hours=30)


def board_key(world: World, client: ClientPlan, number: int) -> UUID:
    return world.key("reports.dashboards", client.id, number)


def owner(world: World, client: ClientPlan, number: int) -> UUID:
    return world.people[(client.id + number) % len(world.people)]


def boards(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "dashboard_id", "name", "description", "user_id", "template_type", "layout_config",
               "filter_config", "is_public", "is_template", "created_at", "updated_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for number, board in enumerate(BOARDS):
        key = board_key(world, client, number)
        rows.append((key, client.id, f"dash_{key.hex[:8]}", board.name, board.description,
                     owner(world, client, number), board.template, dump({"columns": 12, "row_height": 48}),
                     dump({"range": {"type": "relative", "last": 12, "unit": "week", "offset": 0}}), number == 0,
                     client.id == 0, made_at(world), made_at(world)))  # fmt: skip
    return Batch("reports.dashboards", columns, rows)


def widgets(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "widget_id", "dashboard_id", "widget_type", "chart_type", "title", "data_source",
               "display_config", "position_config", "created_at", "updated_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for number, board in enumerate(BOARDS):
        for place, widget in enumerate(board.widgets):
            rows.append((world.key("reports.dashboard_widgets", client.id, number, place), client.id, widget.name,
                         board_key(world, client, number), widget.kind, widget.chart, widget.title,
                         dump(describe_source(world, client, board, widget)),
                         dump({"currency": client.currency} if widget.metrics else {}),
                         dump(dict(zip(("x", "y", "width", "height"), widget.place, strict=True))), made_at(world),
                         made_at(world)))  # fmt: skip
    return Batch("reports.dashboard_widgets", columns, rows)


def describe_source(world: World, client: ClientPlan, board: Board, widget: Widget) -> dict[str, Any]:
    """What the widget shows, by the names of the workflow's catalogue."""
    if widget.text is not None:
        return {"version": 1, "source": "static", "text": widget.text}
    return {
        "version": 1, "source": "amc",
        "workflow_ids": [str(world.key("reports.workflows", client.id, board.query))],
        "instance_ids": [str(world.key("reports.amc_instances", client.id, 0))],
        "metrics": [{"key": key} for key in widget.metrics], "dimensions": list(widget.dimensions), "grain": "weekly",
        "range": {"type": "relative", "last": 12, "unit": "week", "offset": 0}, "filters": [], "null_policy": "gap",
    }  # fmt: skip


def shares(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "dashboard_id", "shared_by_user_id", "shared_with_user_id", "permission_level",
               "created_at")  # fmt: skip
    rows = [(world.key("reports.dashboard_shares", client.id, number), client.id, board_key(world, client, number),
             owner(world, client, number), owner(world, client, number + 1), level, made_at(world))
            for number, level in enumerate(("view", "edit", "view"))]  # fmt: skip
    return Batch("reports.dashboard_shares", columns, rows)


def links(world: World, client: ClientPlan) -> Batch:
    """One link that works and one that was withdrawn; nobody has their tokens."""
    columns = ("id", "client_id", "dashboard_id", "name", "token_hash", "locked_filters", "expires_at", "allow_export",
               "revoked_at", "last_seen_at", "views", "created_by", "created_at")  # fmt: skip
    at = made_at(world)
    given: tuple[tuple[Any, ...], ...] = (
        (
            "Quarterly meeting",
            {"grain": "weekly"},
            at + timedelta(days=90),
            True,
            None,
            at + timedelta(hours=20),
            14,
        ),
        ("Trial for the founder", {}, None, False, at + timedelta(hours=8), at + timedelta(hours=6), 2),
    )
    rows: list[tuple[Any, ...]] = []
    for number, (name, filters, expires, export, revoked, seen, views) in enumerate(given):
        key = world.key("reports.dashboard_links", client.id, number)
        rows.append((key, client.id, board_key(world, client, 0), name, hashlib.sha256(key.bytes).digest(),
                     dump(filters), expires, export, revoked, seen, views, owner(world, client, 0), at))  # fmt: skip
    return Batch("reports.dashboard_links", columns, rows)


def schedules(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "dashboard_id", "name", "cron", "timezone", "format", "recipients", "filter_config",
               "is_active", "next_run_at", "last_run_at", "last_outcome", "created_by", "created_at",
               "updated_at")  # fmt: skip
    at, zone = made_at(world), ZoneInfo(client.timezone)
    monday = newest_week(world) + timedelta(days=7)
    sent = datetime.combine(monday, time(8), zone)
    following = monday + timedelta(days=7 * ((world.now.date() - monday).days // 7 + 1))
    people = [
        {"email": f"marketing@{client.slug}.example", "timezone": client.timezone, "filters": {}},
        {
            "email": f"finance@{client.slug}.example",
            "timezone": client.timezone,
            "filters": {"grain": "monthly"},
        },
    ]
    rows = [
        (world.key("reports.dashboard_schedules", client.id, 0), client.id, board_key(world, client, 0),
         "Figures of the week", "0 8 * * 1", client.timezone, "pdf", dump(people), dump({}), True,
         datetime.combine(following, time(8), zone), sent, "sent", owner(world, client, 0), at, at),
        (world.key("reports.dashboard_schedules", client.id, 1), client.id, board_key(world, client, 2),
         "Audiences of the month", "0 9 1 * *", client.timezone, "csv", dump(people[:1]), dump({"grain": "monthly"}),
         False, None, None, None, owner(world, client, 2), at, at),
    ]  # fmt: skip
    return Batch("reports.dashboard_schedules", columns, rows)
