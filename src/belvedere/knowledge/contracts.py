"""The words of knowledge that other domains may see."""

from enum import StrEnum


class DocumentStatus(StrEnum):
    """Where a version of a document stands; only `ready` versions are searched."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


class Visibility(StrEnum):
    """Who may be answered from a document."""

    STAFF = "staff"
    CLIENT = "client"
    LISTED = "listed"


class SearchConfig(StrEnum):
    """Text search configurations that PostgreSQL brings along; `simple` knows no language."""

    SIMPLE = "simple"
    DUTCH = "dutch"
    ENGLISH = "english"
    FRENCH = "french"
    GERMAN = "german"
    ITALIAN = "italian"
    SPANISH = "spanish"
