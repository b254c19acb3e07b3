"""A file that gave no record at all is looked at once more: it may not be what its mapping says."""

from typing import Any

from belvedere.core.errors import Invalid
from belvedere.sources.documents import DocumentFormat, csv_header, has_path, read_document
from belvedere.sources.map_exact import matches
from belvedere.sources.mapping import RecordMapping

NAMES_SHOWN = 20
NAME_LENGTH = 60


def refuse_misfit(data: bytes, form: DocumentFormat, mapping: RecordMapping) -> None:
    """Raise Invalid where `where` matched no row, or no row has the column of external_id."""
    total = wanted = 0
    has_id = False
    spec = mapping.column("external_id")
    path = spec.path if spec else None
    columns = dict.fromkeys(csv_header(data)) if form == "csv" else {}
    if path and columns:
        has_id = has_path(columns, path)
    for batch in read_document(data, form, mapping):
        rows = [row for row in batch.rows if isinstance(row, dict)]
        chosen = [row for row in rows if matches(row, mapping)]
        total, wanted = total + len(rows), wanted + len(chosen)
        has_id = has_id or path is None or any(has_path(row, path) for row in chosen)
        columns.update((str(name), None) for row in chosen for name in row)
    if total and not wanted:
        raise Invalid(_nothing_matched(total, mapping), code="unexpected_shape")
    if path and columns and not has_id:
        raise Invalid(_missing_column(".".join(path), list(columns), mapping), code="unexpected_shape")


def _nothing_matched(total: int, mapping: RecordMapping) -> str:
    asked = " and ".join(f"{'.'.join(path)} is {_shown(value)}" for path, value in mapping.where)
    rows = "1 row" if total == 1 else f"{total:,} rows"
    return f"The file has {rows}, none matched where {asked}. Check the file and `where` of the mapping {mapping.name!r}."


def _missing_column(missing: str, columns: list[str], mapping: RecordMapping) -> str:
    shown = ", ".join(name[:NAME_LENGTH] for name in columns[:NAMES_SHOWN])
    more = f" and {len(columns) - NAMES_SHOWN:,} more" if len(columns) > NAMES_SHOWN else ""
    return (
        f"No row has the column {missing}, which the mapping {mapping.name!r} takes as external_id."
        f" The file has: {shown}{more}. Choose another mapping, or name the column that identifies a row."
    )


def _shown(value: Any) -> str:
    return str(value)[:NAME_LENGTH]
