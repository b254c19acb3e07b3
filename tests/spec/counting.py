"""How many items of each kind a specification prints."""

from tests.spec.data import SPECS, Item

Proof = tuple[str, str, str]


def name_index(item: Item) -> str:
    return f"{item['line']}:{item['table']}({','.join(item['columns'])})"


def list_keys(number: str) -> dict[str, list[str]]:
    """The key of every item to prove, by kind."""
    spec = SPECS[number]
    tables = spec.get("table", [])
    keys = {
        "tables": [item["name"] for item in (*tables, *spec.get("named", []))],
        "columns": [f"{table['name']}.{column['name']}" for table in tables for column in table["columns"]],
        "keys": [f"{table['name']}:{key['line']}" for table in tables for key in table.get("unique", [])],
        "references": [
            f"{table['name']}.{column['name']}"
            for table in tables
            for column in table["columns"]
            if "to" in column
        ],
        "indexes": [name_index(item) for item in spec.get("index", [])],
        "statements": [str(item["line"]) for item in spec.get("statement", [])],
        "words": [
            f"{item['table']}.{item['column']}={word}"
            for item in (*spec.get("words", []), *spec.get("said", []))
            for word in item["words"]
        ],
        "policies": [str(item["line"]) for item in spec.get("policy", [])],
        "triggers": [f"{item['line']}:{item['table']}" for item in spec.get("trigger", [])],
        "formulas": [str(item["line"]) for item in spec.get("formula", [])],
        "rules": [
            f"{item['line']}:{item.get('table', item.get('says', item.get('platform', '')))}"
            for kind in ("indexed", "parted", "materialised", "retention", "event", "mapping", "example")
            for item in spec.get(kind, [])
        ],
        "rows": [str(row[0]) for rows in spec.get("seeded", {}).values() for row in rows],
    }
    return {kind: list(dict.fromkeys(found)) for kind, found in keys.items() if found}


def count_printed(number: str) -> dict[str, int]:
    return {kind: len(keys) for kind, keys in list_keys(number).items()}


def list_missing(proved: set[Proof]) -> list[str]:
    """Items that no passed test has proven."""
    return [
        f"{number} {kind} {key}"
        for number in SPECS
        for kind, keys in list_keys(number).items()
        for key in keys
        if (number, kind, key) not in proved
    ]
