"""The one metadata of the whole database, and the column shapes that every domain repeats.

Domains define plain SQLAlchemy Core tables on `metadata` in their `tables.py`; there are no ORM classes, because
lists, ingest and watching never load objects.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
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


def uuid_key(name: str = "id") -> Column[object]:
    return Column(name, UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"))


def identity_key(name: str = "id") -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=True)


def tenant(*, checked: bool = True) -> Column[int]:
    """`client_id`: the tenant of the row; 0 is the agency itself.

    Bulk rows pass `checked=False`: the composite key to their parent already proves the client, and a second check for
    each row costs a third of an ingest.
    """
    reference = [ForeignKey("core.clients.id", ondelete="CASCADE")] if checked else []
    return Column("client_id", Integer, *reference, nullable=False, server_default=text("0"))


def instant(name: str, *, required: bool = False, now: bool = False) -> Column[object]:
    default = text("now()") if now else None
    return Column(name, DateTime(timezone=True), nullable=not (required or now), server_default=default)


def created_at() -> Column[object]:
    return instant("created_at", now=True)


def updated_at() -> Column[object]:
    """Kept by the trigger `core.update_updated_at_column`, so that hand-written SQL keeps it too."""
    return instant("updated_at", now=True)


def document(name: str, default: str | None = "'{}'::jsonb", *, required: bool = True) -> Column[object]:
    return Column(name, JSONB, nullable=not required, server_default=text(default) if default else None)


def one_of(column: str, words: type | tuple[str, ...]) -> str:
    """SQL of a CHECK that a text column holds one of the words of a `StrEnum` or a tuple."""
    values = [str(word) for word in words]  # type: ignore[union-attr]
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
