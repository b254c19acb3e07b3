"""Names that the seeded campaigns, automations and themes carry."""

from collections.abc import Mapping

CAMPAIGN_TOPICS: Mapping[str, tuple[str, ...]] = {
    "brandt": (
        "Herbströstung",
        "Äthiopien Yirgacheffe",
        "Espresso „Nachtfahrt“",
        "Siebträger-Kurs",
        "Adventkalender",
        "Kaffee-Abo",
        "Röstfrisch aus Wien",
        "Mühlen & Zubehör",
        "Melange-Wochen",
    ),
    "marlow": (
        "Wool edit",
        "Oxford shirts",
        "The Finch overcoat",
        "Made-to-measure",
        "Autumn lookbook",
        "Cashmere care",
        "Archive sale",
        "Café Society knitwear",
        "Wedding season",
        "House loafers",
    ),
    "tidewater": (
        "Rain shells",
        "Trail runners",
        "Kayak season",
        "Basecamp tents",
        "Merino layers",
        "Fly fishing",
        "Headlamps",
        "Cold-water gear",
        "Day packs",
        "Camp kitchen",
        "Winter boots",
        "Refurbished gear",
    ),
}

CAMPAIGN_ANGLES: Mapping[str, tuple[str, ...]] = {
    "de": (
        "ist wieder da ☕",
        "– nur dieses Wochenende",
        "für Frühaufsteher",
        "20 % für Stammgäste",
        "| Newsletter",
        "– Nachlieferung eingetroffen",
        "🎁 Geschenkidee",
        "– letzte Plätze",
    ),
    "en": (
        "is back in stock",
        "– weekend only",
        "early access 🔑",
        "20% for members",
        "| newsletter",
        "– last sizes",
        "🎁 gift guide",
        "new arrivals ✨",
        "restock reminder",
        "staff picks",
        "– ends tonight",
    ),
}

AUTOMATIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "de": (
        ("Willkommensserie", "contact.subscribed"),
        ("Warenkorb vergessen", "cart.abandoned"),
        ("Nach dem Kauf: Brühanleitung", "order.fulfilled"),
        ("Geburtstagsgruß 🎂", "contact.birthday"),
        ("Wir vermissen Sie", "contact.inactive"),
        ("Produkt wieder verfügbar", "product.backInStock"),
    ),
    "en": (
        ("Welcome series", "contact.subscribed"),
        ("Abandoned cart", "cart.abandoned"),
        ("Browse abandonment", "product.viewed"),
        ("Post-purchase care", "order.fulfilled"),
        ("Win-back 90 days", "contact.inactive"),
        ("Back in stock", "product.backInStock"),
        ("Birthday 🎂", "contact.birthday"),
    ),
}

THEMES: Mapping[str, tuple[str, str, str, str]] = {
    "brandt": ("Brandt Herbst 2026", "Brandt Advent 2026", "Preview of Dawn", "Brandt Sommer 2026"),
    "marlow": ("Finch 4.2", "Finch 5.0 – new product page", "Preview of Prestige", "Finch 4.1 backup"),
    "tidewater": (
        "Tidewater Core",
        "Core (Black Friday)",
        "Preview of Impulse",
        "Tidewater Core 2025",
    ),
}
