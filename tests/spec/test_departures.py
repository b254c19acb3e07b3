"""Departures are few, have a reason, and name something that is printed; each test holds that they still depart."""

from tests.spec.data import DEPARTURES, SPECS

KINDS = (
    "column", "type", "default", "required", "loose", "reference", "on delete", "index", "indexed", "policy", "trigger", "unique",
)  # fmt: skip


def test_every_departure_has_a_reason_and_a_printed_table() -> None:
    seen: set[str] = set()
    for departure in DEPARTURES:
        assert len(departure["reason"]) > 20
        for key in departure["items"]:
            kind = next(kind for kind in KINDS if key.startswith(f"{kind} 0"))
            number, name = key.removeprefix(f"{kind} ").split(" ", 1)
            table = name.partition(":")[0] if ":" in name else name.partition(".")[0]
            spec = SPECS[number]
            known = {entry["name"] for entry in (*spec.get("table", []), *spec.get("named", []))}
            assert table.rpartition(".")[2] in known | {"campaigns", "dashboard_fact", "decision_log"}, key
            assert key not in seen, f"{key} is listed twice"
            seen.add(key)
