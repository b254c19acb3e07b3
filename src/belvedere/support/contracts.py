"""The words of support that other domains may see."""

from enum import StrEnum


class ReplyStatus(StrEnum):
    """Where a version of a reply stands; only approved ones may go out."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"
