"""A schema as a picture: Mermaid text for other tools, and our own SVG that follows light and dark."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

from belvedere.core.catalogue import ColumnInfo, Constraint, Relation
from belvedere.core.diagram_layout import Box, Spot, place_boxes

SHORT_TYPES = (
    (re.compile(r"timestamp(?:\(\d\))? with time zone"), "timestamptz"),
    (re.compile(r"timestamp(?:\(\d\))? without time zone"), "timestamp"),
    (re.compile(r"time(?:\(\d\))? without time zone"), "time"),
    (re.compile(r"character varying"), "varchar"),
    (re.compile(r"double precision"), "float8"),
)
TENANT_KEY = ("core", "clients")
"""Every tenant table points to the clients; drawn as lines, that would hide all the others."""

LETTER, ROW, HEAD, PAD, EDGE = 6.65, 17, 26, 8, 12
MARK = 22
FONT = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace"
INK, DIM, LINE = "var(--ink, #1B1A17)", "var(--ink-3, #6E6A62)", "var(--line-2, #C9C6BE)"
SURFACE, SUNKEN, ACCENT = "var(--surface, #FFFFFF)", "var(--sunken, #F4F3F0)", "var(--accent, #2B4ACB)"
STANDALONE = (
    "<style>@media (prefers-color-scheme: dark) { svg { --ink: #EDECE8; --ink-3: #95928A; --line-2: #55524B;"
    " --surface: #1A1A18; --sunken: #262623; --accent: #9AADFF; } }</style>"
)


def short_type(name: str) -> str:
    """`timestamp with time zone` as `timestamptz`, and the like."""
    for pattern, short in SHORT_TYPES:
        name = pattern.sub(short, name)
    return name


def drawn(relations: Sequence[Relation]) -> list[Relation]:
    return [relation for relation in relations if not relation.is_view]


def keys_between(relations: Sequence[Relation]) -> Iterator[tuple[Relation, Constraint]]:
    """Foreign keys between the given tables, without those that only name the client."""
    names = {relation.full_name for relation in relations}
    for relation in relations:
        for key in relation.foreign_keys:
            if f"{key.ref_schema}.{key.ref_table}" in names and (key.ref_schema, key.ref_table) != TENANT_KEY:
                yield relation, key


def around(relations: Sequence[Relation], name: str) -> list[Relation]:
    """The table of this name with its parents and children."""
    near = {name}
    for child, key in keys_between(relations):
        if name in (child.name, key.ref_table):
            near |= {child.name, str(key.ref_table)}
    return [relation for relation in relations if relation.name in near]


def own_column(key: Constraint) -> str:
    """The column that a key is about: not the client that it carries along."""
    return next((name for name in key.columns if not name.endswith("client_id")), key.columns[0])


def is_single(relation: Relation, key: Constraint) -> bool:
    """Whether a parent has one child at most."""
    return any(
        other.kind in ("p", "u") and set(other.columns) <= set(key.columns) for other in relation.constraints
    )


def marks_of(relation: Relation, column: ColumnInfo) -> list[str]:
    marks = ["PK"] if column.name in relation.primary_key else []
    if any(column.name in key.columns for key in relation.foreign_keys):
        marks.append("FK")
    if any(key.kind == "u" and key.columns == (column.name,) for key in relation.constraints):
        marks.append("UK")
    return marks


def render_mermaid(relations: Sequence[Relation]) -> str:
    """An `erDiagram` of tables, their columns and the keys between them."""
    tables = drawn(relations)
    lines = ["erDiagram"]
    for table in tables:
        lines.append(f"    {table.name} {{")
        for column in table.columns:
            kind = re.sub(r"[^\w()\[\]-]+", "_", short_type(column.type))
            lines.append(f"        {kind} {column.name} {', '.join(marks_of(table, column))}".rstrip())
        lines.append("    }")
    for child, key in keys_between(tables):
        pointer = child.column(own_column(key))
        parent_end = "||" if pointer is not None and pointer.not_null else "|o"
        child_end = "o|" if is_single(child, key) else "o{"
        lines.append(f"    {key.ref_table} {parent_end}--{child_end} {child.name} : {own_column(key)}")
    return "\n".join(lines) + "\n"


def render_svg(
    relations: Sequence[Relation],
    *,
    title: str,
    highlight: str | None = None,
    link: Callable[[Relation], str] | None = None,
    standalone: bool = True,
) -> str:
    """One SVG for light and dark: on a page it takes the page's colours, alone those of the reader's system."""
    tables = drawn(relations)
    boxes = [measure(table) for table in tables]
    widths = {box.name: box.width for box in boxes}
    keys = list(keys_between(tables))
    placed = place_boxes(boxes, [(str(key.ref_table), child.name) for child, key in keys])
    spots = {name: Spot(spot.x + EDGE, spot.y + EDGE) for name, spot in placed.spots.items()}
    width, height = placed.width + 2 * EDGE, placed.height + 2 * EDGE
    by_name = {table.name: table for table in tables}
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            f' role="img" aria-label="{escape(title)}" font-family="{FONT}" font-size="11">'
        ),
        STANDALONE if standalone else "",
        f'<rect width="{width}" height="{height}" fill="{SURFACE}"/>' if standalone else "",
        f'<g fill="none" stroke="{DIM}" stroke-width="1.2">',
        *(draw_key(by_name, spots, widths, child, key, highlight) for child, key in keys),
        "</g>",
        *(
            draw_table(table, spots[table.name], widths[table.name], table.name == highlight, link)
            for table in tables
        ),
        "</svg>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def measure(table: Relation) -> Box:
    longest = max((len(column.name) + len(type_words(table, column)) for column in table.columns), default=0)
    width = max(MARK + longest * LETTER + 3 * PAD, len(table.name) * LETTER * 1.1 + 2 * PAD, 120)
    return Box(table.name, round(width) + 4, HEAD + ROW * len(table.columns) + 6)


def type_words(table: Relation, column: ColumnInfo) -> str:
    """The type, or where the column leads when that is outside of the picture."""
    outside = next(
        (
            f" → {key.ref_schema}.{key.ref_table}"
            for key in table.foreign_keys
            if own_column(key) == column.name
            and key.ref_schema != table.schema
            and (key.ref_schema, key.ref_table) != TENANT_KEY
        ),
        "",
    )
    return short_type(column.type) + outside


def draw_table(
    table: Relation, spot: Spot, width: int, chosen: bool, link: Callable[[Relation], str] | None  # noqa: FBT001
) -> str:  # fmt: skip
    height = HEAD + ROW * len(table.columns) + 6
    edge, strong = (ACCENT, "2") if chosen else (LINE, "1")
    name = f'<text x="{PAD}" y="17" font-weight="600" fill="{INK}" font-size="12">{escape(table.name)}</text>'
    if link is not None:
        name = f'<a href="{escape(link(table))}">{name}</a>'
    parts = [
        f'<g transform="translate({spot.x} {spot.y})"><title>{escape(table.comment or table.name)}</title>',
        f'<rect width="{width}" height="{height}" rx="6" fill="{SURFACE}" stroke="{edge}" stroke-width="{strong}"/>',
        f'<path d="M1 {HEAD}V7a6 6 0 0 1 6-6h{width - 14}a6 6 0 0 1 6 6V{HEAD}z" fill="{SUNKEN}"/>',
        name,
        *(draw_column(table, column, number, width) for number, column in enumerate(table.columns)),
        "</g>",
    ]
    return "".join(parts)


def draw_column(table: Relation, column: ColumnInfo, number: int, width: int) -> str:
    y = HEAD + ROW * number + 14
    marks = marks_of(table, column)
    mark = f'<text x="{PAD}" y="{y}" font-size="9" fill="{ACCENT}">{marks[0]}</text>' if marks else ""
    weight = ' font-weight="600"' if "PK" in marks else ""
    return (
        f"{mark}"
        f'<text x="{PAD + MARK}" y="{y}"{weight} fill="{INK}">{escape(column.name)}</text>'
        f'<text x="{width - PAD}" y="{y}" text-anchor="end" fill="{DIM}">{escape(type_words(table, column))}</text>'
    )


def row_of(table: Relation, column: str) -> int:
    """The middle of a column's row, below the top of its box."""
    names = [found.name for found in table.columns]
    return HEAD + ROW * names.index(column) + 10 if column in names else HEAD // 2


