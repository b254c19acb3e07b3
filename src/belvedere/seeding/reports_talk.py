"""How the team and each client talked, week by week."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from belvedere.seeding.reports_weeks import dump, newest_week
from belvedere.seeding.world import Batch, ClientPlan, World

WEEK = timedelta(days=7)
TOPICS = (
    "weekly figures", "creative for the sale", "stock of the bestseller", "budget for next month", "return policy",
    "landing page", "newsletter calendar", "tracking of orders", "photo shoot", "reviews",
)  # fmt: skip
MOODS = (
    ("positive", "0.620", "Content with the week; asked for more of the same."),
    ("neutral", "0.080", "Questions about figures and dates, nothing open."),
    ("mixed", "-0.050", "Likes the new creatives, worries about the cost of an order."),
    ("negative", "-0.480", "Waited long for an answer and said so."),
)


def fill_talk(world: World, client: ClientPlan) -> Iterator[Batch]:
    columns = ("id", "client_id", "channel", "channel_ref", "channel_name", "period_start", "period_end", "reported_at",
               "message_count", "team_message_count", "client_message_count", "participant_count", "unanswered_count",
               "first_response_seconds", "median_response_seconds", "p90_response_seconds", "last_team_message_at",
               "last_client_message_at", "sentiment", "sentiment_score", "summary", "topics", "action_items",
               "created_at")  # fmt: skip
    count = min(max(world.days // 7, 2), 26)
    # The newest week of a channel that is read was told by its reading.
    first = 1 if client.id in world.talks else 0
    yield Batch(
        "watch.communication_reports", columns, [report(world, client, back) for back in range(first, count)]
    )


def report(world: World, client: ClientPlan, back: int) -> tuple[Any, ...]:
    """The report over the week that ended `back` weeks before the newest."""
    monday = newest_week(world) - WEEK * back
    chance = world.random("watch.communication_reports", client.id, monday)
    begin, end = (datetime.combine(day, time(), ZoneInfo(client.timezone)).astimezone(UTC)
                  for day in (monday, monday + WEEK))  # fmt: skip
    mood, score, summary = chance.choices(MOODS, weights=(5, 6, 3, 1))[0]
    team, theirs = chance.randint(6, 34), chance.randint(3, 28)
    median = chance.randint(8, 95) * (240 if mood == "negative" else 60)
    last_team = end - timedelta(hours=chance.randint(50, 90), minutes=chance.randint(0, 59))
    last_theirs = last_team + timedelta(hours=chance.randint(-20, 20))
    topics = chance.sample(TOPICS, chance.randint(1, 3))
    promise = {"what": f"Send a note on {topics[0]}", "by": "team", "until": str(monday + timedelta(days=10))}
    channel = "general" if client.id == 0 else client.slug
    ref, name = world.talks.get(
        client.id, (str(110_000_000_000_000_000 + client.id * 1_000_003), f"#{channel}")
    )
    return (
        world.key("watch.communication_reports", client.id, monday), client.id, "discord",
        ref, name, begin, end, end + timedelta(hours=6),
        team + theirs, team, theirs, chance.randint(2, 7), 3 if mood == "negative" else chance.randint(0, 1),
        median // 2, median, median * 3, last_team, last_theirs, mood, score, summary, dump(topics), dump([promise]),
        end + timedelta(hours=6),
    )  # fmt: skip
