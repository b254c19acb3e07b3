"""What a made-up client advertises: its accounts and campaigns, before any row is written."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from belvedere.seeding.world import ClientPlan


@dataclass(frozen=True, slots=True)
class AccountPlan:
    id: UUID
    platform: str
    attribution: str
    reread_days: int


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """`daily` is the usual spend of a day in the smallest unit; `roas` what it usually brings back."""

    number: int
    id: UUID
    account: AccountPlan
    name: str
    objective: str
    status: str
    stops: date | None
    daily: int
    roas: Decimal
    season: str
    shared: bool

    @property
    def platform(self) -> str:
        return self.account.platform


@dataclass(frozen=True, slots=True)
class AdsPlan:
    client: ClientPlan
    digits: int
    euro: int
    """How many of the smallest units of the client's currency stand for a euro, roughly."""
    accounts: tuple[AccountPlan, ...]
    campaigns: tuple[CampaignPlan, ...]
    silences: frozenset[tuple[int, date]] = frozenset()
    """Days without a sale, with the campaign's number."""

    @property
    def paid(self) -> tuple[CampaignPlan, ...]:
        return tuple(campaign for campaign in self.campaigns if campaign.daily)

    def first_of(self, campaign: CampaignPlan) -> CampaignPlan:
        """The campaign whose budget this one spends from: itself, or the first of those that share one."""
        if not campaign.shared:
            return campaign
        return next(other for other in self.campaigns if other.shared)

    def budget_of(self, campaign: CampaignPlan) -> int:
        """The daily budget in the smallest unit, a tenth above the usual spend, rounded to a plain figure."""
        sharing = [other for other in self.paid if self.first_of(other) == self.first_of(campaign)]
        return round_plain(sum(other.daily for other in sharing) * 11 // 10, 10**self.digits)


def round_plain(amount: int, unit: int) -> int:
    """To whole units, and to fives of them where the amount is large."""
    step = unit * (5 if amount > 50 * unit else 1)
    return max(unit, round(amount / step) * step)
