"""Tables for a terminal: columns give way where the line is short, ids and keys never break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2
LONGEST_WORD = 24
"""A longer word may break, unless it is an id."""
ID_LENGTH = 36
INDENT = "  "


def lay_out(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> list[Text]:
    """The lines of a table of at most `width` characters. A column that finds no place stands below its row, whole."""
    from rich.text import Text

    kept, below = choose_columns(columns, rows, width)
    widths = share(columns, rows, kept, width)
    lines = [Text(joined([columns[at] for at in kept], widths), style="bold")]
    for row in rows:
        cells = [wrapped(row[at], widths[place]) for place, at in enumerate(kept)]
        for number in range(max(map(len, cells), default=0)):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            lines.append(Text(joined(parts, widths)))
        lines += [Text(INDENT + labelled(columns[at], row[at]), style="dim") for at in below]
    return lines


def choose_columns(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None
) -> tuple[list[int], list[int]]:
    """Columns that stand side by side, and those whose words are too long for that; the longest leave first."""
    kept, below = list(range(len(columns))), []
    least = [least_width(columns[at], [row[at] for row in rows]) for at in kept]
    while width is not None and len(kept) > 1 and total([least[at] for at in kept]) > width:
        longest = max(kept, key=lambda at: least[at])
        kept.remove(longest)
        below.append(longest)
    return kept, sorted(below)


def share(
    columns: Sequence[str], rows: Sequence[Sequence[str]], kept: Sequence[int], width: int | None
) -> list[int]:
    """The width of each column that stands: its own, or less for the widest until the line fits."""
    from rich.cells import cell_len

    cells = {at: [columns[at], *(line for row in rows for line in row[at].splitlines())] for at in kept}
    widths = [max(map(cell_len, cells[at])) for at in kept]
    if width is None:
        return widths
    least = [least_width(columns[at], [row[at] for row in rows]) for at in kept]
    while total(widths) > width:
        loose = [place for place in range(len(kept)) if widths[place] > least[place]]
        if not loose:
            break
        widths[max(loose, key=lambda place: widths[place])] -= 1
    return widths


def least_width(column: str, cells: Sequence[str]) -> int:
    """What a column needs so that no word of it breaks; words that nobody copies may."""
    from rich.cells import cell_len

    words = [word for cell in (column, *cells) for word in cell.split()] or [""]
    return max(min(cell_len(word), ID_LENGTH if is_key(word) else LONGEST_WORD) for word in words)


def is_key(word: str) -> bool:
    return len(word) == ID_LENGTH and word.count("-") == 4


def wrapped(cell: str, width: int) -> list[str]:
    """A cell by its words; a word that is wider than its column is cut into pieces."""
    from rich.cells import cell_len, chop_cells

    lines = []
    for paragraph in cell.splitlines() or [""]:
        line = ""
        for word in paragraph.split(" "):
            joint = f"{line} {word}" if line else word
            if cell_len(joint) <= width:
                line = joint
                continue
            *full, rest = chop_cells(word, width) or [""]
            lines += [line, *full] if line else full
            line = rest
        lines.append(line)
    return lines


def joined(parts: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import cell_len

    pairs = zip(parts, widths, strict=True)
    return (" " * GAP).join(part + " " * (width - cell_len(part)) for part, width in pairs).rstrip()


def labelled(column: str, value: str) -> str:
    return value if column == "id" else f"{column}: {value}"


def total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)
