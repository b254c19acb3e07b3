"""What the demo sets up: three clients, their accounts at the sandbox's platforms, rules, and a real sample.

Everything is found by name first, so that running it again changes nothing but the sandbox's addresses.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from belvedere.accounts.contracts import ClientDraft
from belvedere.accounts.service import (
    create_client,
    ensure_demo_owner,
    list_clients,
    list_credentials,
    store_credential,
)
from belvedere.core.context import Scope
from belvedere.core.database import WriteSession
from belvedere.core.runtime import Runtime
from belvedere.sources.service import (
    change_account,
    create_account,
    create_source,
    find_source,
    ingest_file,
    list_accounts,
)
from belvedere.watchtower.contracts import Condition, DependencyCondition, NotifySchedule, Severity
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import RuleFilter, create_rule, list_rules
from belvedere.wiring.seed_people import OWNER_EMAIL, OWNER_NAME, OWNER_PASSWORD

__all__ = ["OWNER_EMAIL", "OWNER_PASSWORD"]
CAMPAIGNS, CVR, THEMES = ("omnisend", "campaigns"), ("scraper", "cvr"), ("scraper", "shopify_themes")
SAMPLE = "robyn_dt_simulated_weekly.csv"


@dataclass(frozen=True, slots=True)
class DemoRule:
    """A rule on one source; more drafts than one are a group that holds together."""

    source: tuple[str, str]
    drafts: tuple[RuleDraft, ...]
    parent: str | None = None
    """The name of the rule that it waits for."""


def demo_rules() -> list[DemoRule]:
    """Rules on each kind of source; messages go to each client's own channel and mailbox.

    Few enough alerts to read each of them, and one rule that waits for another, so that some stand held back.
    """
    send: dict[str, Any] = {"notify_discord": True, "notify_email": True}
    daily: dict[str, Any] = {
        "notify_immediately": False,
        "notify_schedule": NotifySchedule.DAILY,
        "notify_time": time(9),
    }
    group = uuid5(NAMESPACE_URL, "belvedere:demo:low-open-rate")
    low = RuleDraft("Low open rate", "open_rate", Condition.LESS_THAN, "10", slug="low-open-rate", group_id=group,
                    description="Fewer than one in ten opened a mail that went to many.", **send)  # fmt: skip
    many = RuleDraft(
        "Low open rate (sent to many)", "quantity", Condition.GREATER_THAN, "8000", group_id=group
    )
    clicks = RuleDraft("Few clicks where few open", "clicked_count", Condition.LESS_THAN, "150", slug="few-clicks",
                       min_volume_field="quantity", min_volume=Decimal(8000), severity=Severity.INFO,
                       dependency_condition=DependencyCondition.TRIGGERED, notify_discord=True)  # fmt: skip
    bounces = RuleDraft(
        "Many bounces",
        "bounce_rate",
        Condition.GREATER_THAN,
        "3",
        slug="many-bounces",
        recovery_threshold="2.5",
        **send,
    )
    paused = RuleDraft("Campaign paused", "status", Condition.EQUALS, "paused", slug="campaign-paused",
                       severity=Severity.INFO, notify_email=True, **daily)  # fmt: skip
    shop = RuleDraft("Low CVR", "cvr", Condition.LESS_THAN, "1.63", slug="low-cvr", severity=Severity.CRITICAL, **send)  # fmt: skip
    theme = RuleDraft("Theme changed its role", "status", Condition.CHANGED, slug="theme-changed",
                      severity=Severity.INFO, **send)  # fmt: skip
    silent = RuleDraft("No Outreach for 7+ Days", "days_since_team_message", Condition.GREATER_THAN, "7",
                       slug="no-outreach", **send)  # fmt: skip
    return [
        DemoRule(("internal", "communication_reports"), (silent,)),
        DemoRule(CAMPAIGNS, (low, many)),
        DemoRule(CAMPAIGNS, (clicks,), parent="Low open rate"),
        DemoRule(CAMPAIGNS, (bounces,)),
        DemoRule(CAMPAIGNS, (paused,)),
        DemoRule(CVR, (shop,)),
        DemoRule(THEMES, (theme,)),
    ]


def sample_path() -> Path:
    """The real sample: inside the installed package, or in the checkout's test data."""
    packaged = Path(str(resources.files("belvedere"))) / "_samples" / "ads" / SAMPLE
    if packaged.exists():
        return packaged
    return Path(__file__).parents[3] / "tests" / "data" / "ads" / SAMPLE


async def make_owner(runtime: Runtime) -> Scope:
    """The owner whose login the demo prints."""
    now = runtime.clock()
    async with runtime.db.write(Scope.authn()) as session:
        owner = await ensure_demo_owner(session, OWNER_EMAIL, OWNER_PASSWORD, OWNER_NAME, now)
    return Scope.person(owner, actor=OWNER_EMAIL)


