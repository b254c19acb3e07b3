"""Plays tests of rule files on a real database, step by step beside the pure watch: both must move the same alerts."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.watchtower.world import World

from belvedere.core.context import Scope
from belvedere.core.ids import new_id
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.watchtower.code_apply import apply_rules
from belvedere.watchtower.code_format import Book
from belvedere.watchtower.code_play import FilePlay
from belvedere.watchtower.code_replay import Entity, Moves, PlayedReading, Watch
from belvedere.watchtower.service import acknowledge, recheck_children

CLIENTS = {"brandt": 1, "marlow": 2, "client": 3}
Alerts = set[tuple[str, str]]


@dataclass
class Recorded(Watch):
    """A watch that remembers what it was given and what it did."""

    log: list[tuple[Any, Moves]] = field(default_factory=list)

    def read(self, reading: PlayedReading) -> Moves:
        moves = super().read(reading)
        self.log.append((reading, moves))
        return moves

    def acknowledge(self, entities: Any) -> Moves:
        moves = super().acknowledge(entities)
        self.log.append((list(entities), moves))
        return moves


def record(book: Book, number: int) -> FilePlay:
    """A test of a file, played without a database."""
    file, test = book.tests[number]
    run = FilePlay(book, file, test)
    run.watch = Recorded(run.rules, run.watch.metric_units)
    outcome = run.play()
    assert outcome.passed, outcome.failures
    return run


@dataclass
class Live:
    world: World
    run: FilePlay
    newest: dict[int, StoredSnapshot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert isinstance(self.run.watch, Recorded)
        self.log = self.run.watch.log
        self.clients = {number: CLIENTS[word] for word, number in self.run.clients.items()}

    async def play(self) -> None:
        await self.prepare()
        for step, moves in self.log:
            before = self.standing()
            if isinstance(step, PlayedReading):
                await self.read(step)
            else:
                await self.acknowledge(step)
            after = self.standing()
            assert after - before == {self.named(key) for key, _ in moves.opened}
            assert before - after == {self.named(key) for key, _ in moves.resolved} - after
            assert self.reasons(before - after) == {
                (*self.named(key), why) for key, why in moves.resolved if self.named(key) not in after
            }

    async def prepare(self) -> None:
        """The sources that readings name, and the rules of the file."""
        places = {(s.place.provider, s.place.endpoint) for s, _ in self.log if isinstance(s, PlayedReading)}
        words = {row["source_id"] for rule in self.run.book.rules for row in rule.rows if row["source_id"]}
        for provider, endpoint in places | {tuple(word.split("/")) for word in words}:
            self.world.source(provider, endpoint)
        async with self.world.db.write(Scope.service("terminal")) as session:
            await apply_rules(session, self.run.book, actor="terminal", now=self.world.now, force=True)

    def named(self, entity: Entity) -> tuple[str, str]:
        return self.run.words[entity[0]], entity[1]

    def standing(self) -> Alerts:
        return {self.word_of(row) for row in self.rows("WHERE a.state = 'open'")}

    def reasons(self, gone: Alerts) -> set[tuple[str, str, str]]:
        newest = {
            self.word_of(row): row["resolved_reason"] for row in self.rows("WHERE a.state = 'resolved'")
        }
        return {(*key, newest[key]) for key in gone}

    def rows(self, where: str) -> list[dict[str, Any]]:
        return self.world.rows(
            "SELECT a.id, a.external_id, a.resolved_reason, r.slug, r.client_id AS rule_client"
            f" FROM watchtower_alerts a JOIN watchtower_rules r ON r.id = a.rule_id {where} AND r.builtin IS NULL"
            " ORDER BY a.number"
        )

    @staticmethod
    def word_of(row: dict[str, Any]) -> tuple[str, str]:
        owner = next((word for word, number in CLIENTS.items() if number == row["rule_client"]), None)
        return (f"{owner}/{row['slug']}" if owner else row["slug"]), row["external_id"] or ""

    async def read(self, reading: PlayedReading) -> None:
        stored = self.store(reading)
        self.newest[stored.client_id] = stored
        await self.world.judge(stored)

    def store(self, reading: PlayedReading) -> StoredSnapshot:
        world, place = self.world, reading.place
        world.now = reading.at
        client = self.clients[place.client_id]
        source = world.source(place.provider, place.endpoint)
        snapshot_id = new_id(reading.at)
        completeness = Completeness.FULL if reading.is_full else Completeness.PARTIAL
        as_of = reading.data_as_of or reading.at
        world.admin.execute(
            "INSERT INTO api_snapshots (id, source_id, client_id, status, completeness, data_as_of, completed_at,"
            " total_records) VALUES (%s, %s, %s, 'completed', %s, %s, %s, %s)",
            [
                snapshot_id,
                source,
                client,
                completeness.value,
                as_of,
                reading.at,
                reading.frames.records.height,
            ],
        )
        key, before = (client, source), world.full.get((client, source), (None, None))
        if reading.is_full:
            world.full[key] = (snapshot_id, reading.frames)
        return StoredSnapshot(
            client, snapshot_id, source, place.provider, place.endpoint, completeness, as_of, reading.frames,
            before[0], before[1], metric_units=self.run.watch.metric_units,
        )  # fmt: skip

    async def acknowledge(self, entities: list[Entity]) -> None:
        words = {self.named(entity) for entity in entities}
        found = [row for row in self.rows("WHERE a.state = 'open'") if self.word_of(row) in words]
        ids: list[UUID] = [row["id"] for row in found]
        async with self.world.db.write(Scope.service("terminal")) as session:
            await acknowledge(session, ids, actor="terminal", now=self.world.now)
        heads = [
            row["rule_id"]
            for row in self.world.rows("SELECT rule_id FROM watchtower_alerts WHERE id = ANY (%s)", ids)
        ]
        for stored in self.newest.values():
            async with self.world.db.write(Scope.client(stored.client_id)) as session:
                await recheck_children(session, stored, heads, self.world.now)
