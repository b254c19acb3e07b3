"""Mailboxes, campaigns with their steps, and the tests that run in them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from belvedere.seeding.outreach_mails import LIMITS, WAITS, Story
from belvedere.seeding.world import Batch, ClientPlan, World

CAMPAIGNS = ("Slow shops, three letters", "Shops without a phone page", "Pilot: the first fifty shops")
PILOT = 2
"""A campaign of years ago: only its counts are left."""
VARIANTS = (
    ("question", "Is {company} as quick as your shop floor?"),
    ("figure", "{company}: 4.1 seconds until the first word"),
)
BODIES = (
    (
        "Good morning {name},\n\nI looked at {domain} on an ordinary phone. Three things hold it back, and all three can be"
        " mended in a day. I built your front page anew so that you can see the difference: {demo}\n\nKind regards"
    ),
    (
        "Good morning {name},\n\nin case my letter came on a full day: the page I built for {company} is still up at {demo}."
        " It needs no answer, only a look.\n\nKind regards"
    ),
    (
        "Good morning {name},\n\nthis is my last letter. If the website is not the thing at present, I wish {company} a good"
        " season.\n\nKind regards"
    ),
)
SUBJECTS = ("{variant}", "Your new front page, {name}", "One last line about {domain}")


@dataclass(frozen=True, slots=True)
class Choice:
    """The bucket of a lead in the test of its campaign and the variant that follows from it."""

    bucket: int
    variant: str
    subject: str


def choose(world: World, client: ClientPlan, story: Story) -> Choice:
    bucket = world.random("outreach.ab_assignments", client.id, story.campaign, story.lead.n).randrange(
        10_000
    )
    key, subject = VARIANTS[0] if bucket < 5000 else VARIANTS[1]
    return Choice(bucket, key, subject)


def started(world: World) -> datetime:
    return world.now - timedelta(days=world.days, hours=6)


def fill_mailboxes(world: World, client: ClientPlan) -> Iterator[Batch]:
    begun = started(world) - timedelta(days=20)
    checks = {
        name: {"passed": True}
        for name in ("spf", "dkim", "dmarc", "alignment", "mx", "footer", "unsubscribe_host")
    }
    yield Batch(
        "outreach.mailboxes",
        ("id", "client_id", "address", "display_name", "provider", "sending_domain", "settings", "timezone", "daily_limit",
         "ramp_started_on", "status", "preflight", "preflight_at", "sync_cursor", "synced_at", "created_at", "updated_at"),
        [(world.key("outreach.mailboxes", client.id, n), client.id, f"{name}@letters.{client.slug}.example",
          f"{name.title()} at {client.name}", provider, f"letters.{client.slug}.example",
          json.dumps({"host": f"smtp.{client.slug}.example", "port": 465} if provider == "smtp" else {}), client.timezone, 40,
          begun.date(), "active", json.dumps(checks), world.now - timedelta(hours=5), str(482_000 + n),
          world.now - timedelta(minutes=4), begun, begun)
         for n, (name, provider) in enumerate((("mara", "gmail"), ("jonas", "smtp")))],
    )  # fmt: skip


def fill_campaigns(world: World, client: ClientPlan) -> Iterator[Batch]:
    begun = started(world)
    zones = (client.timezone, "recipient", client.timezone)
    rows = []
    for n, name in enumerate(CAMPAIGNS):
        window = {
            "timezone": zones[n], "fallback_timezone": client.timezone,
            "days": [1, 2, 3, 4, 5] if world.days >= 7 else [1, 2, 3, 4, 5, 6, 7],
            "start": "09:00", "end": "17:00", "min_gap_seconds": 300, "jitter_seconds": 120, "holidays": [],
        }  # fmt: skip
        pilot = n == PILOT
        made = begun - timedelta(days=900 if pilot else 1)
        rows.append(
            (world.key("outreach.campaigns", client.id, n), client.id, name, ["web", "directory", "maps"],
             json.dumps({"score": {"gte": 8}, "country": ["DE", "GB", "FR", "US", "AT", "IE", "NL"]}),
             50 if pilot else LIMITS[n], json.dumps(window), "completed" if pilot else "active", client.timezone, n == 1,
             n == 1, world.people[0], made + timedelta(hours=3), made + timedelta(days=75) if pilot else None, made, made)
        )  # fmt: skip
    yield Batch(
        "outreach.campaigns",
        ("id", "client_id", "name", "source_types", "filters", "daily_limit", "send_window", "status", "timezone",
         "tracks_opens", "tracks_clicks", "created_by", "started_at", "completed_at", "created_at", "updated_at"),
        rows,
    )  # fmt: skip
    yield from fill_steps(world, client, begun - timedelta(days=1))


def fill_steps(world: World, client: ClientPlan, made: datetime) -> Iterator[Batch]:
    yield Batch(
        "outreach.campaign_steps",
        ("id", "client_id", "campaign_id", "position", "name", "wait_days", "subject", "body", "with_demo", "with_video",
         "created_at", "updated_at"),
        [(world.key("outreach.campaign_steps", client.id, campaign, step), client.id,
          world.key("outreach.campaigns", client.id, campaign), step + 1, ("First letter", "Reminder", "Last letter")[step],
          wait, SUBJECTS[step], BODIES[step], step < 2, campaign == 1 and step == 0, made, made)
         for campaign in range(len(LIMITS)) for step, wait in enumerate(WAITS)],
    )  # fmt: skip
    yield Batch(
        "outreach.campaign_mailboxes",
        ("client_id", "campaign_id", "mailbox_id", "created_at"),
        [(client.id, world.key("outreach.campaigns", client.id, n), world.key("outreach.mailboxes", client.id, n), made)
         for n in range(len(LIMITS))],
    )  # fmt: skip


def fill_tests(world: World, client: ClientPlan, stories: list[Story]) -> Iterator[Batch]:
    """The first campaign's test runs; the second's was stopped by a person yesterday."""
    rows: list[tuple[object, ...]] = []
    assigned: list[tuple[object, ...]] = []
    variants = [
        {"key": key, "name": name, "content": {"subject": subject}}
        for (key, subject), name in zip(VARIANTS, ("A question", "A figure"), strict=True)
    ]
    for campaign in range(len(LIMITS)):
        key = world.key("outreach.ab_tests", client.id, campaign)
        mine = [story for story in stories if story.campaign == campaign]
        stopped = campaign == 1
        decision = {"arms": count_arms(world, client, mine), "reason": "The letters are rewritten."}
        decided = world.now - timedelta(days=1) if stopped else None
        rows.append(
            (key, client.id, f"Question or figure: {CAMPAIGNS[campaign].lower()}", "subject", json.dumps(variants),
             json.dumps({"question": 0.5, "figure": 0.5}), "decided" if stopped else "active",
             world.key("outreach.campaigns", client.id, campaign), len(mine) + 200, 1,
             "stopped_manually" if stopped else None, json.dumps(decision) if stopped else None,
             world.people[0] if stopped else None, started(world), decided, started(world), decided or started(world))
        )  # fmt: skip
        assigned += [assign(world, client, key, story) for story in mine]
    yield Batch(
        "outreach.ab_tests",
        ("id", "client_id", "name", "element_type", "variants", "split_ratio", "status", "campaign_id", "max_leads",
         "looks_done", "outcome", "decision", "decided_by", "started_at", "decided_at", "created_at", "updated_at"),
        rows,
    )  # fmt: skip
    yield Batch(
        "outreach.ab_assignments",
        ("client_id", "test_id", "lead_id", "variant", "bucket", "exposed_at", "converted_at", "assigned_at"),
        assigned,
    )


def assign(world: World, client: ClientPlan, test: UUID, story: Story) -> tuple[object, ...]:
    choice, first = choose(world, client, story), story.mails[0]
    replied = next((mail.replied for mail in story.mails if mail.replied), None)
    lead = story.lead.id
    return (client.id, test, lead, choice.variant, choice.bucket, first.sent, replied, story.enrolled)


def count_arms(world: World, client: ClientPlan, stories: list[Story]) -> list[dict[str, object]]:
    arms = []
    for key, _ in VARIANTS:
        mine = [story for story in stories if choose(world, client, story).variant == key]
        exposed = [story for story in mine if story.mails[0].sent]
        replies = sum(story.status == "replied" for story in exposed)
        arms.append({"key": key, "assigned": len(mine), "exposed": len(exposed), "conversions": replies})
    return arms
