"""Fill an installation with made-up data: people and clients through their services, the rest by the domains' fillers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.contracts import ClientDraft
from belvedere.accounts.service import create_client, ensure_demo_owner
from belvedere.core.context import Scope
from belvedere.core.errors import Conflict, FieldProblem, Invalid
from belvedere.core.runtime import Runtime
from belvedere.seeding.fillers import FILLERS
from belvedere.seeding.names import name_client
from belvedere.seeding.world import ClientPlan, World
from belvedere.seeding.writer import make_months
from belvedere.wiring.seed_people import (
    OWNER_EMAIL,
    OWNER_NAME,
    OWNER_PASSWORD,
    add_credentials,
    add_people,
    add_traces,
)
from belvedere.wiring.seed_rows import fill_shares

MOST_CLIENTS, MOST_DAYS = 1000, 1100
AGENCY = ClientPlan(0, "Agency", "agency", "USD", "UTC")
_OWNER = text("SELECT id FROM core.users WHERE role = 'owner' AND is_active ORDER BY created_at, id LIMIT 1")
_CLIENTS = text("SELECT id, slug, metadata ->> 'seeded' AS seeded FROM core.clients WHERE id > 0")
_SOURCES = text("SELECT provider || '/' || endpoint, id FROM watch.api_sources")
_PLANS = text(
    "SELECT id, name, slug, currency, timezone FROM core.clients WHERE slug = ANY(:slugs) ORDER BY id"
)
_HAS_CAMPAIGNS = text("SELECT EXISTS (SELECT 1 FROM ads.campaigns)")
_KEY_FIGURES = text(
    "SELECT outreach.refresh_kpi(name::name) FROM unnest("
    "ARRAY['reply_rates', 'meeting_booking_rates', 'campaign_revenue']) AS name"
)
_TALKS = text(
    "SELECT DISTINCT ON (client_id) client_id, channel_ref, channel_name FROM watch.communication_reports"
    " WHERE channel = 'discord' ORDER BY client_id, period_start DESC"
)
_OTHERS = text("SELECT count(*) FROM core.clients WHERE id > 0 AND metadata ->> 'seeded' IS NULL")


@dataclass(frozen=True, slots=True)
class SeedOrder:
    """What to make. `until` is the last day; without it, yesterday. `domains` limits the schemas filled."""

    clients: int
    days: int
    seed: int
    until: date | None = None
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeedStep:
    done: int
    steps: int
    doing: str


@dataclass(slots=True)
class SeedResult:
    clients: int = 0
    owner_made: bool = False
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, table: str, count: int) -> None:
        self.rows[table] = self.rows.get(table, 0) + count


Report = Callable[[SeedStep], None]


def check_order(order: SeedOrder, today: date) -> None:
    """Raises Invalid with every field that is out of its range."""
    problems = []
    if not 1 <= order.clients <= MOST_CLIENTS:
        problems.append(FieldProblem("/clients", "out_of_range", f"Give 1 to {MOST_CLIENTS} clients."))
    if not 1 <= order.days <= MOST_DAYS:
        problems.append(FieldProblem("/days", "out_of_range", f"Give 1 to {MOST_DAYS} days."))
    if order.until is not None and order.until > today:
        problems.append(FieldProblem("/until", "in_the_future", "The last day cannot lie in the future."))
    elif order.until is not None and (today - order.until).days + order.days > MOST_DAYS:
        words = f"The first day cannot lie more than {MOST_DAYS} days back: every month of it gets a part of each table."
        problems.append(FieldProblem("/until", "too_long_ago", words))
    unknown = sorted(set(order.domains) - set(FILLERS))
    if unknown:
        known = ", ".join(FILLERS)
        problems.append(
            FieldProblem("/only", "unknown", f"There is no schema {unknown[0]!r}; known: {known}.")
        )
    if problems:
        raise Invalid(" ".join(problem.detail for problem in problems), errors=problems)


async def seed_installation(runtime: Runtime, order: SeedOrder, report: Report) -> SeedResult:
    """Make clients, people and rows; one transaction for each domain of a few clients, so a stopped run can be run again."""
    now = runtime.clock()
    check_order(order, now.date())
    end = end_of(order, now)
    owner, owner_made = await find_owner(runtime, now)
    clients = await make_clients(runtime, owner, order, now)
    world = World(order.seed, order.days, end, clients)
    world = replace(
        world, people=await add_people(runtime, owner, world), sources=await read_sources(runtime)
    )
    for client in (AGENCY, *clients):
        await add_credentials(runtime, world, client, now)
    everybody = (AGENCY, *clients)
    result = await fill_rows(runtime, world, everybody, order.domains or tuple(FILLERS), report)
    for table, count in (await add_traces(runtime, world, everybody)).items():
        result.add(table, count)
    result.owner_made = owner_made
    return result


def end_of(order: SeedOrder, now: datetime) -> datetime:
    """The end of the last day filled: of yesterday, unless a day is named, so that a day's runs all make the same rows.

    Of a day that still runs, the end is now, to the quarter of an hour.
    """
    today = now.date()
    if order.until == today:
        return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    return datetime.combine(order.until or today - timedelta(days=1), time(23, 59), UTC)


async def refuse_real_clients(runtime: Runtime) -> None:
    """Made-up figures beside real ones would mislead everybody who reads them."""
    async with runtime.db.read(Scope.service()) as session:
        real = (await session.execute(_OTHERS)).scalar_one()
    if real:
        raise Conflict(
            f"This installation has {real} clients of its own; made-up data beside them would mislead. Use another"
            " BELVEDERE_DATA_DIR, or say --beside-real-clients.",
            code="has_real_clients",
        )


async def fill_rows(
    runtime: Runtime, world: World, clients: Iterable[ClientPlan], domains: Iterable[str], report: Report
) -> SeedResult:
    """Every named domain of each client, parents first."""
    plans, names = tuple(clients), tuple(name for name in FILLERS if name in set(domains))
    result = SeedResult(clients=len(plans))
    async with runtime.db.write(Scope.service("seed")) as session:
        await make_months(session, world.days + (runtime.clock() - world.now) // timedelta(days=1))
    steps = len(plans)
    filled = 0.0
    async for step in fill_shares(runtime.db, world, plans, names):
        filled += step.clients
        report(SeedStep(min(int(filled), steps), steps, step.name))
        for table, count in step.counts.items():
            result.add(table, count)
    if "outreach" in names:
        report(SeedStep(steps, steps, "key figures"))
        async with runtime.db.write(Scope.service("seed")) as session:
            await session.execute(_KEY_FIGURES)
    report(SeedStep(steps, steps, "done"))
    return result


async def complete_clients(runtime: Runtime, slugs: Iterable[str], days: int, seed: int) -> SeedResult:
    """Fill what live syncs of the demo do not: every schema but watch and core, for these clients alone.

    Does nothing where ads has campaigns already.
    """
    now = end_of(SeedOrder(0, days, seed, until=runtime.clock().date()), runtime.clock())
    async with runtime.db.read(Scope.service()) as session:
        if (await session.execute(_HAS_CAMPAIGNS)).scalar_one():
            return SeedResult()
        clients = tuple(ClientPlan(*row) for row in await session.execute(_PLANS, {"slugs": list(slugs)}))
        owner = (await session.execute(_OWNER)).scalar_one()
        talks = {row.client_id: (row.channel_ref, row.channel_name) for row in await session.execute(_TALKS)}
    world = World(seed, days, now, clients, (owner,), await read_sources(runtime), talks)
    for client in clients:
        await add_credentials(runtime, world, client, runtime.clock())
    domains = tuple(name for name in FILLERS if name not in ("core", "watch"))
    return await fill_rows(runtime, world, clients, domains, lambda _step: None)


async def find_owner(runtime: Runtime, now: datetime) -> tuple[Scope, bool]:
    """The owner of the installation and whether it was made here: a fresh one signs in as the demo's does."""
    async with runtime.db.read(Scope.service()) as session:
        owner: UUID | None = (await session.execute(_OWNER)).scalar_one_or_none()
    if owner is not None:
        return Scope.person(owner, actor="seed"), False
    async with runtime.db.write(Scope.authn()) as session:
        owner = await ensure_demo_owner(session, OWNER_EMAIL, OWNER_PASSWORD, OWNER_NAME, now)
    return Scope.person(owner, actor="seed"), True


