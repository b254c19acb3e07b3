"""Where boxes and lines of a diagram stand: parents left of their children, a column for each step away.

The order inside a column follows the neighbours, so that few lines cross. Same input, same picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

GAP_X, GAP_Y = 96, 22
TALLEST = 1500
LOWEST_START = 120
SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be placed: a name and its size."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Spot:
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Placed:
    spots: Mapping[str, Spot]
    width: int
    height: int


Edge = tuple[str, str]
"""Parent and child."""


def place_boxes(boxes: Sequence[Box], edges: Iterable[Edge]) -> Placed:
    """Every connected group for itself, the largest first, one below the other; what stands alone fills rows at the end."""
    by_name = {box.name: box for box in boxes}
    lines = sorted({edge for edge in edges if edge[0] != edge[1] and set(edge) <= set(by_name)})
    spots: dict[str, Spot] = {}
    width = top = 0
    alone: list[Box] = []
    for group in groups(sorted(by_name), lines):
        if len(group) == 1:
            alone.append(by_name[group[0]])
            continue
        placed = place_group([by_name[name] for name in group], [e for e in lines if e[0] in group])
        spots |= {name: Spot(spot.x, spot.y + top) for name, spot in placed.spots.items()}
        width, top = max(width, placed.width), top + placed.height + 2 * GAP_Y
    shelf = fill_rows(alone, max(width, 1000), top)
    spots |= shelf.spots
    return Placed(spots, max(width, shelf.width), max(shelf.height, top - 2 * GAP_Y if spots else 0))


def groups(names: Sequence[str], edges: Sequence[Edge]) -> list[list[str]]:
    """Names that are connected in any way, the largest group first."""
    home = {name: name for name in names}

    def root(name: str) -> str:
        while home[name] != name:
            name = home[name]
        return name

    for parent, child in edges:
        first, second = sorted((root(parent), root(child)))
        home[second] = first
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(root(name), []).append(name)
    return sorted(found.values(), key=lambda group: (-len(group), group[0]))


def place_group(boxes: Sequence[Box], edges: Sequence[Edge]) -> Placed:
    by_name = {box.name: box for box in boxes}
    columns = split_tall(order_columns(ranks(sorted(by_name), edges), edges), by_name)
    heights = [sum(by_name[name].height + GAP_Y for name in column) - GAP_Y for column in columns]
    spots: dict[str, Spot] = {}
    x = 0
    for column, height in zip(columns, heights, strict=True):
        y = min((max(heights) - height) // 2, LOWEST_START) if len(columns) > 2 else 0
        for name in column:
            spots[name] = Spot(x, y)
            y += by_name[name].height + GAP_Y
        x += max(by_name[name].width for name in column) + GAP_X
    return Placed(spots, x - GAP_X, max(heights))


def ranks(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """How many steps a name stands below its furthest parent; an edge that closes a ring does not count."""
    parents: dict[str, list[str]] = {name: [] for name in names}
    for parent, child in edges:
        parents[child].append(parent)
    found: dict[str, int] = {}
    walking: set[str] = set()

    def walk(name: str) -> int:
        if name in found or name in walking:
            return found.get(name, -1)
        walking.add(name)
        found[name] = max((walk(parent) + 1 for parent in parents[name]), default=0)
        walking.discard(name)
        return found[name]

    for name in names:
        walk(name)
    return found


def order_columns(rank: Mapping[str, int], edges: Sequence[Edge]) -> list[list[str]]:
    """Names by rank; each column sorted by the mean place of its neighbours, a few times there and back."""
    columns = [
        sorted(name for name in rank if rank[name] == number) for number in range(max(rank.values()) + 1)
    ]
    columns = [column for column in columns if column]
    near: dict[str, list[str]] = {name: [] for name in rank}
    for parent, child in edges:
        near[parent].append(child)
        near[child].append(parent)
    for sweep in range(SWEEPS):
        place = {name: at for column in columns for at, name in enumerate(column)}
        for column in columns if sweep % 2 == 0 else reversed(columns):
            column.sort(
                key=lambda name: (fmean(place[n] for n in near[name]) if near[name] else place[name], name)
            )
            place |= {name: at for at, name in enumerate(column)}
    return columns


def split_tall(columns: Sequence[Sequence[str]], boxes: Mapping[str, Box]) -> list[list[str]]:
    """A column that is too tall becomes two or more beside each other."""
    found: list[list[str]] = []
    for column in columns:
        total = sum(boxes[name].height + GAP_Y for name in column)
        limit = max(TALLEST, *(boxes[name].height for name in column))
        share = total / -(-total // limit)
        part: list[str] = []
        height = 0.0
        for name in column:
            if part and height + boxes[name].height / 2 > share:
                found.append(part)
                part, height = [], 0.0
            part.append(name)
            height += boxes[name].height + GAP_Y
        found.append(part)
    return found


def fill_rows(boxes: Sequence[Box], width: int, top: int) -> Placed:
    """Boxes from left to right, the tallest first, in as many rows as it takes."""
    spots: dict[str, Spot] = {}
    x, y, row, right = 0, top, 0, 0
    for box in sorted(boxes, key=lambda box: (-box.height, box.name)):
        if x and x + box.width > width:
            x, y, row = 0, y + row + GAP_Y, 0
        spots[box.name] = Spot(x, y)
        x += box.width + GAP_Y
        row, right = max(row, box.height), max(right, x - GAP_Y)
    return Placed(spots, right, y + row if boxes else top)
