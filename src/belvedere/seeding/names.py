"""Names of made-up clients and people; the same number always has the same name."""

from dataclasses import dataclass

_FIRST = (
    "Harbour", "Alder", "Copper", "Lumen", "Juniper", "Granite", "Saffron", "Willow", "Cobalt", "Ember", "Nordlicht",
    "Maison", "Olive", "Quarry", "Thistle", "Velvet",
)  # fmt: skip
_SECOND = (
    "Outfitters", "Roasters", "Ceramics", "Botanics", "Cycles", "Optics", "Textiles", "Provisions", "Instruments",
    "Bakehouse", "Skincare", "Stationers", "Gardens", "Audio", "Footwear", "Pets",
)  # fmt: skip
_PLACES = (
    ("EUR", "Europe/Berlin", "de"), ("USD", "America/New_York", "en"), ("GBP", "Europe/London", "en"),
    ("EUR", "Europe/Paris", "fr"), ("USD", "America/Los_Angeles", "en"), ("JPY", "Asia/Tokyo", "ja"),
    ("CHF", "Europe/Zurich", "de"), ("AUD", "Australia/Sydney", "en"),
)  # fmt: skip
_GIVEN = (
    "Mara",
    "Jonas",
    "Aiko",
    "Pedro",
    "Nadia",
    "Owen",
    "Lena",
    "Tariq",
    "Greta",
    "Silvio",
    "Ines",
    "Kofi",
)
_FAMILY = (
    "Lindqvist",
    "Okafor",
    "Brandt",
    "Moreau",
    "Tanaka",
    "Hughes",
    "Castillo",
    "Novak",
    "Fischer",
    "Adeyemi",
)


@dataclass(frozen=True, slots=True)
class ClientName:
    name: str
    slug: str
    currency: str
    timezone: str
    locale: str


def name_client(number: int) -> ClientName:
    """The client with this number, counted from 0; names repeat with a figure behind them after 256 clients."""
    first, second = _FIRST[number % 16], _SECOND[(number // 16 + number * 5) % 16]
    again = number // (len(_FIRST) * len(_SECOND))
    name = f"{first} {second}" + (f" {again + 1}" if again else "")
    currency, timezone, locale = _PLACES[number % len(_PLACES)]
    return ClientName(name, name.lower().replace(" ", "-"), currency, timezone, locale)


def name_person(number: int) -> str:
    return f"{_GIVEN[number % len(_GIVEN)]} {_FAMILY[(number // len(_GIVEN) + number * 3) % len(_FAMILY)]}"
