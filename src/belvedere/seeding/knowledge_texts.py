"""Texts of the made-up knowledge base: shop policies and house rules, as sections of sentences."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document: sections of heading and text; `{shop}` stands for the client's name."""

    key: str
    title: str
    source: str
    topic: str
    visibility: str
    sections: tuple[tuple[str, str], ...]


SHEETS = (
    Sheet("shipping", "Shipping and delivery", "web", "shipping", "client", (
        ("Times", ("Orders placed before noon leave our warehouse the same day. Parcels inside the country take two working days;"
         " to the rest of the continent they take three to five. {shop} sends the tracking link by e-mail as soon as the"
         " carrier has scanned the parcel.")),
        ("Costs", ("Delivery is free from a basket of 60. Below that it costs 4.90, whatever the weight. Bulky goods are"
         " sent by a forwarder who calls to agree on a day.")),
        ("Lost parcels", ("A parcel without a scan for five working days counts as lost. We send a replacement at once and"
         " settle the claim with the carrier ourselves.")),
    )),
    Sheet("returns", "Returns and refunds", "web", "returns", "client", (
        ("Window", ("Unused goods can be sent back within thirty days of delivery. In December the window is extended to the"
         " end of January, so that gifts can be returned.")),
        ("How", ("The return label is in the customer account under orders. {shop} refunds to the original means of payment"
         " within three working days of arrival.")),
        ("Exceptions", "Made-to-order pieces, opened cosmetics and vouchers are excluded unless they are faulty."),
    )),
    Sheet("warranty", "Warranty and repairs", "upload", "returns", "client", (
        ("Term", "Every product carries a warranty of two years from delivery. Normal wear is not covered."),
        ("Repairs", ("We repair before we replace. A repair takes ten working days on average; spare parts are kept for"
         " seven years after a product leaves the range.")),
    )),
    Sheet("care", "Care guide", "upload", "product", "client", (
        ("Daily use", "Wipe with a soft, damp cloth. Avoid solvents and abrasive sponges, which dull the surface."),
        ("Storage", "Keep dry and away from direct sunlight. Natural materials darken with time; this is no defect."),
    )),
    Sheet("sizes", "Size guide", "shopify", "product", "client", (
        ("Measuring", ("Measure over light clothing and compare with the table on the product page. Between two sizes,"
         " choose the larger one.")),
        ("Exchange", "The first exchange for another size is free of charge. {shop} reserves the new size for ten days."),
    )),
    Sheet("voice", "Brand voice", "google_drive", "brand", "staff", (
        ("Tone", "{shop} speaks calmly and to the point. We say what a thing does before we say how it feels."),
        ("Words", "We avoid superlatives and countdowns. Prices are never called cheap; goods are never called exclusive."),
    )),
    Sheet("ads", "Paid media playbook", "google_drive", "advertising", "staff", (
        ("Budgets", ("Prospecting receives 65 percent of the budget, retargeting 20 and brand search the rest. A single change"
         " moves a budget by at most a fifth.")),
        ("Pauses", "Campaigns are paused when stock of the advertised product covers less than ten days of demand."),
        ("Review", "Each Monday we compare the store's revenue with what the platforms claim and note the difference."),
    )),
    Sheet("support", "Support handbook", "upload", "support", "listed", (
        ("First answer", "Every message is answered within four working hours. Say what happens next and by when."),
        ("Escalation", ("Injuries, legal threats and payment disputes go to the account lead at once and are not answered from"
         " a template.")),
    )),
)  # fmt: skip
