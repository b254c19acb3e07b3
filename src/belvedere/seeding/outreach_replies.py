"""Threads that grew out of letters, and the meetings and deals they led to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from belvedere.seeding.outreach_leads import MODEL, Lead
from belvedere.seeding.outreach_mails import Mail, Story
from belvedere.seeding.outreach_sends import words_of
from belvedere.seeding.world import Batch, ClientPlan, World

THEIRS = {
    "positive": (
        "That is our page? I hardly knew it. When could we speak about it? Thursday morning would suit.",
        "Thank you, this looks well. What would it cost, and could we keep our own shop system?",
        "You are right about the phone page, customers told us the same. Please call me next week.",
    ),
    "neutral": (
        "Thank you for your letter. We decide about such things in the spring. Please write again then.",
        "Who are you, and where did you find our address?",
        "My partner looks after the website. I have passed it on.",
    ),
    "negative": (
        "We are content with our website as it is.",
        "We had it made only last year and shall not change it again.",
    ),
    "opt_out": ("Please do not write to us again.", "Remove me from your list, thank you."),
}
OURS = {
    "positive": "Gladly. I have put down Thursday at ten; a short call is enough, and the page stays up until then.",
    "neutral": "Of course. Your address stands in the imprint of your page. I shall write again when you say so.",
    "negative": "Thank you for telling me. I wish you a good season and shall not write again about this.",
}
AWAY = "Thank you for your message. The shop is closed for a few days; we shall read it when we are back."
INTENTS = {"positive": "meeting", "neutral": "question", "negative": "not_interested", "opt_out": "opt_out"}
WORTH = {"JPY": 160}
"""How much of a currency one euro is, roughly, where that is far from one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    lead: Lead
    campaign: int
    kind: str
    at: datetime
    amount: Decimal | None


def fill_conversations(world: World, client: ClientPlan, stories: list[Story]) -> Iterator[Batch]:
    threads, messages = [], []
    for story in stories:
        answered = next((mail for mail in story.mails if mail.replied), None)
        if answered is None and story.auto_reply is None:
            continue
        mine = list(talk(world, client, story, answered))
        messages += mine
        last = max(message[-1] for message in mine)
        threads.append(
            (world.key("outreach.conversations", client.id, story.lead.n), client.id, story.lead.id,
             world.key("outreach.campaigns", client.id, story.campaign),
             f'{{"thread_id": "{story.mails[0].key.hex[:16]}"}}', last, status_of(story, answered),
             world.key("outreach.mailboxes", client.id, story.campaign),
             words_of(world, client, story, story.mails[0])[0], "thread", world.people[0], mine[0][-1], last)
        )  # fmt: skip
    yield Batch(
        "outreach.conversations",
        ("id", "client_id", "lead_id", "campaign_id", "thread_metadata", "last_message_at", "status", "mailbox_id", "subject",
         "matched_by", "assigned_to", "created_at", "updated_at"),
        threads,
    )  # fmt: skip
    yield Batch("outreach.conversation_messages", MESSAGE_COLUMNS, messages)


def status_of(story: Story, answered: Mail | None) -> str:
    if answered is None:
        return "waiting"
    return {"opt_out": "opted_out", "negative": "closed"}.get(story.mood or "", "active")


MESSAGE_COLUMNS = (
    "id", "client_id", "conversation_id", "direction", "from_email", "to_email", "subject", "body", "model_used", "sentiment",
    "gmail_message_id", "mailbox_id", "email_send_id", "email_send_created_at", "state", "message_id_header", "in_reply_to",
    "draft_of", "drafted_body", "edit_distance", "approved_by", "approved_at", "expires_at", "intent", "is_auto_reply",
    "language", "sent_at", "created_at",
)  # fmt: skip


def talk(world: World, client: ClientPlan, story: Story, answered: Mail | None) -> Iterator[tuple[Any, ...]]:
    """Our letter, an absence note if one came, their answer, and what we said or are about to say."""
    voice = Voice(world, client, story)
    first = answered or story.mails[0]
    yield voice.letter(first)
    if story.auto_reply and (
        answered is None or answered.replied is None or story.auto_reply < answered.replied
    ):
        yield voice.theirs("away", AWAY, story.auto_reply, "unknown", "out_of_office", first, is_auto=True)
    if answered is None or answered.replied is None or story.mood is None:
        return
    chance = world.random("outreach.talk", client.id, story.lead.n)
    words, mood = chance.choice(THEIRS[story.mood]), "negative" if story.mood == "opt_out" else story.mood
    yield voice.theirs("reply", words, answered.replied, mood, INTENTS[story.mood], first, is_auto=False)
    if story.mood in OURS:
        drafted = answered.replied + timedelta(minutes=2)
        approved = answered.replied + timedelta(minutes=chance.randrange(20, 1600))
        if drafted < world.now:
            yield voice.ours(OURS[story.mood], drafted, approved if approved < world.now else None)


