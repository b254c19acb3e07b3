"""The data files of the five specifications, and what the architecture departs from."""

import os
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Spec = dict[str, Any]
Item = dict[str, Any]

SPECS: dict[str, Spec] = {
    path.stem.removeprefix("seed_"): tomllib.loads(path.read_text())
    for path in sorted(HERE.glob("seed_*.toml"))
}
DEPARTURES: list[Item] = tomllib.loads((HERE / "departures.toml").read_text())["departure"]


def list_items(kind: str) -> list[tuple[str, Item]]:
    """Every item of a kind with the number of its specification."""
    return [(number, item) for number, spec in SPECS.items() for item in spec.get(kind, [])]


def name_item(pair: tuple[str, Item]) -> str:
    number, item = pair
    return f"{number}:{item['line']}-{item.get('name', item.get('table', item.get('says', '')))}"


def find_table(number: str, name: str) -> str:
    """Where a printed table stands: `schema.table`."""
    for item in (*SPECS[number].get("table", []), *SPECS[number].get("named", [])):
        if item["name"] == name:
            return str(item["stands"])
    for other, item in list_items("table") + list_items("named"):
        if item["name"] == name and other != number:
            return str(item["stands"])
    raise LookupError(f"{name} of specification {number} stands nowhere")


def find_texts() -> Path | None:
    """The folder of the printed specifications, beside the checkout; None where it is absent."""
    given = os.environ.get("BELVEDERE_SHARED_SEEDS")
    folder = Path(given) if given else HERE.parents[2] / "shared" / "seeds"
    return folder if folder.is_dir() else None


def find_departures(kind: str, number: str, table: str) -> set[str]:
    """Settled departures of a kind for a printed table, as `kind number table.what`."""
    begins = (f"{kind} {number} {table}.", f"{kind} {number} {table}:")
    return {key for departure in DEPARTURES for key in departure["items"] if key.startswith(begins)}
