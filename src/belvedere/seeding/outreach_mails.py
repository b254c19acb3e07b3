"""Mails day by day: who is written to, in which slot, and what comes of it. Pure figures, no rows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from belvedere.seeding.outreach_leads import Lead
from belvedere.seeding.world import ClientPlan, World

SATURDAY = 5
WAITS = (0, 4, 7)
"""Days before each step, counted from the one before."""
LIMITS = (18, 12)
"""Mails a day of each campaign."""
OPENS, CLICKS, BOUNCES, COMPLAINTS, AUTO_REPLIES = 0.38, 0.09, 0.021, 0.001, 0.03
REPLIES = (0.075, 0.035, 0.02)
"""Chance of a reply to each step."""


@dataclass(slots=True)
class Mail:
    """One mail of a story; times are NULL until they happen."""

    key: UUID
    campaign: int
    step: int
    written: datetime
    slot: datetime
    sent: datetime | None = None
    opened: datetime | None = None
    clicked: datetime | None = None
    replied: datetime | None = None
    bounced: datetime | None = None
    complained: datetime | None = None
    status: str = "queued"
    hold: str | None = None


@dataclass(slots=True)
class Story:
    """A lead in a campaign: its mails in order and how it ended."""

    lead: Lead
    campaign: int
    enrolled: datetime
    mails: list[Mail] = field(default_factory=list)
    due: date | None = None
    status: str = "active"
    reason: str | None = None
    ended: datetime | None = None
    auto_reply: datetime | None = None
    back_on: datetime | None = None
    mood: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A working day with its morning, and what its campaign has used of its limit by day."""

    day: date
    morning: datetime
    used: Counter[date]
    limit: int


def tell_stories(world: World, client: ClientPlan, leads: list[Lead]) -> list[Story]:
    """Both campaigns over all days; a lead is in one of them. Steps of a day stay within its limit."""
    stories: list[Story] = []
    for campaign, limit in enumerate(LIMITS):
        mine = [lead for lead in leads if lead.n % len(LIMITS) == campaign]
        stories += run_campaign(world, client, campaign, mine, limit)
    return stories


