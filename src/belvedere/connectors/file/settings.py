"""How a file is written; declared, never guessed."""

from enum import StrEnum

from pydantic import Field

from belvedere.connectors.contracts import ConnectorSettings

MIB = 1024 * 1024


class FileFormat(StrEnum):
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


class Encoding(StrEnum):
    """`utf-8` also takes a byte order mark."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    CP1252 = "cp1252"
    LATIN_1 = "latin-1"


class FileSettings(ConnectorSettings):
    """One file's format and limits."""

    format: FileFormat = Field(
        title="Format", description="json (a list, or an object that holds one), ndjson, or csv."
    )
    records_path: tuple[str, ...] = Field(
        default=(),
        title="Path of the records",
        description="Where the list of a JSON object stands: dotted paths, of which the first found counts.",
    )
    delimiter: str = Field(
        default=",",
        min_length=1,
        max_length=1,
        title="Delimiter",
        description="What stands between CSV cells.",
    )
    encoding: Encoding = Field(
        default=Encoding.UTF_8, title="Encoding", description="How the file's text is written as bytes."
    )
    max_field_bytes: int = Field(
        default=MIB,
        ge=1,
        le=64 * MIB,
        title="Largest field",
        description="A row with a longer text in one field is refused.",
    )
    max_row_bytes: int = Field(
        default=16 * MIB,
        ge=64,
        le=256 * MIB,
        title="Largest row",
        description="A longer line or element is refused without being read whole.",
    )
    chunk_rows: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        title="Rows at a time",
        description="How many rows are handed on at once.",
    )


def guess_format(file_name: str) -> FileFormat | None:
    """The format that a file's ending names, or None."""
    ending = file_name.lower().removesuffix(".gz").rpartition(".")[2]
    return {
        "json": FileFormat.JSON,
        "ndjson": FileFormat.NDJSON,
        "jsonl": FileFormat.NDJSON,
        "csv": FileFormat.CSV,
    }.get(ending)
