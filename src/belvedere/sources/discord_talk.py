"""Reading a client's Discord channels into communication_reports: who wrote when, counted by day or week.

Runs before the target's rows are read. No transaction is open while Discord answers; reports and memory are written in
one, so that a reading that is cut off leaves both as they were and the next one does the same again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import orjson
from pydantic import Field, ValidationError
from sqlalchemy import text

from belvedere.accounts.service import get_client
from belvedere.connectors.contracts import ConnectorSettings
from belvedere.connectors.discord.history import DiscordHistory, HistoryMessage, snowflake_at
from belvedere.core.context import Scope
from belvedere.core.errors import ExternalError
from belvedere.core.runtime import Runtime
from belvedere.sources.contracts import Completeness
from belvedere.sources.conversation_figures import Period, Said, Side, count_up, period_around
from belvedere.sources.conversation_memory import OVERLAP, ChannelMemory, recall
from belvedere.sources.errors import ReadingFailed
from belvedere.sources.targets import Asked, Refreshed

NO_TEAM = (
    "Discord is not read: nobody is named as the team. Put team_user_ids or team_role_ids into the settings of this"
    " account, or of the agency's own account for all clients."
)
NO_CHANNEL = "Discord is not read: the client has no channel, and the account's settings name none."
ROLES_LAST = timedelta(days=1)
_AGENCY = text(
    "SELECT a.settings FROM watch.source_accounts a JOIN watch.api_sources s ON s.id = a.source_id"
    " WHERE a.client_id = 0 AND s.provider = 'internal' AND s.endpoint = 'communication_reports' ORDER BY a.created_at LIMIT 1"
)
_CURSOR = text("SELECT cursor FROM watch.source_accounts WHERE client_id = :client_id AND id = :account_id")
_KEEP = text(
    "UPDATE watch.source_accounts SET cursor = CAST(:cursor AS jsonb) WHERE client_id = :client_id AND id = :account_id"
)
_REPORT = text(
    "INSERT INTO watch.communication_reports (client_id, channel, channel_ref, channel_name, period_start, period_end,"
    " reported_at, message_count, team_message_count, client_message_count, participant_count, unanswered_count,"
    " first_response_seconds, median_response_seconds, p90_response_seconds, last_team_message_at, last_client_message_at)"
    " VALUES (:client_id, 'discord', :ref, :name, :begin, :end, :reported_at, :message_count, :team_message_count,"
    " :client_message_count, :participant_count, :unanswered_count, :first_response_seconds, :median_response_seconds,"
    " :p90_response_seconds, :last_team_message_at, :last_client_message_at)"
    " ON CONFLICT (client_id, channel, channel_ref, period_start) DO UPDATE SET channel_name = excluded.channel_name,"
    " period_end = excluded.period_end, reported_at = excluded.reported_at, message_count = excluded.message_count,"
    " team_message_count = excluded.team_message_count, client_message_count = excluded.client_message_count,"
    " participant_count = excluded.participant_count, unanswered_count = excluded.unanswered_count,"
    " first_response_seconds = excluded.first_response_seconds,"
    " median_response_seconds = excluded.median_response_seconds, p90_response_seconds = excluded.p90_response_seconds,"
    " last_team_message_at = excluded.last_team_message_at, last_client_message_at = excluded.last_client_message_at"
)


class TalkSettings(ConnectorSettings):
    """How a client's conversations are read; lists of Discord's numeric ids."""

    channels: tuple[str, ...] = Field(
        default=(), description="Channels to read; empty reads the client's own."
    )
    team_user_ids: tuple[str, ...] = Field(default=(), description="People of the team.")
    team_role_ids: tuple[str, ...] = Field(
        default=(), description="Roles that make somebody one of the team."
    )
    bots: Literal["ignore", "team"] = Field(default="ignore", description="Whether bots count, as the team.")
    period: Period = Field(
        default=Period.WEEK, description="What one report covers: day, or week from Monday."
    )
    history_days: int = Field(
        default=30, ge=1, le=400, description="How far back the first reading looks at least."
    )
    max_pages: int = Field(
        default=100, ge=1, le=1000, description="Most pages of 100 messages of a channel at once."
    )


@dataclass
class _Talk:
    """One refresh: everything it knows while no transaction is open."""

    history: DiscordHistory
    settings: TalkSettings
    now: datetime
    zone: ZoneInfo
    people: dict[str, list[str]]
    memories: dict[str, ChannelMemory]
    names: dict[str, str] = field(default_factory=dict)
    refused: list[ExternalError] = field(default_factory=list)

    async def read(self, channel_id: str) -> None:
        """Bring one channel's memory up to date; one that may not be read is noted, the others go on."""
        try:
            info = await self.history.channel(channel_id)
            memory = self.memories.setdefault(channel_id, ChannelMemory())
            found, since = await self._fetch(channel_id, memory)
        except ExternalError as error:
            if error.status_code not in (403, 404):
                raise
            self.refused.append(error)
            return
        said = [Said(one.id, one.at, await self._side(one, info.guild_id), one.author_id) for one in found]
        memory.take(said, since=since)
        self.names[channel_id] = info.name

    async def _fetch(self, channel_id: str, memory: ChannelMemory) -> tuple[list[HistoryMessage], datetime]:
        if memory.read_at is None or memory.after is None:
            return await self._fetch_all(channel_id), datetime.min.replace(tzinfo=self.now.tzinfo)
        since = min(memory.read_at, self.now) - OVERLAP
        found: list[HistoryMessage] = []
        pages = 0
        async for page in self.history.onward(channel_id, snowflake_at(since) - 1):
            found.extend(page)
            pages += 1
            if pages >= self.settings.max_pages:
                raise _too_long(channel_id, self.settings.max_pages)
        return self._counted(found), since

    async def _fetch_all(self, channel_id: str) -> list[HistoryMessage]:
        """Back to the wanted day, and on until each side was seen once or the pages are used up."""
        oldest = self.now - timedelta(days=self.settings.history_days)
        found: list[HistoryMessage] = []
        pages = 0
        async for page in self.history.back(channel_id):
            found.extend(page)
            pages += 1
            enough = bool(page) and page[-1].at < oldest and self._both_seen(found)
            if enough or pages >= self.settings.max_pages:
                break
        return self._counted(found)

    def _both_seen(self, found: list[HistoryMessage]) -> bool:
        """Whether the last word of each side is known; roles are asked for later, so there the wanted days do."""
        team = set(self.settings.team_user_ids)
        people = {one.author_id for one in self._counted(found)}
        return bool(self.settings.team_role_ids) or bool(people & team and people - team)

    def _counted(self, found: list[HistoryMessage]) -> list[HistoryMessage]:
        """People's messages; bots only where they count as the team."""
        return [one for one in found if one.is_personal and (not one.is_bot or self.settings.bots == "team")]

    async def _side(self, message: HistoryMessage, guild_id: str | None) -> Side:
        if message.is_bot or message.author_id in self.settings.team_user_ids:
            return Side.TEAM
        if not self.settings.team_role_ids or guild_id is None:
            return Side.CLIENT
        known = self.people.get(message.author_id)
        if known is None or datetime.fromisoformat(known[1]) < self.now - ROLES_LAST:
            roles = await self.history.member_roles(guild_id, message.author_id)
            side = Side.TEAM if roles & set(self.settings.team_role_ids) else Side.CLIENT
            known = self.people[message.author_id] = [side.value, self.now.isoformat()]
        return Side(known[0])

    def reports(self, client_id: int) -> list[dict[str, Any]]:
        """The report of the present period, and of the one before where it ended since the last reading."""
        rows = []
        begin, end = period_around(self.now, self.settings.period, self.zone)
        for channel_id, name in self.names.items():
            memory = self.memories[channel_id]
            periods = [(begin, end, self.now)]
            if memory.read_at is None or memory.read_at < begin:
                earlier = period_around(begin - timedelta(seconds=1), self.settings.period, self.zone)
                periods.insert(0, (*earlier, begin))
            for first, last, reported_at in periods:
                figures = count_up(
                    memory.ordered(), first, last, team_at=memory.team_at, client_at=memory.client_at
                )
                place = {"client_id": client_id, "ref": channel_id, "name": name, "begin": first, "end": last}
                rows.append({**place, "reported_at": reported_at, **asdict(figures)})
        return rows

    def cursor(self) -> str:
        for channel_id in self.names:
            memory = self.memories[channel_id]
            memory.read_at = self.now
            memory.forget(self.now)
        channels = {key: memory.document() for key, memory in self.memories.items()}
        return orjson.dumps({"channels": channels, "people": self.people}).decode()