def run_campaign(
    world: World, client: ClientPlan, campaign: int, leads: list[Lead], limit: int
) -> list[Story]:
    chance = world.random("outreach.mails", client.id, campaign)
    waiting, stories = sorted(leads, key=lambda lead: lead.found_at), list[Story]()
    used = Counter[date]()
    for day in working_days(world):
        morning = world.instant(day, time(6, 30), client)
        if morning > world.now:
            break
        for story in [story for story in stories if story.due and story.due <= day]:
            write_mail(world, client, chance, story, Slot(day, morning, used, limit))
        # Few new leads on each day, as a careful sender would; the other half is for follow-ups.
        for _ in range(limit // 2):
            if waiting and waiting[0].found_at < morning:
                story = Story(waiting[0], campaign, morning)
                if write_mail(world, client, chance, story, Slot(day, morning, used, limit)):
                    stories.append(story)
                    waiting.pop(0)
    plan_next(world, client, [story for story in stories if story.due])
    return stories


def plan_next(world: World, client: ClientPlan, due: list[Story]) -> None:
    """Mails that stand in the queue at the last moment: a few with a slot, a few held by the limit."""
    written = world.now - timedelta(minutes=20)
    day = world.now.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    for number, story in enumerate(due[:8]):
        step = len(story.mails)
        slot = world.instant(day, time(9 + number, 10), client)
        key = world.key("outreach.email_sends", client.id, story.lead.n, step)
        mail = Mail(key, story.campaign, step, written, max(slot, world.now + timedelta(minutes=5)))
        if number >= 5:
            mail.status, mail.hold = "held", "campaign_limit"
        story.mails.append(mail)


def working_days(world: World) -> Iterator[date]:
    """Mondays to Fridays; of less than a week, every day."""
    for day in world.dates():
        if day.weekday() < SATURDAY or world.days < 7:
            yield day


def write_mail(world: World, client: ClientPlan, chance: Random, story: Story, room: Slot) -> bool:
    """False when the day of the slot is full; the story then waits."""
    slot = find_slot(chance, story, room.day, client, room.morning)
    on = slot.astimezone(ZoneInfo(client.timezone)).date()
    if room.used[on] >= room.limit:
        return False
    room.used[on] += 1
    step = len(story.mails)
    key = world.key("outreach.email_sends", client.id, story.lead.n, step)
    mail = Mail(key, story.campaign, step, room.morning, slot)
    story.mails.append(mail)
    story.due = None
    if slot + timedelta(minutes=2) <= world.now:
        mail.sent, mail.status = slot + timedelta(seconds=chance.randrange(2, 50)), "sent"
        happen(world, chance, story, mail)
    return True


def find_slot(chance: Random, story: Story, day: date, client: ClientPlan, morning: datetime) -> datetime:
    """Between nine and five: on the client's clock in the first campaign, on the lead's in the second."""
    zone = ZoneInfo(client.timezone if story.campaign == 0 else story.lead.place[3])
    slot = datetime.combine(day, time(9), zone) + timedelta(seconds=chance.randrange(0, 8 * 3600))
    slot = slot.astimezone(morning.tzinfo)
    # A zone far ahead has its morning before ours: its slot is the next day's, or Monday's.
    while slot < morning:
        slot += timedelta(days=3 if slot.weekday() == SATURDAY - 1 else 1)
    return slot


def happen(world: World, chance: Random, story: Story, mail: Mail) -> None:
    """What becomes of a mail that went out; nothing later than the last moment filled."""
    if mail.sent is None:
        return None
    dice, now = chance.random(), world.now
    if dice < BOUNCES:
        mail.bounced, mail.status = (
            earliest(now, mail.sent + timedelta(seconds=chance.randrange(20, 900))),
            "bounced",
        )
        return finish(story, "stopped", "hard_bounce", mail.bounced)
    if mail.campaign == 1 and chance.random() < OPENS:
        mail.opened = if_past(now, mail.sent + timedelta(minutes=chance.randrange(2, 2600)))
        if mail.opened and chance.random() < CLICKS / OPENS:
            mail.clicked = if_past(now, mail.opened + timedelta(seconds=chance.randrange(8, 400)))
    if dice < BOUNCES + COMPLAINTS:
        mail.complained = earliest(now, (mail.opened or mail.sent) + timedelta(minutes=3))
        mail.status = "complained"
        return finish(story, "stopped", "complaint", mail.complained)
    if chance.random() < REPLIES[mail.step]:
        read = mail.clicked or mail.opened or mail.sent
        mail.replied = if_past(now, read + timedelta(minutes=chance.randrange(12, 2900)))
        if mail.replied:
            story.mood = chance.choices(("positive", "neutral", "negative", "opt_out"), (38, 32, 18, 12))[0]
            return finish(story, "replied", "reply", mail.replied)
    wait = timedelta(days=0)
    if chance.random() < AUTO_REPLIES and story.auto_reply is None:
        story.auto_reply = if_past(now, mail.sent + timedelta(seconds=chance.randrange(3, 40)))
        wait = timedelta(days=chance.randrange(3, 15))
        story.back_on = mail.sent + wait
    if mail.step + 1 < len(WAITS):
        story.due = (mail.sent + max(timedelta(days=WAITS[mail.step + 1]), wait)).date()
        return None
    return finish(story, "completed", None, mail.sent)


def finish(story: Story, status: str, reason: str | None, at: datetime) -> None:
    story.status, story.reason, story.ended = status, reason, at


def if_past(now: datetime, at: datetime) -> datetime | None:
    return at if at < now else None


def earliest(first: datetime, second: datetime) -> datetime:
    return min(first, second)