def draw_key(
    tables: dict[str, Relation],
    spots: dict[str, Spot],
    widths: dict[str, int],
    child: Relation,
    key: Constraint,
    highlight: str | None,
) -> str:
    """A line from the parent's column to the child's, with a bar at the one and a fork at the many."""
    parent = tables[str(key.ref_table)]
    column = own_column(key)
    there = key.ref_columns[key.columns.index(column)]
    start, end = spots[parent.name], spots[child.name]
    y1, y2 = start.y + row_of(parent, there), end.y + row_of(child, column)
    x1, x2 = start.x + widths[parent.name], end.x
    side = -1
    if x1 > x2:
        # Not to the right of its parent, or the same table: the line leaves and comes back on the right side.
        x2, side = end.x + widths[child.name], 1
    bend = max(40, abs(x2 - x1) // 2) if side < 0 else 46
    far = (x2 - bend) if side < 0 else (x2 + bend)
    fork = (
        ""
        if is_single(child, key)
        else f"M{x2 + side * 9} {y2}L{x2} {y2 - 4}M{x2 + side * 9} {y2}L{x2} {y2 + 4}"
    )
    tone = f' stroke="{ACCENT}"' if highlight in (parent.name, child.name) else ""
    return (
        f'<path d="M{x1} {y1}C{x1 + bend} {y1} {far} {y2} {x2} {y2}M{x1 + 5} {y1 - 4}v8{fork}"{tone}>'
        f"<title>{escape(f'{child.name}.{column} → {parent.name}.{there}')}</title></path>"
    )
