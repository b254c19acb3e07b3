"""Bytes of a platform or a file → rows. JSON numbers keep their digits; a line that cannot be read is refused alone."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson

from belvedere.core.errors import Invalid
from belvedere.sources.contracts import Reject
from belvedere.sources.map_exact import payload_text
from belvedere.sources.mapping import Path, RecordMapping
from belvedere.sources.values import MISSING

DocumentFormat = Literal["json", "ndjson", "csv"]
SLICE_BYTES = 256 * 1024
LONG_DIGITS = 17
"""A number of so many characters may have more than the 15 significant digits that a float surely keeps."""

PUSH_FORMS = "A push is one JSON object, a list of objects, or NDJSON (one object on each line)."

_DIGIT_MAP = bytes(ord("0") if chr(code) in "0123456789." else ord(" ") for code in range(256))
_LONG_RUN = b"0" * LONG_DIGITS
_LONG_NUMBER = re.compile(rb"[0-9]{19}|[0-9]+\.")
_BEFORE_NUMBER = (b":", b",", b"[", b" ", b"\n", b"\t", b"\r", b"")
_FORMATS: dict[str, DocumentFormat] = {
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
}


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows in their order, `first_row` counting from 1, and what could not be read among them."""

    first_row: int
    rows: list[Any]
    problems: list[Reject]


def guess_format(name: str, data: bytes) -> DocumentFormat:
    """The format by the file's ending, else by its first characters."""
    for ending, known in _FORMATS.items():
        if name.lower().endswith(ending):
            return known
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data[:4096].decode("utf-16", "ignore").encode("utf-8", "ignore")
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"[":
        return "json"
    if start[:1] == b"{":
        first_line, _, rest = start.partition(b"\n")
        return "ndjson" if rest.lstrip()[:1] == b"{" and first_line.rstrip().endswith(b"}") else "json"
    return "csv"


def push_format(body: bytes) -> DocumentFormat:
    """JSON or NDJSON, as a push is one of them; raises Invalid for anything else."""
    body = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    first_line, _, rest = body.partition(b"\n")
    try:
        if rest and not rest.isspace() and _is_object(first_line):
            return "ndjson"
        document = parse_json(body)
    except Invalid as error:
        raise Invalid(f"{error.detail} {PUSH_FORMS}", code="invalid_json") from error
    if not isinstance(document, dict | list):
        raise Invalid(f"The body is neither an object nor a list. {PUSH_FORMS}", code="invalid_json")
    return "json"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(parse_json(line), dict)
    except Invalid:
        return False


