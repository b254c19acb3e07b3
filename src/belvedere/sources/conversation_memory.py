"""What a client's account remembers of its Discord channels between readings: who wrote when, never what. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from belvedere.connectors.discord.history import moment_of
from belvedere.sources.conversation_figures import Said, Side

KEPT = timedelta(days=21)
"""Two periods and what waited before them."""
OVERLAP = timedelta(hours=24)
"""How far back each reading looks again, so that what was deleted since is not counted."""
MOST_KEPT = 20_000


@dataclass(slots=True)
class ChannelMemory:
    """One channel: messages of the last weeks, the newest ever seen of each side, how far it was read."""

    said: dict[int, Said] = field(default_factory=dict)
    team_at: datetime | None = None
    client_at: datetime | None = None
    read_at: datetime | None = None

    @property
    def after(self) -> int | None:
        """The newest message known."""
        return max(self.said, default=None)

    def take(self, found: Iterable[Said], *, since: datetime) -> None:
        """Put what is there now in place of what was known from `since` on."""
        self.said = {one.id: one for one in self.said.values() if one.at < since} | {
            one.id: one for one in found
        }
        for one in self.said.values():
            if one.side is Side.TEAM:
                self.team_at = max(one.at, self.team_at or one.at)
            else:
                self.client_at = max(one.at, self.client_at or one.at)

    def ordered(self) -> list[Said]:
        return [self.said[key] for key in sorted(self.said)]

    def forget(self, now: datetime) -> None:
        """Let go of what no report to come needs."""
        kept = [one for one in self.ordered() if one.at >= now - KEPT][-MOST_KEPT:]
        self.said = {one.id: one for one in kept}

    def document(self) -> dict[str, Any]:
        return {
            "said": [[str(one.id), one.side.value, one.author] for one in self.ordered()],
            "team_at": self.team_at and self.team_at.isoformat(),
            "client_at": self.client_at and self.client_at.isoformat(),
            "read_at": self.read_at and self.read_at.isoformat(),
        }


def recall(document: Mapping[str, Any] | None) -> ChannelMemory:
    """The memory as it was kept; an empty one for a channel that is new."""
    if not document:
        return ChannelMemory()
    said = [Said(int(key), moment_of(int(key)), Side(side), author) for key, side, author in document["said"]]
    instants = {
        name: datetime.fromisoformat(document[name]) if document.get(name) else None
        for name in ("team_at", "client_at", "read_at")
    }
    return ChannelMemory(said={one.id: one for one in said}, **instants)
