"""Mails and outcomes for tests, and the figures counted from them one by one."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import psycopg

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Mail:
    client: int
    campaign: UUID | None
    written: datetime
    sent: datetime | None
    replied: datetime | None
    status: str
    position: int | None


@dataclass(frozen=True)
class Outcome:
    client: int
    campaign: UUID | None
    kind: str
    at: datetime
    amount: Decimal | None
    currency: str | None


def add_campaign(admin: psycopg.Connection, client: int, name: str) -> UUID:
    row = admin.execute(
        "INSERT INTO outreach.campaigns (client_id, name) VALUES (%s, %s) RETURNING id", [client, name]
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def make_mails(
    chance: random.Random, client: int, campaigns: list[UUID], oldest: datetime, n: int
) -> list[Mail]:
    """Mails from `oldest` on, many of them near the turn of a month."""
    mails = []
    for _ in range(n):
        written = oldest + timedelta(minutes=chance.randrange(0, 60 * 24 * 120))
        sent = written + timedelta(hours=chance.randrange(0, 72)) if chance.random() < 0.85 else None
        replied = sent + timedelta(hours=30) if sent and chance.random() < 0.1 else None
        status = chance.choice(["sent", "sent", "sent", "bounced", "complained"]) if sent else "queued"
        mails.append(
            Mail(
                client,
                chance.choice([*campaigns, None]),
                written,
                sent,
                replied,
                status,
                chance.choice([1, 2, 3, None]),
            )
        )
    return mails


def make_outcomes(
    chance: random.Random, client: int, campaigns: list[UUID], oldest: datetime
) -> list[Outcome]:
    outcomes = []
    for _ in range(40):
        kind = chance.choice(["meeting_booked", "meeting_booked", "deal_won", "deal_lost"])
        worth = Decimal(chance.randrange(0, 900_000)).scaleb(-2) if kind != "meeting_booked" else None
        at = oldest + timedelta(minutes=chance.randrange(0, 60 * 24 * 120))
        currency = chance.choice(["EUR", "GBP"]) if worth is not None else None
        outcomes.append(Outcome(client, chance.choice([*campaigns, None]), kind, at, worth, currency))
    return outcomes


def store_mails(admin: psycopg.Connection, mails: list[Mail]) -> None:
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outreach.email_sends (client_id, campaign_id, created_at, sent_at, replied_at, status,"
            " step_position) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(m.client, m.campaign, m.written, m.sent, m.replied, m.status, m.position) for m in mails],
        )


def store_outcomes(admin: psycopg.Connection, outcomes: list[Outcome]) -> None:
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outreach.lead_outcomes (client_id, campaign_id, kind, occurred_at, amount, currency)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [(o.client, o.campaign, o.kind, o.at, o.amount, o.currency) for o in outcomes],
        )


def month_of(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)


def divide(top: int, bottom: int) -> Decimal | None:
    return (Decimal(top) / Decimal(bottom)).quantize(Decimal("0.000001"), ROUND_HALF_UP) if bottom else None


def count_replies(mails: list[Mail]) -> set[tuple[object, ...]]:
    counts: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for mail in mails:
        if mail.sent:
            line = counts[mail.client, mail.campaign, month_of(mail.sent)]
            line[0] += 1
            line[1] += mail.status == "bounced"
            line[2] += mail.replied is not None
    return {(*key, *line, divide(line[2], line[0] - line[1])) for key, line in counts.items()}


def count_meetings(mails: list[Mail], outcomes: list[Outcome]) -> set[tuple[object, ...]]:
    counts: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0])
    for mail in mails:
        if mail.sent and mail.position in (1, None):
            counts[mail.client, mail.campaign, month_of(mail.sent)][0] += 1
    for outcome in outcomes:
        if outcome.kind == "meeting_booked":
            counts[outcome.client, outcome.campaign, month_of(outcome.at)][1] += 1
    return {(*key, *line, divide(line[1], line[0])) for key, line in counts.items()}


def count_revenue(outcomes: list[Outcome]) -> set[tuple[object, ...]]:
    sums: dict[tuple[object, ...], list[Decimal]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.kind == "deal_won" and outcome.amount is not None:
            sums[outcome.client, outcome.campaign, month_of(outcome.at), outcome.currency].append(
                outcome.amount
            )
    return {
        (
            *key,
            len(worths),
            sum(worths),
            (sum(worths, Decimal(0)) / len(worths)).quantize(Decimal("0.01"), ROUND_HALF_UP),
        )
        for key, worths in sums.items()
    }