def as_utf8(data: bytes) -> bytes:
    """The document without its byte order mark; UTF-16, as spreadsheets write it, becomes UTF-8. Raises Invalid."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode("utf-16").encode()
    except UnicodeError as error:
        detail = "The file begins as UTF-16 and cannot be read as such. Save it as UTF-8."
        raise Invalid(detail, code="wrong_encoding") from error


def read_document(data: bytes, form: DocumentFormat, mapping: RecordMapping) -> Iterator[RowBatch]:
    """The rows of a document, batch by batch; raises Invalid when the whole of it cannot be read."""
    data = as_utf8(data)
    if form == "csv":
        yield from _read_csv(data)
    elif form == "ndjson":
        yield from _read_lines(data, mapping)
    else:
        yield RowBatch(1, find_rows(parse_json(data), mapping), [])


def parse_json(data: bytes) -> Any:
    """One JSON document in which numbers too long for a float are Decimals; raises Invalid."""
    try:
        return _exact_json(data) if has_long_numbers(data) else orjson.loads(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"This is not valid JSON: {_where(error)}.", code="invalid_json") from error


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return str(error) or "nested too deeply"


def has_long_numbers(data: bytes) -> bool:
    """Whether some number may have more digits than a float keeps; quick where none has."""
    marked = data.translate(_DIGIT_MAP)
    at = marked.find(_LONG_RUN)
    while at >= 0:
        before = data[at - 1 : at] if data[at - 1 : at] != b"-" else data[at - 2 : at - 1]
        found = _LONG_NUMBER.match(data, at)
        if found and before in _BEFORE_NUMBER:
            return True
        at = marked.find(_LONG_RUN, marked.find(b" ", at))
    return False


def _exact_json(data: bytes) -> Any:
    return json.loads(data, parse_float=Decimal, parse_int=_whole, parse_constant=_refuse_constant)


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < 19 else Decimal(digits)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def find_rows(document: Any, mapping: RecordMapping) -> list[Any]:
    """The list that `records_path` leads to; a document that is a list itself, or one record, needs no path."""
    if isinstance(document, list):
        return document
    for path in mapping.records_path:
        found = _walk(document, path)
        if isinstance(found, list):
            return found
        if isinstance(found, dict):
            return [found]
    known_by = mapping.column("external_id")
    if known_by and known_by.path and has_path(document, known_by.path):
        return [document]
    if mapping.records_path:
        wanted = " or ".join(".".join(path) for path in mapping.records_path)
        raise Invalid(
            f"The document has no list at {wanted}. Check records_path of the mapping {mapping.name!r}.",
            code="unexpected_shape",
        )
    if not isinstance(document, dict):
        raise Invalid("The document is neither a list nor an object.", code="unexpected_shape")
    return [document]


def has_path(document: Any, path: Path) -> bool:
    """Whether the path leads somewhere, be it to null."""
    return _walk(document, path) is not MISSING


def _walk(document: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(document, dict) or step not in document:
            return MISSING
        document = document[step]
    return document


def _read_lines(data: bytes, mapping: RecordMapping) -> Iterator[RowBatch]:
    number = 1
    for block in _blocks(data):
        batches = [RowBatch(number, [], [])]
        parse = _exact_json if has_long_numbers(block) else orjson.loads
        for line in block.split(b"\n"):
            if not line or line.isspace():
                continue
            try:
                row = parse(line)
            except (ValueError, RecursionError) as error:
                batches[-1].problems.append(_unreadable(number, line, error))
                batches.append(RowBatch(number + 1, [], []))
            else:
                batches[-1].rows.extend(_line_rows(row, mapping) if mapping.records_path else (row,))
            number += 1
        yield from batches


def _line_rows(row: Any, mapping: RecordMapping) -> list[Any]:
    """A line is a row; where it carries the list that `records_path` names, that list's rows."""
    for path in mapping.records_path:
        found = _walk(row, path)
        if isinstance(found, list):
            return found
    return [row]


def _unreadable(number: int, line: bytes, error: Exception) -> Reject:
    detail = f"Line {number} is not valid JSON: {_where(error)}."
    return Reject(number, "invalid_json", None, detail, payload_text(line.decode("utf-8", "replace")))


def _blocks(data: bytes) -> Iterator[bytes]:
    """Slices that end at a line's end."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(start + SLICE_BYTES, len(data)))
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = end + 1


def _read_csv(data: bytes) -> Iterator[RowBatch]:
    """Rows of a CSV with a header line; empty cells are missing values."""
    reader = _csv_reader(data)
    header = [name.strip() for name in next(_csv_rows(reader), [])]
    if not header or not any(header):
        raise Invalid("The file is empty: a CSV begins with a line of column names.", code="empty_file")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        detail = f"The header names {', '.join(twice)} more than once. Give each column a name of its own."
        raise Invalid(detail, code="column_twice")
    batch = RowBatch(1, [], [])
    number = 0
    for number, cells in enumerate((cells for cells in _csv_rows(reader) if cells), start=1):
        if len(cells) != len(header):
            detail = f"Line {reader.line_num} has {len(cells)} cells, the header names {len(header)} columns."
            if batch.rows:
                yield batch
            payload = payload_text(",".join(cells))
            yield RowBatch(number, [], [Reject(number, "wrong_cell_count", None, detail, payload)])
            batch = RowBatch(number + 1, [], [])
            continue
        batch.rows.append(
            {name: cell if cell != "" else None for name, cell in zip(header, cells, strict=True)}
        )
        if len(batch.rows) >= 5000:
            yield batch
            batch = RowBatch(number + 1, [], [])
    if batch.rows or number == 0:
        yield batch


def csv_header(data: bytes) -> list[str]:
    """The column names of a CSV."""
    return [name.strip() for name in next(_csv_rows(_csv_reader(as_utf8(data))), [])]


def _csv_reader(data: bytes) -> Any:
    text = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    csv.field_size_limit(max(csv.field_size_limit(), 64 * 1024 * 1024))
    return csv.reader(text, delimiter=_delimiter(data))


def _csv_rows(reader: Any) -> Iterator[list[str]]:
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Invalid(
                f"The file is not valid CSV near line {reader.line_num}: {error}.", code="invalid_csv"
            ) from error
        if cells is None:
            return
        yield cells


def _delimiter(data: bytes) -> str:
    header = data.partition(b"\n")[0]
    return max(",;\t", key=lambda mark: header.count(mark.encode()))
