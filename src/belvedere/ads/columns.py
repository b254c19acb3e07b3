"""Column shapes that the tables of ads repeat."""

from typing import Any

from sqlalchemy import CHAR, Column, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID

from belvedere.core.schema import ratio

MONEY = Numeric(26, 6)
"""Whole units of a currency, exact to a millionth: wide enough for every BIGINT of minor units in any currency."""

COUNT = Numeric(18, 6)
"""Counts that platforms report in fractions, because models share one sale among several clicks."""

SHARE = Numeric(7, 6)
"""A probability from 0 to 1."""

SCHEMA = "ads"
UPPER_WORDS = "^[A-Z][A-Z0-9_]*$"
LOWER_WORDS = "^[a-z][a-z0-9_]*$"
CURRENCY_WORDS = "^[A-Z]{3}$"


def whole_cents(top: str, bottom: str) -> str:
    """SQL of a quotient in whole cents, a half rounded away from zero; NULL too where it is past BIGINT."""
    exact = ratio(top, bottom, 0)
    return f"CASE WHEN abs({exact}) <= 9223372036854775807 THEN ({exact})::bigint END"


def currency(comment: str, *, required: bool = False) -> Column[Any]:
    return Column("currency", CHAR(3), nullable=not required, comment=comment)


def reference(name: str, comment: str, *, required: bool = False) -> Column[Any]:
    """A column that holds the key of another row; its foreign key stands with the table's constraints."""
    return Column(name, UUID(as_uuid=True), nullable=not required, comment=comment)


def words(name: str, comment: str, *, required: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=not required, comment=comment)