async def make_clients(
    runtime: Runtime, owner: Scope, order: SeedOrder, now: datetime
) -> tuple[ClientPlan, ...]:
    """The clients of this order; those of an earlier run are found by their short name and their mark."""
    plans = []
    mark = f"--days {order.days} --seed {order.seed} --until {end_of(order, now).date()}"
    async with runtime.db.write(owner) as session:
        known = {row.slug: row for row in await session.execute(_CLIENTS)}
        for number in range(order.clients):
            wanted = name_client(number)
            found = known.get(wanted.slug)
            if found is not None and found.seeded is None:
                raise Conflict(f"A client of your own is called {wanted.slug} already.", code="slug_taken")
            if found is not None and found.seeded != mark:
                raise Conflict(
                    f"{wanted.name} was filled with other numbers, and two histories would contradict each other."
                    f" Say {found.seeded}, or use another BELVEDERE_DATA_DIR.",
                    code="seeded_otherwise",
                )
            if found is not None:
                made = found.id
            else:
                draft = ClientDraft(
                    name=wanted.name, slug=wanted.slug, currency=wanted.currency, timezone=wanted.timezone,
                    locale=wanted.locale, website_url=f"https://{wanted.slug}.example",
                    email_recipients=[f"team@{wanted.slug}.example"], metadata={"seeded": mark},
                )  # fmt: skip
                made = (await create_client(session, draft, "seed", now)).id
            plans.append(ClientPlan(made, wanted.name, wanted.slug, wanted.currency, wanted.timezone))
    return tuple(plans)


async def read_sources(runtime: Runtime) -> dict[str, UUID]:
    async with runtime.db.read(Scope.service()) as session:
        return {row[0]: row[1] for row in await session.execute(_SOURCES)}
