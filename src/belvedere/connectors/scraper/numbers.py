"""Numbers on web pages, in the notation that was declared for the page. No input or output."""

import re
from decimal import Decimal
from enum import StrEnum

from belvedere.core.percents import Scale, to_percent

MAX_LENGTH = 40
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009\u2007]+")


class NumberLocale(StrEnum):
    """`en`: 1,234.5 · `de`: 1.234,5."""

    EN = "en"
    DE = "de"


_MARKS = {NumberLocale.EN: (",", "."), NumberLocale.DE: (".", ",")}
_SHAPES = {
    locale: re.compile(
        rf"[+-]?(\d+|[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+)(?:{re.escape(point)}\d+)?", re.ASCII
    )
    for locale, (group, point) in _MARKS.items()
}


def parse_localised(text: str, locale: NumberLocale) -> Decimal:
    """The number that `text` is in this notation; raises ValueError in words for a person."""
    compact = _SPACES.sub("", text).replace("\u2212", "-")
    group, point = _MARKS[locale]
    if not compact:
        raise ValueError("the cell is empty")
    if len(compact) > MAX_LENGTH or not _SHAPES[locale].fullmatch(compact):
        raise ValueError(f"“{text.strip()[:MAX_LENGTH]}” is not a number written like 1{group}234{point}5")
    return Decimal(compact.replace(group, "").replace(point, "."))


def parse_rate(text: str, locale: NumberLocale, scale: Scale) -> Decimal:
    """A rate as percent. A percent sign may stand behind it unless fractions were declared."""
    bare = text.strip()
    if bare.endswith("%"):
        if scale is Scale.FRACTION:
            raise ValueError(
                f"“{bare[:MAX_LENGTH]}” carries a percent sign, but the page was declared to show fractions"
            )
        bare = bare[:-1]
    return to_percent(parse_localised(bare, locale), scale)
