"""Rows of mails, of their tokens and calls, of who may not be written to, and of what outlives the mails."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from belvedere.seeding.outreach_campaigns import BODIES, PILOT, SUBJECTS, choose
from belvedere.seeding.outreach_leads import LEAST_DEMO, MODEL, Lead, token_of
from belvedere.seeding.outreach_mails import Mail, Story
from belvedere.seeding.world import Batch, ClientPlan, World

CALLS_KEPT = timedelta(days=88)


def fill_enrollments(world: World, client: ClientPlan, stories: list[Story]) -> Iterator[Batch]:
    rows, steps = [], []
    for story in stories:
        key = world.key("outreach.campaign_enrollments", client.id, story.lead.n)
        done = [mail for mail in story.mails if mail.sent]
        waits = story.status == "active" and story.back_on is not None and story.back_on > world.now
        planned = [mail.slot for mail in story.mails if mail.status in ("queued", "held")]
        due = planned[0] if planned else world.now + timedelta(days=3) if story.status == "active" else None
        rows.append(
            (key, client.id, world.key("outreach.campaigns", client.id, story.campaign), story.lead.id,
             world.key("outreach.mailboxes", client.id, story.campaign), "waiting" if waits else story.status, story.reason,
             len(done), due, story.back_on if waits else None, story.enrolled, story.ended, story.enrolled,
             story.ended or story.enrolled)
        )  # fmt: skip
        steps += [
            (client.id, key, world.key("outreach.campaign_steps", client.id, mail.campaign, mail.step), mail.key,
             mail.written, mail.written)
            for mail in story.mails
        ]  # fmt: skip
    yield Batch(
        "outreach.campaign_enrollments",
        ("id", "client_id", "campaign_id", "lead_id", "mailbox_id", "status", "stop_reason", "step_position", "next_due_at",
         "waiting_until", "enrolled_at", "ended_at", "created_at", "updated_at"),
        rows,
    )  # fmt: skip
    yield Batch(
        "outreach.enrollment_steps",
        ("client_id", "enrollment_id", "step_id", "email_send_id", "email_send_created_at", "created_at"),
        steps,
    )


def demo_of(world: World, client: ClientPlan, lead: Lead) -> str | None:
    if lead.score <= LEAST_DEMO or lead.n % 2:
        return None
    return f"https://demos.agency.example/{world.key('outreach.demo_slugs', client.id, lead.n).hex[:16]}"


def words_of(world: World, client: ClientPlan, story: Story, mail: Mail) -> tuple[str, str]:
    """Subject and body as they were sent."""
    lead = story.lead
    facts = {
        "company": lead.company, "domain": lead.domain, "name": lead.contact.split()[0],
        "demo": demo_of(world, client, lead) or f"https://{lead.domain}/",
    }  # fmt: skip
    subject = SUBJECTS[mail.step].format(variant=choose(world, client, story).subject, **facts)
    return subject.format(**facts), BODIES[mail.step].format(**facts)


def fill_sends(world: World, client: ClientPlan, stories: list[Story]) -> Iterator[Batch]:
    rows = []
    for story in stories:
        variant = choose(world, client, story).variant
        for mail in story.mails:
            subject, body = words_of(world, client, story, mail)
            taken = mail.sent is not None
            rows.append(
                (mail.key, client.id, world.key("outreach.campaigns", client.id, mail.campaign), story.lead.id, subject, body,
                 demo_of(world, client, story.lead), MODEL if mail.step == 0 else None,
                 world.key("outreach.tracking_tokens", mail.key, "unsubscribe"), mail.sent, mail.opened, mail.clicked,
                 mail.replied, mail.status, mail.hold, world.key("outreach.campaign_enrollments", client.id, story.lead.n),
                 world.key("outreach.campaign_steps", client.id, mail.campaign, mail.step), mail.step + 1,
                 world.key("outreach.mailboxes", client.id, mail.campaign),
                 world.key("outreach.ab_tests", client.id, mail.campaign), variant, mail.slot, 1 if taken else 0,
                 mail.key.hex[:16] if taken else None, story.mails[0].key.hex[:16] if taken else None, mail.bounced,
                 "hard" if mail.bounced else None, "5.1.1" if mail.bounced else None, mail.complained, mail.written)
            )  # fmt: skip
    yield Batch(
        "outreach.email_sends",
        ("id", "client_id", "campaign_id", "lead_id", "subject_variant", "body", "demo_url", "model_used", "tracking_token",
         "sent_at", "opened_at", "clicked_at", "replied_at", "status", "hold_reason", "enrollment_id", "step_id",
         "step_position", "mailbox_id", "ab_test_id", "ab_variant", "scheduled_at", "attempt", "provider_message_id",
         "thread_id", "bounced_at", "bounce_class", "bounce_code", "complained_at", "created_at"),
        rows,
    )  # fmt: skip


def fill_tracking(world: World, client: ClientPlan, stories: list[Story]) -> Iterator[Batch]:
    """Every mail can be refused; the second campaign's are watched, and scanners call their pixels too."""
    tokens, calls = [], []
    for story in stories:
        for mail in story.mails:
            if mail.sent is None:
                continue
            kinds = ("unsubscribe", "open", "click") if mail.campaign == 1 else ("unsubscribe",)
            for kind in kinds:
                token = world.key("outreach.tracking_tokens", mail.key, kind)
                target = demo_of(world, client, story.lead) or f"https://{story.lead.domain}/"
                ends = None if kind == "unsubscribe" else mail.sent + timedelta(days=180)
                tokens.append(
                    (token, client.id, kind, mail.key, mail.written, story.lead.token, target if kind == "click" else None,
                     ends, mail.sent)
                )  # fmt: skip
            calls += list(calls_of(world, client, mail))
    yield Batch(
        "outreach.tracking_tokens",
        ("token", "client_id", "kind", "email_send_id", "email_send_created_at", "email_token", "target_url", "expires_at",
         "created_at"),
        tokens,
    )  # fmt: skip
    yield Batch(
        "outreach.tracking_events",
        (
            "id",
            "client_id",
            "token",
            "email_send_id",
            "email_send_created_at",
            "kind",
            "verdict",
            "reason",
            "at",
            "created_at",
        ),
        calls,
    )


