"""Data for the schema `knowledge`: policies and handbooks in versions, cut into chunks with vectors."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from belvedere.seeding.knowledge_texts import SHEETS, Sheet
from belvedere.seeding.world import Batch, ClientPlan, World

MODEL, DIMS = "bge-small-en-v1.5", 384
NEXT_MODEL, NEXT_DIMS = "bge-base-en-v1.5", 768
FAILED, DELETED = len(SHEETS), len(SHEETS) + 1
"""Numbers of the document that could not be read and of the one that is gone."""


@dataclass(frozen=True, slots=True)
class Chunk:
    position: int
    start: int
    end: int
    heading: str
    content: str


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    yield documents(world, client)
    yield chunks(world, client)
    yield models(world, client)
    yield embeddings(world, client)
    yield facts(world, client)


def began(world: World) -> datetime:
    return world.now - timedelta(days=world.days)


def document_id(world: World, client: ClientPlan, number: int) -> UUID:
    return world.key("knowledge.knowledge_documents", client.id, number)


def text_of(sheet: Sheet, client: ClientPlan) -> str:
    return "\n\n".join(f"{heading}\n{body}" for heading, body in sections(sheet, client))


def sections(sheet: Sheet, client: ClientPlan) -> list[tuple[str, str]]:
    return [(heading, body.replace("{shop}", client.name)) for heading, body in sheet.sections]


def cut(sheet: Sheet, client: ClientPlan) -> list[Chunk]:
    """A chunk for each section; offsets count characters of the whole text."""
    whole, found, place = text_of(sheet, client), [], 0
    for position, (heading, body) in enumerate(sections(sheet, client)):
        start = whole.index(body, place)
        place = start + len(body)
        found.append(Chunk(position, start, place, f"{sheet.title} > {heading}", body))
    return found


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def documents(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "client_id", "source", "external_id", "uri", "title", "content_hash", "version", "language", "status",
        "error_message", "deleted_at", "visibility", "allowed_users", "allowed_roles", "size_bytes", "added_by",
        "source_updated_at", "fetched_at", "indexed_at", "created_at", "updated_at",
    )  # fmt: skip
    made: list[tuple[object, ...]] = []
    for number, sheet in enumerate(SHEETS):
        made.append(ready(world, client, number, sheet))
        if number % 3 == 0:
            made.append(superseded(world, client, number, sheet))
    return Batch(
        "knowledge.knowledge_documents", columns, [*made, unreadable(world, client), gone(world, client)]
    )


def ready(world: World, client: ClientPlan, number: int, sheet: Sheet) -> tuple[object, ...]:
    at, text = began(world) + timedelta(hours=number + 1), text_of(sheet, client)
    return (
        document_id(world, client, number), client.id, sheet.source, sheet.key,
        f"https://{client.slug}.example/pages/{sheet.key}" if sheet.source == "web" else None, sheet.title, sha256(text),
        2 if number % 3 == 0 else 1, "en", "ready", None, None, sheet.visibility,
        [world.people[0]] if sheet.visibility == "listed" else [], ["operator"] if sheet.visibility == "listed" else [],
        len(text.encode()), world.people[number % len(world.people)] if sheet.source == "upload" else None,
        at - timedelta(days=3), at, at + timedelta(seconds=9), at, at,
    )  # fmt: skip


def superseded(world: World, client: ClientPlan, number: int, sheet: Sheet) -> tuple[object, ...]:
    """The version before: its words are kept by their hash alone."""
    at, text = began(world) + timedelta(minutes=number), f"{sheet.title}\n{sheet.sections[0][1]}"
    return (
        world.key("knowledge.knowledge_documents", client.id, number, "before"), client.id, sheet.source, sheet.key, None,
        sheet.title, sha256(text), 1, "en", "superseded", None, None, sheet.visibility, [], [], len(text.encode()), None,
        None, at, at, at, at,
    )  # fmt: skip


def unreadable(world: World, client: ClientPlan) -> tuple[object, ...]:
    at, name = began(world) + timedelta(hours=20), "catalogue-scan.pdf"
    return (
        document_id(world, client, FAILED), client.id, "upload", name, None, "Catalogue (scan)", sha256(client.slug + name),
        1, "und", "failed", "The file holds pictures of pages and no text.", None, "staff", [], [], 8_412_774,
        world.people[0], None, at, None, at, at,
    )  # fmt: skip


def gone(world: World, client: ClientPlan) -> tuple[object, ...]:
    at = began(world) + timedelta(hours=2)
    return (
        document_id(world, client, DELETED), client.id, "web", "spring-sale", f"https://{client.slug}.example/pages/spring-sale",
        "Spring sale terms", sha256(client.slug + "spring"), 1, "en", "deleted", None, at + timedelta(hours=14), "client",
        [], [], 1920, None, at, at, at, at, at + timedelta(hours=14),
    )  # fmt: skip


def numbered(world: World, client: ClientPlan) -> Iterator[tuple[UUID, UUID, Chunk]]:
    """Every chunk with its document's key and its own; `n` of its key counts over the client."""
    count = 0
    for number, sheet in enumerate(SHEETS):
        for chunk in cut(sheet, client):
            yield (
                document_id(world, client, number),
                world.key("knowledge.knowledge_chunks", client.id, count),
                chunk,
            )
            count += 1


