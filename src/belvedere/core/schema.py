"""The one metadata of the whole database, and the column shapes that every domain repeats.

Domains define plain SQLAlchemy Core tables on `metadata` in their `tables.py`; there are no ORM classes, because
lists, ingest and watching never load objects.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

AGENCY = 0
"""The agency is client 0: rows that belong to no customer carry it, and only agency staff see them."""

NEWEST = (text("created_at DESC"), text("id DESC"))
"""Ends an index that lists are read along, newest first."""


def uuid_key(name: str = "id", comment: str = "Key of the row.") -> Column[object]:
    return Column(
        name, UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"), comment=comment
    )


def identity_key(name: str = "id", comment: str = "Key of the row, counted up.") -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=True, comment=comment)


def tenant(*, checked: bool = True) -> Column[int]:
    """`client_id`: the tenant of the row; 0 is the agency itself.

    Bulk rows pass `checked=False`: the composite key to their parent already proves the client, and a second check for
    each row costs a third of an ingest.
    """
    reference = [ForeignKey("core.clients.id", ondelete="CASCADE")] if checked else []
    return Column(
        "client_id", Integer, *reference, nullable=False, server_default=text("0"),
        comment="Client the row belongs to; 0 is the agency itself.",
    )  # fmt: skip


def instant(
    name: str, *, required: bool = False, now: bool = False, comment: str | None = None
) -> Column[object]:
    default = text("now()") if now else None
    return Column(
        name, DateTime(timezone=True), nullable=not (required or now), server_default=default, comment=comment
    )


def created_at() -> Column[object]:
    return instant("created_at", now=True, comment="When the row was written (UTC).")


def updated_at() -> Column[object]:
    """Kept by the trigger `core.update_updated_at_column`, so that hand-written SQL keeps it too."""
    return instant("updated_at", now=True, comment="When the row last changed (UTC); kept by a trigger.")


def document(
    name: str, default: str | None = "'{}'::jsonb", *, required: bool = True, comment: str | None = None
) -> Column[object]:
    return Column(
        name, JSONB, nullable=not required, server_default=text(default) if default else None, comment=comment
    )


def derived(name: str, expression: str, *, kind: Any = None, comment: str) -> Column[Any]:
    """A column that PostgreSQL computes and stores; nobody can write it, so it can never disagree with its row."""
    return Column(name, kind or Numeric(), Computed(expression, persisted=True), comment=comment)


def ratio(top: str, bottom: str, places: int = 6) -> str:
    """SQL of a quotient that is exact to `places` at any size; NULL when a side is missing or the lower one is zero.

    PostgreSQL divides to 16 significant digits, too few where a large number meets a small one; forty digits behind
    the point in the upper number carry the division past every place that rounding can see.
    """
    return f"round(({top})::numeric(90, 40) / NULLIF(({bottom})::numeric, 0), {places})"


def belongs_to(column: str, parent: str, *, name: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key to a tenant's parent row that carries the client, so that no child can point across clients.

    `parent` is `schema.table`; it must have UNIQUE (client_id, id). Checks of foreign keys do not see row policies.
    """
    return ForeignKeyConstraint(
        ["client_id", column], [f"{parent}.client_id", f"{parent}.id"], name=name, ondelete=ondelete
    )


def one_of(column: str, words: type | tuple[str, ...]) -> str:
    """SQL of a CHECK that a text column holds one of the words of a `StrEnum` or a tuple."""
    values = [str(word) for word in words]  # type: ignore[union-attr]
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
