"""The rules of a place as they stand now, formed once for all readings that meet the same ones.

Most readings meet the rules of the reading before, and all clients share those for every client. A short question gives
a digest of the row versions in sight; only rules that nobody has formed yet are fetched.
"""

from collections import OrderedDict
from functools import lru_cache
from uuid import UUID

from sqlalchemy import TextClause, text

from belvedere.core.database import ReadSession
from belvedere.watchtower.groups import RuleSet
from belvedere.watchtower.repository import rule_from_row
from belvedere.watchtower.statements import statement

MOST_RULES = 100_000
"""Rules that a process keeps; those that were not met for longest go first."""


class RuleShelf:
    """Rule sets by the digest of their rows. What a digest stands for never changes, so nothing is ever out of date."""

    def __init__(self, most: int = MOST_RULES) -> None:
        self._most = most
        self._sets: OrderedDict[str, RuleSet] = OrderedDict()
        self._count = 0

    def find(self, digest: str) -> RuleSet | None:
        found = self._sets.get(digest)
        if found is not None:
            self._sets.move_to_end(digest)
        return found

    def keep(self, digest: str, rules: RuleSet) -> None:
        if digest not in self._sets:
            self._sets[digest] = rules
            self._count += max(1, len(rules))
        while self._count > self._most and len(self._sets) > 1:
            _, dropped = self._sets.popitem(last=False)
            self._count -= max(1, len(dropped))

    def __len__(self) -> int:
        return self._count


SHELF = RuleShelf()


_HASH = "CAST(hashtextextended(x.stamp, 884205) AS numeric)"


@lru_cache(maxsize=1)
def _digests() -> TextClause:
    return text(
        # A sum needs no order, which costs more than the hashes.
        f"SELECT x.client_id, count(*) AS size, sum({_HASH}) AS total\n"
        f"FROM (\n{statement('load_rules').text}\n) x GROUP BY x.client_id ORDER BY x.client_id"
    )


@lru_cache(maxsize=1)
def _rows() -> TextClause:
    return text(
        f"SELECT x.*, {_HASH} AS hash\n"
        f"FROM (\n{statement('load_rules').text}\n) x WHERE x.client_id = :owner ORDER BY x.id"
    )


async def load_rule_set(
    session: ReadSession, client_id: int, source_id: UUID, shelf: RuleShelf = SHELF
) -> RuleSet:
    """Rules that may speak of one source of one client; the same object as long as nobody touches them."""
    place = {"client_id": client_id, "source_id": source_id}
    sets = []
    for row in (await session.execute(_digests(), place)).all():
        found = shelf.find(_digest(row.client_id, row.size, row.total))
        sets.append(
            found if found is not None else await _load(session, {**place, "owner": row.client_id}, shelf)
        )
    return RuleSet.joined(sets) if sets else RuleSet.of(())


def _digest(client_id: object, size: int, total: object) -> str:
    return f"{client_id}/{size}/{total}"


async def _load(session: ReadSession, values: dict[str, object], shelf: RuleShelf) -> RuleSet:
    """The rows may have moved on since they were digested; they are kept under the digest of what came."""
    rows = [dict(row) for row in (await session.execute(_rows(), values)).mappings()]
    total = 0
    for row in rows:
        total += int(row.pop("hash"))
        del row["stamp"]
    digest = _digest(values["owner"], len(rows), total)
    rules = RuleSet.of(rule_from_row(row) for row in rows)
    shelf.keep(digest, rules)
    return rules
