"""What a person should know of a reading that is good all the same, in words."""

from collections.abc import Mapping

AMOUNT_DECIMALS, METRIC_DECIMALS = 4, 6


def partial_note(refused: int) -> str:
    """What follows from rows that were refused."""
    rows = "1 row was" if refused == 1 else f"{refused:,} rows were"
    return f"Partial: {rows} refused, so nothing counts as gone and no alert closes for what is absent."


def rounded_note(rounded: Mapping[str, int]) -> str:
    """Which fields lost digits, and in how many rows."""
    kept = {name: AMOUNT_DECIMALS if name == "amount" else METRIC_DECIMALS for name in rounded}
    counts = [f"{count:,} of {name} to {kept[name]} decimals" for name, count in sorted(rounded.items())]
    return f"Rounded: {', '.join(counts)}."
