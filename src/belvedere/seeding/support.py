"""Data for the schema `support`: replies in versions and languages, with how they did."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from belvedere.seeding.world import Batch, ClientPlan, World


@dataclass(frozen=True, slots=True)
class Reply:
    key: str
    category: str
    texts: dict[str, tuple[str, str]]
    variables: dict[str, str]


REPLIES = (
    Reply("order_status", "shipping", {
        "en": ("Where is my order?", "Hello {{name}}, your order {{order}} left us on {{sent_on}}. You can follow it here: {{tracking}}."),
        "de": ("Wo ist meine Bestellung?", "Guten Tag {{name}}, Ihre Bestellung {{order}} ging am {{sent_on}} auf den Weg: {{tracking}}."),
    }, {"name": "text", "order": "text", "sent_on": "date", "tracking": "url"}),
    Reply("delivery_times", "shipping", {
        "en": ("How long does delivery take?", "Hello {{name}}, orders placed before noon leave the same day and arrive within {{days}} working days."),
        "de": ("Wie lange dauert die Lieferung?", "Guten Tag {{name}}, Bestellungen bis Mittag gehen am selben Tag hinaus und sind in {{days}} Werktagen da."),
    }, {"name": "text", "days": "number"}),
    Reply("returns_window", "returns", {
        "en": ("How can I return something?", "Hello {{name}}, you can send unused goods back until {{until}}. The label is here: {{label}}."),
        "de": ("Wie kann ich etwas zurückgeben?", "Guten Tag {{name}}, Sie können Unbenutztes bis {{until}} zurücksenden. Zum Etikett: {{label}}."),
    }, {"name": "text", "until": "date", "label": "url"}),
    Reply("refund_sent", "returns", {
        "en": ("When do I get my money back?", "Hello {{name}}, we sent {{amount}} back on {{sent_on}}. Banks take up to three working days."),
    }, {"name": "text", "amount": "money", "sent_on": "date"}),
    Reply("back_in_stock", "product", {
        "en": ("When will it be back in stock?", "Hello {{name}}, we expect {{product}} around {{expected}} and will write to you then."),
    }, {"name": "text", "product": "text", "expected": "date"}),
    Reply("size_advice", "product", {
        "en": ("Which size fits me?", "Hello {{name}}, between two sizes choose the larger one. The first exchange is free."),
    }, {"name": "text"}),
    Reply("damaged_parcel", "shipping", {
        "en": ("My parcel arrived damaged", "Hello {{name}}, we are sorry. A replacement for {{order}} leaves today; please keep the packaging for {{days}} days."),
    }, {"name": "text", "order": "text", "days": "number"}),
    Reply("invoice_copy", "billing", {
        "en": ("I need an invoice", "Hello {{name}}, here is the invoice for {{order}}: {{invoice}}."),
    }, {"name": "text", "order": "text", "invoice": "url"}),
)  # fmt: skip
GERMAN_SPEAKING = frozenset({"EUR", "CHF"})
COLUMNS = (
    "id", "client_id", "key", "locale", "version", "title", "body", "variables", "category", "status", "author_id",
    "approver_id", "approved_at", "retired_at", "short_code", "chatwoot_id", "use_count", "edited_count",
    "resolved_count", "reopened_count", "rated_count", "rating_sum", "last_used_at", "created_at", "updated_at",
)  # fmt: skip


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    rows: list[tuple[object, ...]] = []
    for number, reply in enumerate(REPLIES):
        for locale in reply.texts:
            if locale == "en" or client.currency in GERMAN_SPEAKING:
                rows.extend(versions(world, client, number, locale))
    yield Batch("support.support_curated_replies", COLUMNS, rows)


def versions(world: World, client: ClientPlan, number: int, locale: str) -> Iterator[tuple[object, ...]]:
    """The version in use; before every third a retired one, after every fourth a draft."""
    in_use = 2 if number % 3 == 0 else 1
    if in_use == 2:
        yield row(world, client, number, locale, 1, "retired")
    yield row(world, client, number, locale, in_use, "approved")
    if number % 4 == 1:
        yield row(world, client, number, locale, in_use + 1, "draft")


def writers(world: World, number: int) -> tuple[UUID | None, UUID]:
    """Author and approver, never the same; with one person alone the texts count as imported."""
    approver = world.people[number % len(world.people)]
    author = world.people[(number + 1) % len(world.people)]
    return (None if author == approver else author), approver


def row(
    world: World, client: ClientPlan, number: int, locale: str, version: int, status: str
) -> tuple[object, ...]:
    reply, began = REPLIES[number], world.now - timedelta(days=world.days)
    title, body = reply.texts[locale]
    if status == "retired":
        body = body.replace("Hello {{name}}, ", "").replace("Guten Tag {{name}}, ", "")
    author, approver = writers(world, number)
    written = began + timedelta(hours=number, minutes=version)
    approved = status != "draft"
    retired = written + timedelta(hours=14) if status == "retired" else None
    variables = {
        name: {"type": kind, "required": True}
        for name, kind in reply.variables.items()
        if f"{{{{{name}}}}}" in body
    }
    posted = status == "approved"
    return (
        world.key("support.support_curated_replies", client.id, number, locale, version), client.id, reply.key, locale,
        version, title, body, json.dumps(variables), reply.category, status, author, approver if approved else None,
        written + timedelta(minutes=40) if approved else None, retired,
        reply.key.replace("_", "-") if posted else None, client.id * 100 + number if posted else None,
        *outcome(world, client, number, locale, status, retired), written, retired or written,
    )  # fmt: skip


def outcome(
    world: World, client: ClientPlan, number: int, locale: str, status: str, retired: datetime | None
) -> tuple[object, ...]:
    """Counts that fit into each other, and the last use."""
    if status == "draft":
        return 0, 0, 0, 0, 0, 0, None
    chance = world.random("support.support_curated_replies", client.id, number, locale, status)
    used = chance.randint(1, 6) if retired else chance.randint(2, 5 + world.days)
    resolved = int(used * chance.uniform(0.6, 0.9))
    rated = int(used * chance.uniform(0.1, 0.4))
    last = retired or world.now - timedelta(minutes=chance.randint(5, 600))
    ratings = sum(chance.choice((3, 4, 4, 5, 5, 5)) for _ in range(rated))
    return (
        used,
        int(used * chance.uniform(0, 0.4)),
        resolved,
        int((used - resolved) * 0.5),
        rated,
        ratings,
        last,
    )
