"""Alerts about campaigns, each with the figure that its days really show; the newest three still last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from belvedere.ads.contracts import AlertType
from belvedere.core.money import from_minor
from belvedere.seeding.ads_decisions import acted_on, moment, person
from belvedere.seeding.ads_figures import Figures, imagine_days
from belvedere.seeding.ads_plan import AdsPlan, CampaignPlan
from belvedere.seeding.world import Batch, World


@dataclass(frozen=True, slots=True)
class Alarm:
    """A kind of alert: the days it looks back on, and how the bound relates to what was seen."""

    type: AlertType
    severity: str
    metric: str
    days: int
    bound: Decimal
    words: str


ALARMS = (
    Alarm(AlertType.ROAS_DROP, "HIGH", "roas", 7, Decimal("1.4"), "{name} brought {value} for each unit spent over seven days; {limit} or more was expected."),
    Alarm(AlertType.CPA_SPIKE, "MEDIUM", "cpa", 3, Decimal("0.7"), "A sale of {name} cost {value} {currency} over three days; at most {limit} {currency} was expected."),
    Alarm(AlertType.ROAS_DROP, "LOW", "roas", 7, Decimal("1.1"), "{name} brought slightly less than expected: {value} for each unit spent, {limit} expected."),
    Alarm(AlertType.CPA_SPIKE, "HIGH", "cpa", 1, Decimal("0.55"), "A sale of {name} cost {value} {currency} yesterday; at most {limit} {currency} was expected."),
    Alarm(AlertType.ZERO_CONVERSIONS, "CRITICAL", "conversions", 2, Decimal(0), "{name} brought no sale in two covered days; about {limit} were expected."),
)  # fmt: skip
LASTING = 3
"""How many of the newest alerts are still open."""

Days = Mapping[tuple[int, date], Figures]


def list_alerts(world: World, plan: AdsPlan) -> Batch:
    columns = (
        "id", "client_id", "alert_type", "severity", "campaign_id", "platform", "message", "metric_name",
        "metric_value", "threshold_value", "created_at", "acknowledged_at", "acknowledged_by", "resolved_at",
        "resolved_by", "resolved_reason", "dedup_key", "occurrences", "last_seen_at", "updated_at",
    )  # fmt: skip
    count = count_alerts(world)
    figures = {(campaign.number, day.date): given for campaign, day, given in imagine_days(world, plan)}
    rows = [alert_row(world, plan, number, count, figures) for number in range(count)]
    return Batch("ads.alerts", columns, rows)


def alert_row(world: World, plan: AdsPlan, number: int, of: int, figures: Days) -> tuple[object, ...]:
    """One alert; the three newest still last, one of them taken."""
    alarm = ALARMS[number % len(ALARMS)]
    campaign, at, back = acted_on(plan, number), moment(world, number, of), of - number
    taken = min(at + timedelta(minutes=50), world.now) if number % 2 or back > LASTING else None
    ended = min(at + timedelta(hours=9 + number % 30), world.now) if back > LASTING else None
    by_hand = number % 3 == 0
    who = person(world, number)
    seen, bound = measure(plan, alarm, campaign, list(look_back(alarm, campaign, at, figures)))
    text = alarm.words.format(
        name=campaign.name, value=f"{seen:f}", limit=f"{bound:f}", currency=plan.client.currency
    )
    reason = None if ended is None else "by_person" if by_hand else "recovered"
    return (
        world.key("ads.alerts", plan.client.id, number), plan.client.id, str(alarm.type), alarm.severity, campaign.id,
        campaign.platform, text, alarm.metric, seen, bound, at, taken,
        who if taken else None, ended, who if ended and by_hand else None, reason,
        f"{alarm.type}:{campaign.number}:attributed", 1 + number % 4, ended or world.now - timedelta(minutes=7),
        ended or taken or at,
    )  # fmt: skip


def look_back(alarm: Alarm, campaign: CampaignPlan, at: datetime, figures: Days) -> Iterator[Figures]:
    """The covered days before an alert; for a silence, those before it, which say what was expected."""
    first = 1 + (alarm.days if alarm.metric == "conversions" else 0)
    for day in range(first, first + alarm.days):
        given = figures.get((campaign.number, at.date() - timedelta(days=day)))
        if given is not None:
            yield given


def measure(
    plan: AdsPlan, alarm: Alarm, campaign: CampaignPlan, days: list[Figures]
) -> tuple[Decimal, Decimal]:
    """What the days show and where the bound lies; without days, what the campaign usually shows."""
    spend, revenue = sum(day.spend for day in days), sum(day.revenue for day in days)
    sales = Decimal(sum(day.conversions for day in days)) / 100
    if alarm.metric == "conversions":
        return Decimal(0), Decimal(max(1, round(sales)))
    if alarm.metric == "roas":
        seen = round(Decimal(revenue) / spend, 2) if spend else campaign.roas
        return seen, round(seen * alarm.bound + Decimal("0.01"), 2)
    digits = plan.digits
    cost = round(spend / sales) if sales else 40 * plan.euro
    return from_minor(cost, plan.client.currency).quantize(Decimal(1).scaleb(-digits)), from_minor(
        round(cost * alarm.bound), plan.client.currency
    ).quantize(Decimal(1).scaleb(-digits))


def find_silences(world: World, plan: AdsPlan) -> frozenset[tuple[int, date]]:
    """Days on which a campaign sold nothing, by its number: the two before each alert that says so."""
    count = count_alerts(world)
    days = set()
    for number in range(count):
        alarm = ALARMS[number % len(ALARMS)]
        if alarm.metric == "conversions":
            day, campaign = moment(world, number, count).date(), acted_on(plan, number).number
            days |= {(campaign, day - timedelta(days=back)) for back in range(1, alarm.days + 1)}
    return frozenset(days)


def count_alerts(world: World) -> int:
    return max(6, min(60, world.days // 4))