async def refresh_talk(runtime: Runtime, asked: Asked) -> Refreshed:
    """Read the client's channels and write their reports; raises ExternalError or ReadingFailed."""
    scope = Scope.client(asked.client_id, "worker")
    async with runtime.db.read(Scope.service("worker")) as session:
        agency = (await session.execute(_AGENCY)).scalar_one_or_none() or {}
    async with runtime.db.read(scope) as session:
        client = await get_client(session, asked.client_id)
        place = {"client_id": asked.client_id, "account_id": asked.account_id}
        kept = (await session.execute(_CURSOR, place)).scalar_one_or_none() or {}
    settings = talk_settings(asked.settings, agency)
    channels = settings.channels or tuple(filter(None, (client.discord_channel_id,)))
    if not settings.team_user_ids and not settings.team_role_ids:
        return Refreshed(note=NO_TEAM)
    if not channels:
        return Refreshed(note=NO_CHANNEL)
    token = asked.credential.get("bot_token") or runtime.settings.discord_bot_token.get_secret_value()
    history = DiscordHistory(runtime.http, runtime.settings.discord_base_url, token)
    memories = {key: recall(kept.get("channels", {}).get(key)) for key in channels}
    talk = _Talk(
        history, settings, asked.now, ZoneInfo(client.timezone), dict(kept.get("people", {})), memories
    )
    for channel_id in channels:
        await talk.read(channel_id)
    if not talk.names and talk.refused:
        raise talk.refused[0]
    async with runtime.db.write(scope) as session:
        rows = talk.reports(asked.client_id)
        await session.execute(_REPORT, rows)
        await session.execute(_KEEP, {**place, "cursor": talk.cursor()})
    if talk.refused:
        return Refreshed(Completeness.PARTIAL, " ".join(error.detail for error in talk.refused))
    return Refreshed()


def talk_settings(own: Mapping[str, Any], agency: Mapping[str, Any]) -> TalkSettings:
    """The account's settings; who is the team comes from the agency's account where this one names nobody."""
    named = {name: own[name] for name in ("team_user_ids", "team_role_ids") if own.get(name)}
    team = named or {name: agency[name] for name in ("team_user_ids", "team_role_ids") if agency.get(name)}
    rest = {name: value for name, value in own.items() if value is not None and name not in team}
    try:
        return TalkSettings(**{**rest, **team})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ReadingFailed(
            f"The account's settings do not fit: {wrong}", code="settings", permanent=True
        ) from error


def _too_long(channel_id: str, pages: int) -> ReadingFailed:
    return ReadingFailed(
        f"More than {pages} pages of messages came to channel {channel_id} since the last reading. Raise max_pages.",
        code="too_many_pages",
        permanent=True,
    )