@dataclass(frozen=True, slots=True)
class Voice:
    """Makes the messages of one thread."""

    world: World
    client: ClientPlan
    story: Story

    def key(self, name: str) -> object:
        return self.world.key("outreach.conversation_messages", self.client.id, self.story.lead.n, name)

    def row(self, name: str, **values: object) -> tuple[Any, ...]:
        lead, language = self.story.lead, self.story.lead.place[4]
        base: dict[str, object] = {
            "id": self.key(name), "client_id": self.client.id, "language": language, "is_auto_reply": False,
            "conversation_id": self.world.key("outreach.conversations", self.client.id, lead.n),
            "mailbox_id": self.world.key("outreach.mailboxes", self.client.id, self.story.campaign),
            "subject": "Re: " + words_of(self.world, self.client, self.story, self.story.mails[0])[0],
            "message_id_header": f"<{name}.{lead.n}.{self.client.id}@{lead.domain}>",
            "gmail_message_id": f"{self.world.key('gmail', self.client.id, lead.n, name).hex[:16]}",
        } | values  # fmt: skip
        base["created_at"] = base["sent_at"]
        return tuple(base.get(column) for column in MESSAGE_COLUMNS)

    def addresses(self, direction: str) -> dict[str, object]:
        name = ("mara", "jonas")[self.story.campaign]
        us, them = f"{name}@letters.{self.client.slug}.example", self.story.lead.email
        first, second = (us, them) if direction == "outbound" else (them, us)
        return {"direction": direction, "from_email": first, "to_email": second}

    def letter(self, mail: Mail) -> tuple[Any, ...]:
        subject, body = words_of(self.world, self.client, self.story, mail)
        return self.row(
            "letter", **self.addresses("outbound"), subject=subject, body=body, model_used=MODEL, state="sent",
            email_send_id=mail.key, email_send_created_at=mail.written, sent_at=mail.sent,
        )  # fmt: skip

    def theirs(
        self, name: str, body: str, at: datetime, mood: str, intent: str, mail: Mail, *, is_auto: bool
    ) -> tuple[Any, ...]:
        return self.row(
            name, **self.addresses("inbound"), body=body, sentiment=mood, intent=intent, is_auto_reply=is_auto, sent_at=at,
            state="received", email_send_id=mail.key, email_send_created_at=mail.written,
            in_reply_to=f"<letter.{self.story.lead.n}.{self.client.id}@{self.story.lead.domain}>",
        )  # fmt: skip

    def ours(self, body: str, drafted: datetime, approved: datetime | None) -> tuple[Any, ...]:
        """A draft of the model that a person approved, still waits for, or let lapse after three days."""
        name = self.story.lead.contact.split()[0]
        text = f"Good morning {name},\n\n{body}\n\nKind regards"
        sent = approved is not None
        return self.row(
            "answer", **self.addresses("outbound"), body=text, drafted_body=text if sent else None, model_used=MODEL,
            edit_distance=0 if sent else None, draft_of=self.key("reply"), state="sent" if sent else "pending_approval",
            approved_by=self.world.people[0] if sent else None, approved_at=approved,
            expires_at=None if sent else drafted + timedelta(hours=72), sent_at=approved or drafted,
            in_reply_to=f"<reply.{self.story.lead.n}.{self.client.id}@{self.story.lead.domain}>",
            **({} if sent else {"message_id_header": None, "gmail_message_id": None}),
        )  # fmt: skip


def tell_outcomes(world: World, client: ClientPlan, stories: list[Story]) -> list[Outcome]:
    """Of the friendly replies most lead to a meeting, and of the meetings some to a deal."""
    outcomes = []
    for story in stories:
        if story.mood != "positive" or story.ended is None:
            continue
        chance = world.random("outreach.lead_outcomes", client.id, story.lead.n)
        met = story.ended + timedelta(hours=chance.randrange(20, 120))
        if chance.random() < 0.72 and met < world.now:
            outcomes.append(Outcome(story.lead, story.campaign, "meeting_booked", met, None))
            decided = met + timedelta(days=chance.randrange(3, 24))
            won = chance.random() < 0.45
            worth = Decimal(chance.randrange(18, 140)) * 50 * WORTH.get(client.currency, 1)
            if decided < world.now:
                outcomes.append(
                    Outcome(story.lead, story.campaign, "deal_won" if won else "deal_lost", decided, worth)
                )
    return outcomes


def fill_outcomes(world: World, client: ClientPlan, outcomes: list[Outcome]) -> Iterator[Batch]:
    yield Batch(
        "outreach.lead_outcomes",
        ("id", "client_id", "lead_id", "campaign_id", "kind", "amount", "currency", "occurred_at", "source", "external_id",
         "recorded_by", "created_at"),
        [(world.key("outreach.lead_outcomes", client.id, outcome.lead.n, outcome.kind), client.id, outcome.lead.id,
          world.key("outreach.campaigns", client.id, outcome.campaign), outcome.kind, outcome.amount,
          client.currency if outcome.amount is not None else None, outcome.at,
          "calendar" if outcome.kind == "meeting_booked" else "manual",
          f"event-{outcome.lead.n:05}" if outcome.kind == "meeting_booked" else None,
          None if outcome.kind == "meeting_booked" else world.people[0], outcome.at)
         for outcome in outcomes],
    )  # fmt: skip
