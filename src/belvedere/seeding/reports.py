"""Data for the schema `reports`, and for how the team and a client talked."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from belvedere.seeding.reports_insights import fill_insights
from belvedere.seeding.reports_queries import QUERIES
from belvedere.seeding.reports_shown import fill_boards, owner
from belvedere.seeding.reports_talk import fill_talk
from belvedere.seeding.reports_weeks import PLANS, dump, fill_weeks, list_weeks, newest_week, read_newest
from belvedere.seeding.world import Batch, ClientPlan, World

MARKETPLACES = {
    "USD": "ATVPDKIKX0DER",
    "EUR": "A1PA6795UKMFR9",
    "GBP": "A1F83G8C2ARO7P",
    "JPY": "A1VC38T7YXB528",
}


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    yield from fill_talk(world, client)
    yield instances(world, client)
    yield workflows(world, client)
    yield from fill_weeks(world, client)
    yield from fill_boards(world, client)
    stored = [week for plan in PLANS for week in list_weeks(world, plan) if week.status == "completed"]
    yield from fill_insights(world, client, read_newest(world, client, 0, stored))


def instances(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "instance_id", "instance_name", "instance_type", "account_entity_id",
               "marketplace_id", "api_base_url", "timezone", "creation_status", "data_available_from", "last_data_at",
               "max_concurrency", "is_active", "created_at", "updated_at")  # fmt: skip
    newest = newest_week(world)
    made = world.now - timedelta(days=9)
    rows: list[tuple[Any, ...]] = []
    for number, (kind, name) in enumerate((("STANDARD", "reporting"), ("SANDBOX", "sandbox"))):
        key = world.key("reports.amc_instances", client.id, number)
        rows.append((key, client.id, f"amcr{key.hex[:7]}", f"{client.slug}-{name}", kind,
                     f"ENTITY{key.hex[8:20].upper()}", MARKETPLACES.get(client.currency, "ATVPDKIKX0DER"),
                     "https://advertising-api.amazon.example", client.timezone, "COMPLETED",
                     newest - timedelta(days=394), world.now - timedelta(hours=50), 10, number == 0, made,
                     made))  # fmt: skip
    return Batch("reports.amc_instances", columns, rows)


def workflows(world: World, client: ClientPlan) -> Batch:
    columns = ("id", "client_id", "workflow_id", "instance_id", "name", "description", "sql_query", "sql_hash",
               "version", "input_parameters", "output_columns", "metric_catalog", "time_basis", "restatement_days",
               "status", "created_by", "created_at", "updated_at")  # fmt: skip
    made = world.now - timedelta(days=9)
    rows: list[tuple[Any, ...]] = []
    for number, query in enumerate(QUERIES):
        rows.append((world.key("reports.workflows", client.id, number), client.id, query.workflow_id,
                     world.key("reports.amc_instances", client.id, 0), query.name, query.description, query.sql,
                     hashlib.sha256(query.sql.encode()).hexdigest(), 1, dump({}), dump(query.columns),
                     dump(query.catalog), query.time_basis, query.restatement_days, query.status,
                     owner(world, client, number), made, made))  # fmt: skip
    return Batch("reports.workflows", columns, rows)
