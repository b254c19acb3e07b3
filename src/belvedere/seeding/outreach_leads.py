"""Leads of a client: small shops, how they were found, and what was analysed and made for them."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from belvedere.seeding.names import name_person
from belvedere.seeding.world import Batch, ClientPlan, World

STREETS = (
    "Hollin Street", "Mill Lane", "Old Quay", "Linden", "Station Road", "Three Bridges", "Cobbler's Yard", "Northgate",
    "Elm Court", "Rosegarden", "Harbour Steps", "Market Row", "Pepper Alley", "Stonegate", "Weaver's Corner",
    "Fountain Square", "Lantern Hill", "Chestnut", "Canal Side", "Swan Lane",
)  # fmt: skip
TRADES = (
    ("Bakery", "food"), ("Cycles", "sport"), ("Books", "media"), ("Florist", "garden"), ("Ceramics", "home"),
    ("Optician", "health"), ("Toys", "toys"), ("Cheese Shop", "food"), ("Tailor", "fashion"), ("Records", "media"),
    ("Garden Centre", "garden"), ("Hardware", "home"), ("Tea House", "food"), ("Shoes", "fashion"), ("Yarn", "craft"),
    ("Pet Supplies", "pets"), ("Candle Works", "home"), ("Framing", "craft"), ("Outdoor", "sport"), ("Soap", "beauty"),
)  # fmt: skip
PLACES = (
    ("DE", "Bayern", "Regensburg", "Europe/Berlin", "de", "+49"), ("GB", "Yorkshire", "Whitby", "Europe/London", "en", "+44"),
    ("FR", "Bretagne", "Vannes", "Europe/Paris", "fr", "+33"), ("US", "Maine", "Camden", "America/New_York", "en", "+1"),
    ("AT", "Tirol", "Kufstein", "Europe/Vienna", "de", "+43"), ("IE", "Cork", "Kinsale", "Europe/Dublin", "en", "+353"),
    ("US", "Oregon", "Astoria", "America/Los_Angeles", "en", "+1"), ("NL", "Gelderland", "Zutphen", "Europe/Amsterdam", "nl", "+31"),
)  # fmt: skip
TITLES = ("Owner", "Founder", "Shop manager", "Online shop", "Marketing")
PLATFORMS = ("web", "directory", "maps")
TECHNOLOGIES = (
    ("Shopify", "shop", "cdn host of the theme"), ("WooCommerce", "shop", "generator tag"), ("WordPress", "cms", "login path"),
    ("Matomo", "analytics", "script address"), ("jQuery 1.12", "library", "global version"), ("Klarna", "payment", "badge"),
)  # fmt: skip
FINDINGS = (
    ("render-blocking", "high", "Two style sheets hold the page back", "First text appears after 4.1 s on a phone"),
    ("image-size", "high", "Pictures are three times as large as shown", "2.8 MB could be saved on the first page"),
    ("missing-alt", "medium", "Product pictures have no description", "14 of 22 pictures"),
    ("no-schema", "medium", "Products carry no structured data", "Search engines show neither price nor stock"),
    ("tap-targets", "low", "Links in the footer are close together", "9 links are under 48 pixels"),
)  # fmt: skip
MODEL = "claude-4.5-sonnet"


@dataclass(frozen=True, slots=True)
class Lead:
    n: int
    id: UUID
    company: str
    domain: str
    contact: str
    email: str
    token: str
    place: tuple[str, str, str, str, str, str]
    industry: str
    found_at: datetime
    score: int
    basis: str


def token_of(world: World, email: str) -> str:
    """A keyed hash in the form the product keeps; the key is made up from the seed."""
    return hmac.new(f"seed {world.seed}".encode(), email.encode(), hashlib.sha256).hexdigest()


def count_leads(world: World) -> int:
    return min(380, 40 + world.days * 2)


def make_leads(world: World, client: ClientPlan) -> list[Lead]:
    """A stock of leads stands before the first day; the others are found as the days go by."""
    chance = world.random("outreach.leads", client.id)
    start = world.now - timedelta(days=world.days)
    places = [(street, trade) for trade in TRADES for street in STREETS]
    chance.shuffle(places)
    number = count_leads(world)
    return [
        make_lead(world, client, chance, n, places[n], found(chance, start, world, n, number))
        for n in range(number)
    ]


def found(chance: Random, start: datetime, world: World, n: int, number: int) -> datetime:
    """The first leads stand before the first day, the others come in one by one until two days before the end."""
    before = min(number * 2 // 3, 70)
    if n < before:
        return start - timedelta(minutes=chance.randrange(60, 60 * 48))
    span = (world.now - start) - min(timedelta(days=2), (world.now - start) / 2)
    return start + span * ((n - before) / (number - before))


def make_lead(
    world: World,
    client: ClientPlan,
    chance: Random,
    n: int,
    place: tuple[str, tuple[str, str]],
    found_at: datetime,
) -> Lead:
    street, (trade, industry) = place
    company = f"{street} {trade}"
    domain = company.lower().replace("'", "").replace(" ", "-") + ".example"
    contact = name_person(chance.randrange(120))
    email = f"{contact.split()[0].lower()}@{domain}" if chance.random() < 0.8 else f"info@{domain}"
    return Lead(
        n, world.key("outreach.leads", client.id, n), company, domain, contact, email, token_of(world, email),
        chance.choice(PLACES), industry, found_at, round(min(99, max(8, chance.gauss(58, 18)))),
        "consent" if chance.random() < 0.15 else "legitimate_interest",
    )  # fmt: skip


def fill_sources(world: World, client: ClientPlan, leads: list[Lead]) -> Iterator[Batch]:
    """The assessment that contacts rest on, and the jobs that found the leads."""
    first = min(lead.found_at for lead in leads)
    reviewed = first - timedelta(days=9)
    yield Batch(
        "outreach.lia_records",
        ("id", "client_id", "name", "purpose", "necessity", "balancing", "reviewed_by", "reviewed_at", "expires_at",
         "created_at", "updated_at"),
        [(world.key("outreach.lia_records", client.id, 0), client.id, "Letters to shops about their own website",
          "Offer the shop's owner a better website, shown on the shop's own pages.",
          "Business address and public pages only; nothing about private persons is kept.",
          "The letter concerns the recipient's trade, comes at most three times and can be refused with one click.",
          world.people[0], reviewed, reviewed + timedelta(days=730), reviewed, reviewed)],
    )  # fmt: skip
    rows = []
    for n, platform in enumerate(PLATFORMS):
        mine = [lead for lead in leads if lead.n % 3 == n]
        begun = min(lead.found_at for lead in mine) - timedelta(minutes=30)
        ended = max(lead.found_at for lead in mine)
        rows.append(
            (world.key("outreach.scraping_jobs", client.id, n), client.id, f"Shops with an old site: {platform}", platform,
             json.dumps({"terms": ["shop", "store"], "countries": sorted({lead.place[0] for lead in mine})}), "completed",
             len(mine) * 7, len(mine), len(mine) // 9, world.people[0], begun, ended, begun - timedelta(minutes=2), ended)
        )  # fmt: skip
    yield Batch(
        "outreach.scraping_jobs",
        ("id", "client_id", "name", "source_platform", "query", "status", "pages_fetched", "leads_found", "leads_merged",
         "requested_by", "started_at", "completed_at", "created_at", "updated_at"),
        rows,
    )  # fmt: skip


def fill_leads(
    world: World,
    client: ClientPlan,
    leads: list[Lead],
    reached: dict[UUID, tuple[str, datetime]],
    refused: set[UUID],
) -> Iterator[Batch]:
    """`reached`: how far each lead came and when it was last touched; `refused`: who must not be written to."""
    rows = []
    for lead in leads:
        status, touched = reached.get(
            lead.id, ("analysed" if lead.score > LEAST_DEMO else "new", lead.found_at)
        )
        consent = lead.basis == "consent"
        country, region, city, zone, language, phone = lead.place
        platform = PLATFORMS[lead.n % 3]
        rows.append(
            (lead.id, client.id, lead.company, lead.domain, f"https://{lead.domain}/", lead.contact, TITLES[lead.n % 5],
             lead.email, lead.token, "role" if lead.email.startswith("info@") else "valid",
             f"{phone} 555 {lead.n % 900 + 100} {lead.n * 7 % 90 + 10}", country, region, city, zone, language,
             lead.industry, platform, f"https://{platform}.example/{lead.domain}",
             "Form on our stand at the spring fair" if consent else None,
             lead.found_at - timedelta(days=3) if consent else None, lead.basis,
             None if consent else world.key("outreach.lia_records", client.id, 0), f"{platform}-{lead.n:05}",
             world.key("outreach.scraping_jobs", client.id, lead.n % 3), lead.found_at, lead.score, status,
             lead.id in refused, world.people[lead.n % len(world.people)], enrichment(lead), touched, lead.found_at, touched)
        )  # fmt: skip
    yield Batch(
        "outreach.leads",
        ("id", "client_id", "company_name", "domain", "website_url", "contact_name", "contact_title", "email", "email_token",
         "email_status", "phone", "country", "region", "city", "timezone", "language", "industry", "source_platform",
         "source_url", "consent_source", "consent_timestamp", "lawful_basis", "lia_id", "source_external_id",
         "scraping_job_id", "discovered_at", "score", "status", "do_not_contact", "owner_user_id", "enrichment",
         "last_activity_at", "created_at", "updated_at"),
        rows,
    )  # fmt: skip


LEAST_DEMO = 45
"""Leads with a higher score get an analysis, and every second of them a demo."""


def enrichment(lead: Lead) -> str:
    fetched = lead.found_at.isoformat()
    return json.dumps(
        {
            "employees": {"value": lead.n % 12 + 1, "source": "imprint", "fetched_at": fetched},
            "products": {"value": lead.n * 13 % 400 + 20, "source": "sitemap", "fetched_at": fetched},
        }
    )


def fill_assets(world: World, client: ClientPlan, leads: list[Lead]) -> Iterator[Batch]:
    chosen = [lead for lead in leads if lead.score > LEAST_DEMO]
    analyses, demos, videos = [], [], []
    for lead in chosen:
        chance = world.random("outreach.assets", client.id, lead.n)
        scores, ended = scores_of(chance, lead), lead.found_at + timedelta(minutes=chance.randrange(20, 300))
        if ended > world.now:
            continue
        analyses.append(analysis_row(world, client, chance, lead, scores, ended))
        built = ended + timedelta(minutes=chance.randrange(4, 40))
        if lead.n % 2 == 0 and built < world.now:
            demos.append(demo_row(world, client, chance, lead, scores, built))
            if lead.n % 4 == 0 and built + timedelta(minutes=9) < world.now:
                videos.append(video_row(world, client, chance, lead, built + timedelta(minutes=9)))
    yield Batch(
        "outreach.website_analyses",
        ("id", "client_id", "lead_id", "url", "final_url", "status", "http_status", "scores", "tech_stack", "findings",
         "screenshots", "model_breakdown", "lighthouse_report", "lighthouse_version", "runs", "content_hash", "started_at",
         "completed_at", "expires_at", "created_at"),
        analyses,
    )  # fmt: skip
    yield Batch(
        "outreach.demo_sites",
        ("id", "client_id", "lead_id", "analysis_id", "model_used", "framework", "deployment_url", "qa_report", "status",
         "case_study", "requested_by", "expected_ready_at", "created_at", "deployed_at", "archived_at"),
        demos,
    )  # fmt: skip
    yield Batch(
        "outreach.videos",
        ("id", "client_id", "lead_id", "demo_site_id", "script", "video_url", "duration_seconds", "watch_stats", "status",
         "model_used", "width", "height", "case_study", "ready_at", "archived_at", "created_at"),
        videos,
    )  # fmt: skip


def scores_of(chance: Random, lead: Lead) -> dict[str, int]:
    """The better the lead, the worse its site: that is what makes it worth a letter."""
    speed = round(min(98, max(4, 105 - lead.score + chance.gauss(0, 9))))
    return {
        "performance": speed,
        "accessibility": min(100, speed + chance.randrange(10, 35)),
        "best_practices": min(100, speed + chance.randrange(5, 30)),
        "seo": min(100, speed + chance.randrange(15, 40)),
    }


def analysis_row(
    world: World, client: ClientPlan, chance: Random, lead: Lead, scores: dict[str, int], ended: datetime
) -> tuple[Any, ...]:
    begun = ended - timedelta(seconds=chance.randrange(60, 200))
    tech = [
        {"name": name, "version": None, "category": kind, "evidence": proof, "confidence": 0.9}
        for name, kind, proof in chance.sample(TECHNOLOGIES, 2)
    ]
    found_things = [
        {"id": key, "severity": severity, "title": title, "evidence": proof, "impact": severity}
        for key, severity, title, proof in chance.sample(FINDINGS, 3)
    ]
    report = {
        "fetchTime": begun.isoformat(),
        "audits": {
            "largest-contentful-paint": {"numericValue": round(9000 - scores["performance"] * 75)},
            "cumulative-layout-shift": {"numericValue": round(chance.random() * 0.3, 3)},
        },
    }
    cost = round(0.03 + chance.random() * 0.09, 4)
    return (
        world.key("outreach.website_analyses", client.id, lead.n), client.id, lead.id, f"https://{lead.domain}/",
        f"https://www.{lead.domain}/", "completed", 200, json.dumps(scores), json.dumps(tech), json.dumps(found_things),
        json.dumps([{"viewport": "390x844", "object": f"screens/{lead.domain}/phone.webp"}]),
        json.dumps([{"model": MODEL, "cost": cost, "quality": 70 + chance.randrange(28)}]), json.dumps(report), "12.8.2", 3,
        hashlib.sha256(lead.domain.encode()).hexdigest(), begun, ended, ended + timedelta(days=90), begun,
    )  # fmt: skip


def is_case_study(lead: Lead) -> bool:
    return lead.n % 40 == 0


def archived_at(world: World, lead: Lead, made: datetime) -> datetime | None:
    """Demos and videos are kept for six months; case studies for good."""
    ends = made + timedelta(days=183)
    return None if is_case_study(lead) or ends > world.now else ends


def demo_row(
    world: World, client: ClientPlan, chance: Random, lead: Lead, before: dict[str, int], built: datetime
) -> tuple[Any, ...]:
    after = {name: min(100, score + chance.randrange(20, 60)) for name, score in before.items()}
    words = (
        "no_blank_body",
        "images_load",
        "no_unfilled_words",
        "contact_facts_match",
        "noindex",
        "demo_banner",
    )
    fallback = chance.random() < 0.08
    report = {
        "schema": 1, "passed": True,
        "checks": [{"id": word, "passed": True, "severity": "blocking", "evidence": "checked"} for word in words],
        "lighthouse": {"before": before, "after": after}, "fallback_used": fallback,
    }  # fmt: skip
    slug = world.key("outreach.demo_slugs", client.id, lead.n).hex[:16]
    begun, archived = built - timedelta(minutes=chance.randrange(2, 6)), archived_at(world, lead, built)
    return (
        world.key("outreach.demo_sites", client.id, lead.n), client.id, lead.id,
        world.key("outreach.website_analyses", client.id, lead.n), MODEL, "mockup" if fallback else "react",
        f"https://demos.agency.example/{slug}", json.dumps(report), "archived" if archived else "deployed",
        is_case_study(lead), None, begun + timedelta(minutes=5), begun, built, archived,
    )  # fmt: skip


def video_row(
    world: World, client: ClientPlan, chance: Random, lead: Lead, ready: datetime
) -> tuple[Any, ...]:
    script = [
        {"scene": "site today", "words": f"This is {lead.company} as a phone shows it.", "seconds": 12},
        {"scene": "findings", "words": "Three things hold the page back.", "seconds": 14},
        {"scene": "demo", "words": "And this is how it could look.", "seconds": 17},
    ]
    plays = chance.randrange(0, 9)
    stats = {
        "plays": plays,
        "finished": plays // 2,
        "average_percent": chance.randrange(35, 90) if plays else None,
    }
    key, archived = world.key("outreach.videos", client.id, lead.n), archived_at(world, lead, ready)
    return (
        key, client.id, lead.id, world.key("outreach.demo_sites", client.id, lead.n), json.dumps(script),
        f"https://videos.agency.example/{key.hex[:16]}.mp4", 43, json.dumps(stats), "archived" if archived else "ready", MODEL,
        1280, 720, is_case_study(lead), ready, archived, ready - timedelta(minutes=3),
    )  # fmt: skip
