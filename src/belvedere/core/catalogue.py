"""What stands in the database, read from PostgreSQL's own catalogue: the one source for reference, browser and exports.

Everything here is as the asking role sees it: a column without a grant says so, and so does a table without a policy.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

import orjson
import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from belvedere.core.errors import NotFound

SCHEMAS = ("core", "watch", "ads", "agents", "knowledge", "inventory", "support", "outreach", "reports")
"""The schemas of the product. The queue's own, `jobs`, is no part of it."""

ABOUT = {
    "core": "Clients, people, channels, events, logs and the audit log: what every domain leans on.",
    "watch": "What was fetched, when, for whom, and what the rules found in it.",
    "ads": "Campaigns, their figures over time, recommendations, budgets and actions.",
    "agents": "Runs of agents, approvals, feedback and quality checks.",
    "knowledge": "Documents, their parts and what is searched in them.",
    "inventory": "Stock, reorder points and lead times.",
    "support": "Conversations and curated replies.",
    "outreach": "Leads, analyses, campaigns, messages and answers.",
    "reports": "Dashboards, widgets, collections, aggregates and insights.",
}
VIEWS = ("view", "materialised view")


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column. `category` is what filters and pages go by: integer, number, text, boolean, uuid, instant, date, time,
    json, list, bytes or other.
    """

    name: str
    type: str
    category: str
    not_null: bool = False
    default: str | None = None
    generated: str | None = None
    identity: str | None = None
    comment: str | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Constraint:
    """`kind` is PostgreSQL's letter: p primary key, u unique, f foreign key, c check, x exclusion."""

    name: str
    kind: str
    definition: str
    columns: tuple[str, ...]
    ref_schema: str | None = None
    ref_table: str | None = None
    ref_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """`key`: the index of a key, which its constraint already names."""

    name: str
    definition: str
    unique: bool
    key: bool


@dataclass(frozen=True, slots=True)
class TriggerInfo:
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    name: str
    verb: str
    roles: tuple[str, ...]
    sees: str | None
    check: str | None
    permissive: bool = True


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view. `estimate` is PostgreSQL's own count, None before the first; `made` orders by creation."""

    schema: str
    name: str
    kind: str
    columns: tuple[ColumnInfo, ...]
    comment: str | None = None
    estimate: int | None = None
    bytes: int | None = None
    parted_by: str | None = None
    parts: int | None = None
    row_security: bool = False
    row_security_forced: bool = False
    readable: bool = True
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[IndexInfo, ...] = ()
    triggers: tuple[TriggerInfo, ...] = ()
    policies: tuple[PolicyInfo, ...] = ()
    definition: str | None = None
    made: int = field(default=0, compare=False)

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def is_view(self) -> bool:
        return self.kind in VIEWS

    @property
    def primary_key(self) -> tuple[str, ...]:
        return next((key.columns for key in self.constraints if key.kind == "p"), ())

    @property
    def foreign_keys(self) -> tuple[Constraint, ...]:
        return tuple(key for key in self.constraints if key.kind == "f")

    def column(self, name: str) -> ColumnInfo | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Need:
    """A statement that has to run before the relations can be made, and the schema that its thing stands in."""

    schema: str
    statement: str


@cache
def catalogue_sql(name: str = "catalogue.sql") -> str:
    return (resources.files("belvedere.core.sql") / name).read_text()


def parameters(
    schemas: Iterable[str] = SCHEMAS, names: Iterable[str] | None = None, *, whole: bool = True
) -> dict[str, Any]:
    return {"schemas": list(schemas), "names": None if names is None else list(names), "whole": whole}


def relation_of(found: str) -> Relation:
    """A relation out of one row of the statement."""
    raw: dict[str, Any] = orjson.loads(found)
    raw["columns"] = tuple(ColumnInfo(**column) for column in raw["columns"])
    raw["constraints"] = tuple(constraint_of(key) for key in raw["constraints"])
    raw["indexes"] = tuple(IndexInfo(**index) for index in raw["indexes"] or ())
    raw["triggers"] = tuple(TriggerInfo(**trigger) for trigger in raw["triggers"] or ())
    raw["policies"] = tuple(
        PolicyInfo(**{**policy, "roles": tuple(policy["roles"])}) for policy in raw["policies"] or ()
    )
    return Relation(**raw)