def calls_of(world: World, client: ClientPlan, mail: Mail) -> Iterator[tuple[object, ...]]:
    if mail.sent is None or mail.sent < world.now - CALLS_KEPT or mail.campaign != 1:
        return
    chance = world.random("outreach.tracking_events", mail.key)
    seen = [("open", "human", "one reader, minutes after sending", mail.opened),
            ("click", "human", "confirmed by the page", mail.clicked)]  # fmt: skip
    if chance.random() < 0.45:
        quick = mail.sent + timedelta(seconds=chance.randrange(1, 9))
        seen.append(("open", "machine", "within ten seconds of sending", quick))
    for kind, verdict, reason, at in seen:
        if at is not None and at < world.now:
            token = world.key("outreach.tracking_tokens", mail.key, kind)
            key = world.key("outreach.tracking_events", mail.key, kind, verdict)
            yield (key, client.id, token, mail.key, mail.written, kind, verdict, reason, at, at)


def fill_suppressions(world: World, client: ClientPlan, stories: list[Story]) -> Iterator[Batch]:
    sources = {"hard_bounce": "provider", "complaint": "provider", "reply_optout": "reply"}
    rows: list[tuple[Any, ...]] = []
    for story in stories:
        reason = "reply_optout" if story.mood == "opt_out" else story.reason
        if reason in sources and story.ended:
            rows.append(
                (world.key("outreach.suppressions", client.id, story.lead.n), client.id, story.lead.token, None, reason,
                 sources[reason], None, None, story.ended)
            )  # fmt: skip
    begun = world.now - timedelta(days=world.days + 2)
    rows.append(
        (world.key("outreach.suppressions", client.id, "domain"), client.id, None, f"{client.slug}.example", "manual",
         "person", "Our own domain.", world.people[0], begun)
    )  # fmt: skip
    yield Batch(
        "outreach.suppressions",
        ("id", "client_id", "email_token", "domain", "reason", "source", "note", "created_by", "created_at"),
        rows,
    )


def month_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def fill_keeping(world: World, client: ClientPlan) -> Iterator[Batch]:
    """Counts of the pilot, whose mails are gone; an erasure that was done; the runs of retention."""
    chance = world.random("outreach.keeping", client.id)
    rows = []
    for n in range(3):
        month, sent = month_before(world.now.date(), 28 - n), 140 + chance.randrange(80)
        opened = sent * 3 // 10
        rows.append(
            (world.key("outreach.email_send_months", client.id, n), client.id, month, month,
             world.key("outreach.campaigns", client.id, PILOT), sent, sent * 2 // 5, sent // 45, 0, opened, opened // 5,
             4 + chance.randrange(6), world.now - timedelta(days=2))
        )  # fmt: skip
    yield Batch(
        "outreach.email_send_months",
        ("id", "client_id", "part_month", "month", "campaign_id", "sent", "first_touches", "bounced", "complained", "opened",
         "clicked", "replied", "created_at"),
        rows,
    )  # fmt: skip
    yield erasure(world, client)
    yield Batch(
        "outreach.retention_runs",
        ("id", "client_id", "kind", "dry_run", "status", "cutoff", "rows_due", "rows_removed", "months_dropped", "started_at",
         "completed_at"),
        [(world.key("outreach.retention_runs", client.id, kind), client.id, kind, kind == "leads", "completed",
          datetime.combine(month_before(world.now.date(), 24), datetime.min.time(), UTC), due, 0 if kind == "leads" else due,
          1 if kind == "sends" else 0, world.now - timedelta(hours=20), world.now - timedelta(hours=20, minutes=-2))
         for kind, due in (("leads", 12), ("sends", 431), ("tracking", 1960))],
    )  # fmt: skip


def erasure(world: World, client: ClientPlan) -> Batch:
    came = world.now - timedelta(days=min(world.days, 11), hours=3)
    report = {
        "removed": {"leads": 1, "conversations": 1, "conversation_messages": 2},
        "cleared": {"email_sends": 3},
    }
    gone = token_of(world, f"former-lead-{client.id}@erased.example")
    return Batch(
        "outreach.erasure_requests",
        ("id", "client_id", "email_token", "status", "requested_via", "received_at", "due_at", "started_at", "completed_at",
         "report", "residual_rows", "signature", "created_at", "updated_at"),
        [(world.key("outreach.erasure_requests", client.id, 0), client.id, gone, "completed", "reply", came,
          came + timedelta(days=30), came + timedelta(minutes=1), came + timedelta(minutes=3), json.dumps(report), 0,
          token_of(world, json.dumps(report)), came, came + timedelta(minutes=3))],
    )  # fmt: skip
