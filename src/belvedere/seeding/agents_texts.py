"""Suggested replies, and what operators made of them."""

PAIRS = (
    (
        "Hi, your parcel left our warehouse this morning and should reach you within two working days.",
        "Hi, your parcel left our warehouse this morning and should reach you by Thursday.",
    ),
    (
        "We are sorry about the broken handle. A replacement is on its way, you need not send anything back.",
        "We are very sorry about the broken handle. A replacement is on its way; you need not send anything back.",
    ),
    (
        "The blue jacket runs small. Most customers who are between sizes take the larger one.",
        "The blue jacket runs small. If you are between sizes, take the larger one.",
    ),
    (
        "Your refund was started today. Depending on your bank it takes three to five working days.",
        "Your refund was started today. It takes three to five working days to arrive.",
    ),
    (
        "Yes, the starter set can be bought without the subscription, with the same contents.",
        "Yes, the starter set can be bought without the subscription. The contents are the same.",
    ),
    (
        "The voucher ended on Sunday. As a goodwill gesture we have made it valid until the end of the month.",
        "The voucher ended on Sunday, but we have made it valid for you until the end of the month.",
    ),
)
REASONS = ("tone", "too_long", "wrong_fact", "missing_detail", "off_brand")


def count_edits(before: str, after: str) -> int:
    """Letters added, removed or replaced on the shortest way from one text to the other."""
    row = list(range(len(after) + 1))
    for place, letter in enumerate(before, 1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(after, 1):
            cheapest = min(row[column] + 1, row[column - 1] + 1, diagonal + (letter != other))
            diagonal, row[column] = row[column], cheapest
    return row[-1]