def chunks(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "client_id", "document_id", "position", "start_offset", "end_offset", "heading", "content", "token_count",
        "search_config", "created_at",
    )  # fmt: skip
    at = began(world) + timedelta(hours=12)
    rows = [
        (key, client.id, document, chunk.position, chunk.start, chunk.end, chunk.heading, chunk.content,
         len(chunk.content.split()) * 4 // 3, "english", at)
        for document, key, chunk in numbered(world, client)
    ]  # fmt: skip
    return Batch("knowledge.knowledge_chunks", columns, rows)


def models(world: World, client: ClientPlan) -> Batch:
    """The model that answers, and its successor that is being filled."""
    columns = ("id", "client_id", "model_id", "dims", "is_serving", "settings", "created_at", "updated_at")
    at = began(world)
    rows: list[tuple[object, ...]] = [
        (world.key("knowledge.knowledge_models", client.id, number), client.id, model, dims, number == 0,
         '{"normalised": true}', at, at)
        for number, (model, dims) in enumerate(((MODEL, DIMS), (NEXT_MODEL, NEXT_DIMS)))
    ]  # fmt: skip
    return Batch("knowledge.knowledge_models", columns, rows)


def embeddings(world: World, client: ClientPlan) -> Batch:
    columns = ("client_id", "chunk_id", "model_id", "dims", "embedding", "content_hash", "created_at")
    at = began(world) + timedelta(hours=13)
    rows = [
        (client.id, key, MODEL, DIMS, direction(world, client, number), sha256(chunk.content), at)
        for number, (_document, key, chunk) in enumerate(numbered(world, client))
    ]
    return Batch("knowledge.knowledge_embeddings", columns, rows)


def direction(world: World, client: ClientPlan, number: int) -> list[float]:
    """A vector of length one."""
    chance = world.random("knowledge.knowledge_embeddings", client.id, number)
    raw = [chance.gauss(0, 1) for _ in range(DIMS)]
    length = math.sqrt(sum(part * part for part in raw))
    return [round(part / length, 7) for part in raw]


def facts(world: World, client: ClientPlan) -> Batch:
    """What searches filter by: topic, audience, minutes to read, the day of the last review."""
    columns = (
        "id", "client_id", "document_id", "key", "value_text", "value_number", "value_date", "created_at",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for number, sheet in enumerate(SHEETS):
        reviewed = (began(world) - timedelta(days=number * 11)).date()
        minutes = len(text_of(sheet, client).split()) / 200
        for key, *values in (
            ("topic", sheet.topic, None, None),
            ("audience", sheet.visibility, None, None),
            ("minutes_to_read", None, round(minutes, 1), None),
            ("reviewed_on", None, None, reviewed),
        ):
            identity = world.key("knowledge.knowledge_metadata", client.id, number, key)
            rows.append((identity, client.id, document_id(world, client, number), key, *values, began(world)))
    return Batch("knowledge.knowledge_metadata", columns, rows)