async def make_clients(runtime: Runtime, owner: Scope, shops: tuple[Any, ...]) -> dict[str, int]:
    """Client numbers by slug."""
    async with runtime.db.write(owner) as session:
        known = {client.slug: client.id for client in await list_clients(session)}
        for shop in shops:
            if shop.slug in known:
                continue
            draft = ClientDraft(
                name=shop.name, slug=shop.slug, currency=shop.currency, timezone=shop.timezone,
                discord_channel_id=shop.discord_channel_id, email_recipients=[f"team@{shop.slug}.example"],
            )  # fmt: skip
            known[shop.slug] = (await create_client(session, draft, OWNER_EMAIL, runtime.clock())).id
    return known


SOURCES = {
    ("omnisend", "campaigns"): "Omnisend Campaigns",
    ("scraper", "cvr"): "CVR Data",
    ("scraper", "shopify_themes"): "Shopify Themes",
    ("internal", "clients"): "Clients",
    ("internal", "communication_reports"): "Communications Audit",
}


async def make_rules_sources(runtime: Runtime, owner: Scope) -> dict[tuple[str, str], UUID]:
    """The sources the rules name, made where they are not there."""
    async with runtime.db.write(owner) as session:
        return {
            place: await ensure_source(session, *place, name, runtime.clock())
            for place, name in SOURCES.items()
        }


async def load_sample(runtime: Runtime, client_id: int) -> None:
    """A real file with a shipped mapping, as `belvedere ingest` would load it."""
    path = sample_path()
    if not path.exists():
        return
    await ingest_file(
        runtime, client_id=client_id, provider="files", endpoint="weekly_media", data=path,
        mapping="robyn_weekly_media", actor=OWNER_EMAIL,
    )  # fmt: skip


async def make_accounts(
    runtime: Runtime, owner: Scope, shops: tuple[Any, ...], clients: dict[str, int], sandbox: Any,
    team: tuple[str, ...] = (),
) -> list[UUID]:  # fmt: skip
    """Every shop's accounts at Omnisend, Shopify, its own pages, and the client list; their ids."""
    now = runtime.clock()
    made: list[UUID] = []
    async with runtime.db.write(owner) as session:
        sources = {place: await ensure_source(session, *place, name, now) for place, name in SOURCES.items()}
        for shop in shops:
            client_id = clients[shop.slug]
            keys = await ensure_credentials(session, client_id, shop, now)
            wanted = {
                ("omnisend", "campaigns"): ({"api_version": shop.omnisend_version}, keys["omnisend"]),
                ("scraper", "shopify_themes"): ({"shop": shop.shopify_shop}, keys["shopify"]),
                ("scraper", "cvr"): (dict(sandbox.report_settings(shop.slug)), None),
                ("internal", "clients"): ({}, None),
                ("internal", "communication_reports"): (
                    {"channels": [shop.talk_channel_id], "team_user_ids": list(team)}, None,
                ),
            }  # fmt: skip
            for place, (settings, credential) in wanted.items():
                made.append(
                    await ensure_account(session, client_id, sources[place], settings, credential, now)
                )
    return made


async def ensure_source(
    session: WriteSession, provider: str, endpoint: str, name: str, now: datetime
) -> UUID:
    found = await find_source(session, provider, endpoint)
    if found is not None:
        return found
    return await create_source(
        session, {"provider": provider, "endpoint": endpoint, "display_name": name}, now
    )


async def ensure_credentials(
    session: WriteSession, client_id: int, shop: Any, now: datetime
) -> dict[str, UUID]:
    wanted = {"omnisend": {"api_key": shop.omnisend_key}, "shopify": {"access_token": shop.shopify_token}}
    known = {row.provider: row.id for row in await list_credentials(session) if row.client_id == client_id}
    for provider, secret in wanted.items():
        if provider not in known:
            known[provider] = await store_credential(
                session, client_id, provider, "sandbox", secret, OWNER_EMAIL, now
            )
    return known


async def ensure_account(
    session: WriteSession, client_id: int, source_id: UUID, settings: dict[str, Any], credential: UUID | None,
    now: datetime,
) -> UUID:  # fmt: skip
    accounts = await list_accounts(session, now, client_id=client_id, source_id=source_id, limit=10)
    for account in accounts:
        # The sandbox may listen elsewhere today.
        if account.row["settings"] != settings:
            await change_account(session, account.row["id"], {"settings": settings}, now)
        return UUID(str(account.row["id"]))
    values = {
        "client_id": client_id,
        "source_id": source_id,
        "settings": settings,
        "credential_id": credential,
    }
    return await create_account(session, values, now)


async def make_rules(runtime: Runtime, owner: Scope) -> int:
    """The demo's rules for every client; returns how many there are."""
    async with runtime.db.write(owner) as session:
        known = {
            row["name"]: UUID(row["id"])
            for row in (await list_rules(session, RuleFilter(), limit=200)).rows()
        }
        for item in demo_rules():
            source_id = await find_source(session, *item.source)
            for draft in item.drafts:
                if draft.name in known:
                    continue
                placed = replace(
                    draft, source_id=source_id, parent_rule_id=known[item.parent] if item.parent else None
                )
                saved = await create_rule(
                    session, placed, actor=OWNER_EMAIL, now=runtime.clock(), force=True,
                    discord_base_url=runtime.settings.discord_base_url,
                )  # fmt: skip
                known[draft.name] = saved.rule.id
        return len(known)
