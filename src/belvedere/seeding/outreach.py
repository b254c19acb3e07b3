"""Data for the schema `outreach`: leads, letters to them, and what came of it."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from belvedere.seeding.outreach_campaigns import fill_campaigns, fill_mailboxes, fill_tests
from belvedere.seeding.outreach_leads import fill_assets, fill_leads, fill_sources, make_leads
from belvedere.seeding.outreach_mails import Story, tell_stories
from belvedere.seeding.outreach_replies import fill_conversations, fill_outcomes, tell_outcomes
from belvedere.seeding.outreach_sends import (
    fill_enrollments,
    fill_keeping,
    fill_sends,
    fill_suppressions,
    fill_tracking,
)
from belvedere.seeding.world import Batch, ClientPlan, World


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    leads = make_leads(world, client)
    stories = tell_stories(world, client, leads)
    outcomes = tell_outcomes(world, client, stories)
    refused = {
        story.lead.id
        for story in stories
        if story.reason in ("hard_bounce", "complaint") or story.mood == "opt_out"
    }
    reached = reach(stories)
    for outcome in sorted(outcomes, key=lambda outcome: outcome.at):
        reached[outcome.lead.id] = (STATUS[outcome.kind], outcome.at)
    yield from fill_sources(world, client, leads)
    yield from fill_leads(world, client, leads, reached, refused)
    yield from fill_assets(world, client, leads)
    yield from fill_mailboxes(world, client)
    yield from fill_campaigns(world, client)
    yield from fill_enrollments(world, client, stories)
    yield from fill_sends(world, client, stories)
    yield from fill_tracking(world, client, stories)
    yield from fill_suppressions(world, client, stories)
    yield from fill_conversations(world, client, stories)
    yield from fill_tests(world, client, stories)
    yield from fill_outcomes(world, client, outcomes)
    yield from fill_keeping(world, client)


STATUS = {"meeting_booked": "meeting", "deal_won": "won", "deal_lost": "lost"}


def reach(stories: list[Story]) -> dict[UUID, tuple[str, datetime]]:
    """How far each lead came by letters alone, and its last touch."""
    reached = {}
    for story in stories:
        sent = [mail.sent for mail in story.mails if mail.sent]
        if story.status == "replied" and story.ended:
            reached[story.lead.id] = ("replied", story.ended)
        elif sent:
            reached[story.lead.id] = ("contacted", story.ended or sent[-1])
    return reached