def constraint_of(raw: dict[str, Any]) -> Constraint:
    return Constraint(
        **{**raw, "columns": tuple(raw["columns"]), "ref_columns": tuple(raw["ref_columns"] or ())}
    )


async def read_relations(
    session: AsyncSession,
    schemas: Sequence[str] = SCHEMAS,
    names: Sequence[str] | None = None,
    *,
    whole: bool = True,
) -> list[Relation]:
    """The relations of some schemas, in the order of the schemas and then by name.

    Definitions are read with an empty search path, so that every name in them is whole.
    """
    kept = (await session.execute(text("SELECT current_setting('search_path')"))).scalar_one()
    await session.execute(text("SELECT set_config('search_path', 'pg_catalog', true)"))
    found = await session.execute(text(catalogue_sql()), parameters(schemas, names, whole=whole))
    relations = [relation_of(row.found) for row in found]
    await session.execute(text("SELECT set_config('search_path', :kept, true)"), {"kept": kept})
    return relations


def read_with(
    connection: psycopg.Connection[Any], schemas: Sequence[str] = SCHEMAS, names: Sequence[str] | None = None
) -> list[Relation]:
    """The same over a plain connection, for commands and tools; the search path goes back with the transaction."""
    statement = re.sub(r"(?<!:):(schemas|names|whole)\b", r"%(\1)s", catalogue_sql()).encode()
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog")
        found = connection.cursor(row_factory=tuple_row).execute(statement, parameters(schemas, names))
        return [relation_of(row[0]) for row in found]


def read_needs(connection: psycopg.Connection[Any], schemas: Sequence[str] = SCHEMAS) -> list[Need]:
    """The ranges and functions that defaults, checks, indexes and views of the schemas call, in the order to make them."""
    plain = catalogue_sql("catalogue_needs.sql").replace("%", "%%")
    statement = re.sub(r"(?<!:):(schemas|every)\b", r"%(\1)s", plain).encode()
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog")
        wanted = {"schemas": list(schemas), "every": list(SCHEMAS)}
        found = connection.cursor(row_factory=tuple_row).execute(statement, wanted)
        return [Need(home, words) for home, words in found]


async def find_relation(session: AsyncSession, schema: str, name: str) -> Relation:
    """One relation; NotFound names what is near."""
    found = await read_relations(session, [schema], [name]) if schema in SCHEMAS else []
    if found:
        return found[0]
    everything = await read_relations(session, whole=False)
    raise unknown(f"{schema}.{name}", [relation.full_name for relation in everything])


def unknown(word: str, known: Sequence[str]) -> NotFound:
    """The refusal of a name that does not stand, with the nearest that do."""
    return NotFound(f"There is no table {word}.{near_words(word, known)}", code="table_unknown")


def near_words(word: str, known: Sequence[str]) -> str:
    """A sentence with the nearest names, whole or without their schema; empty when none is near."""
    bare = {name.partition(".")[2]: name for name in known if "." in name}
    near = get_close_matches(word, known, n=3, cutoff=0.6)
    near += [bare[match] for match in get_close_matches(word.rpartition(".")[2], list(bare), n=3, cutoff=0.7)]
    return f" Did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""


def choose(relations: Sequence[Relation], word: str) -> list[Relation]:
    """What a word names among all relations: a schema, `schema.table`, or a table name that stands in one schema only."""
    found = [
        relation for relation in relations if word in (relation.schema, relation.full_name, relation.name)
    ]
    whole = [relation for relation in found if word != relation.name or word == relation.schema]
    if word in SCHEMAS or len(found) == 1:
        return whole or found
    if found:
        names = " and ".join(relation.full_name for relation in found)
        raise NotFound(f"{word} stands in several schemas: {names}. Name one whole.", code="table_unknown")
    raise unknown(word, [*SCHEMAS, *(relation.full_name for relation in relations)])
