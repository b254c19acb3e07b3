"""Every effect the sandbox accepted, in order, with the key its sender gave it: the witness of kill tests."""

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from belvedere.core.errors import SetupError

LEDGER_FILE = "ledger.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted effect. `restore` is what a restart needs to show it again; answers leave it out."""

    seq: int
    at: datetime
    kind: str
    key: str | None
    target: str
    title: str
    restore: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "kind": self.kind,
            "key": self.key,
            "target": self.target,
            "title": self.title,
        }


class Ledger:
    """In memory, and in a fsynced JSON-lines file when there is a folder to keep it in."""

    def __init__(self, folder: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self.attempts: Counter[tuple[str, str]] = Counter()
        self._path = folder / LEDGER_FILE if folder else None
        self._file: BinaryIO | None = None
        if self._path:
            self._open(self._path)

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                self._read(path)
            self._file = path.open("ab")
        except OSError as error:
            raise SetupError(
                f"The sandbox cannot keep its ledger in {path.parent}: {error.strerror}."
            ) from error

    def _read(self, path: Path) -> None:
        whole = path.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if len(kept) < len(whole):
            # The last line was cut by a kill before its effect was acknowledged: it never happened.
            path.write_bytes(kept)
        for line in kept.splitlines():
            row = orjson.loads(line)
            row["at"] = datetime.fromisoformat(row["at"])
            entry = Entry(**row)
            self.entries.append(entry)
            self.count_attempt(entry.kind, entry.key)

    def count_attempt(self, kind: str, key: str | None) -> None:
        """Counts a delivery attempt, accepted anew or recognised as a repeat."""
        if key is not None:
            self.attempts[(kind, key)] += 1

    def append(
        self, kind: str, key: str | None, target: str, title: str, at: datetime, restore: dict[str, Any]
    ) -> Entry:
        """Returns after the entry is on disk (if there is a file): what was acknowledged is never lost."""
        entry = Entry(len(self.entries) + 1, at, kind, key, target, title[:200], restore)
        if self._file:
            self._file.write(orjson.dumps({**entry.shown(), "restore": restore}) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        self.entries.append(entry)
        self.count_attempt(kind, key)
        return entry

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def effects(self, kind: str, key: str) -> int:
        """How often one key took effect; 1 is what a sender hopes for."""
        return sum(entry.kind == kind and entry.key == key for entry in self.entries)

    def totals(self) -> dict[str, dict[str, int]]:
        """Per kind: effects, different keys, keys that took effect more than once, effects without a key."""
        totals = {}
        for kind in sorted({entry.kind for entry in self.entries}):
            keys = Counter(entry.key for entry in self.of_kind(kind))
            without = keys.pop(None, 0)
            totals[kind] = {
                "effects": sum(keys.values()) + without,
                "keys": len(keys),
                "doubled": sum(count > 1 for count in keys.values()),
                "without_key": without,
                "attempts": sum(n for (of, _), n in self.attempts.items() if of == kind) + without,
            }
        return totals

    def clear(self) -> None:
        self.entries.clear()
        self.attempts.clear()
        if self._file:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
