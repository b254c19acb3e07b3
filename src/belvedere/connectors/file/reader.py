"""The door to all file formats."""

from collections.abc import Iterator
from typing import BinaryIO

from belvedere.connectors.contracts import RowProblem
from belvedere.connectors.file.chunk import FileChunk
from belvedere.connectors.file.csv_reader import read_csv
from belvedere.connectors.file.json_reader import read_json
from belvedere.connectors.file.ndjson_reader import read_ndjson
from belvedere.connectors.file.settings import FileFormat, FileSettings

_READERS = {FileFormat.JSON: read_json, FileFormat.NDJSON: read_ndjson, FileFormat.CSV: read_csv}


def read_file(stream: BinaryIO, settings: FileSettings) -> Iterator[FileChunk]:
    """Read a file in chunks, holding little more than one chunk in memory.

    Never raises for what is in the file: a bad row is a RowProblem, and where nothing more can be read the
    last one says `ends_reading`.
    """
    try:
        yield from _READERS[settings.format](stream, settings)
    except UnicodeError:
        detail = f"The file is not text in the encoding {settings.encoding}. Declare the right one."
        yield FileChunk(problems=[RowProblem(1, "wrong_encoding", None, detail, "", ends_reading=True)])
