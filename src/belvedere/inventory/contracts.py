"""The words of inventory that other domains may see."""

from enum import StrEnum


class ReorderMethod(StrEnum):
    """How a reorder point was calculated."""

    CONVOLUTION = "convolution"
    CLOSED_FORM = "closed_form"
    NEWSVENDOR = "newsvendor"
    PLANNER = "planner"


class SuggestionStatus(StrEnum):
    """What became of a suggestion to order; at most one is open for a SKU and place."""

    NOT_NEEDED = "not_needed"
    OPEN = "open"
    ORDERED = "ordered"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"
