"""What revision 0014 does beside columns: targets as sources, and the rules that watch the sources themselves."""

from collections.abc import Iterator
from uuid import UUID

from belvedere.migrations.watch import past_policies, quoted

SOURCES = (
    ("internal", "source_health", "Source Health", "How well each source is read", 5),
    ("internal", "ad_campaigns", "Ad Campaigns", "Last full day of each campaign", 60),
    ("internal", "stock", "Stock", "Newest stock of each article", 60),
)

BORN = "2026-01-01 00:00+00"
"""Before anybody's own rule, so that lists by age end with them."""
RULES = (
    (
        UUID("0b1e0000-0000-4000-8000-000000000001"), "source_stale", "Source is late",
        "The last good reading is older than its interval and half as much again.",
        "state", "equals", "late", "warning",
    ),
    (
        UUID("0b1e0000-0000-4000-8000-000000000002"), "source_failing", "Source fails",
        "Three readings in a row failed, none worked yet, or the last good one is too old while readings fail.",
        "state", "equals", "failed", "critical",
    ),
    (
        UUID("0b1e0000-0000-4000-8000-000000000003"), "source_empty", "Source is suspiciously empty",
        "A reading held nothing where there was something before. It is set aside until somebody accepts or discards it.",
        "suspiciously_empty", "equals", "true", "warning",
    ),
    (
        UUID("0b1e0000-0000-4000-8000-000000000005"), "source_scale", "Percents turned to fractions",
        "Percents of a source fell to a hundredth at once. The reading is set aside until somebody accepts or discards it.",
        "suspicious_scale", "equals", "true", "warning",
    ),
    (
        UUID("0b1e0000-0000-4000-8000-000000000004"), "credential_expiring", "Credential is about to end",
        "The platform ends the credential within so many days. Store a new one before that.",
        "credential_expires_in_days", "less_or_equal", "5", "warning",
    ),
)  # fmt: skip
"""Key, name for programs, name for people, what it says, field, condition, limit, severity."""


def statements() -> Iterator[str]:
    places = ", ".join(f"({', '.join(map(quoted, row[:4]))}, {row[4]})" for row in SOURCES)
    yield from past_policies(
        "watch.api_sources",
        "INSERT INTO watch.api_sources (provider, endpoint, display_name, description, refresh_interval_minutes)"
        f" VALUES {places} ON CONFLICT (provider, endpoint) DO NOTHING",
    )
    values = ", ".join(rule_values(*rule) for rule in RULES)
    yield from past_policies(
        "watch.watchtower_rules",
        "INSERT INTO watch.watchtower_rules (id, client_id, builtin, slug, name, description, target_table, field_name,"
        f" condition, threshold_value, severity, notify_immediately, notify_discord, notify_email, created_at) VALUES {values}",
    )


def rule_values(
    key: UUID, builtin: str, name: str, about: str, field: str, condition: str, limit: str, severity: str
) -> str:
    slug = builtin.replace("_", "-")
    words = (builtin, slug, name, about, "source_health", field, condition, limit, severity)
    return f"('{key}', 0, {', '.join(map(quoted, words))}, true, true, true, '{BORN}')"


def undo() -> Iterator[str]:
    """Built-in rules go with what is known of them; their alerts go with them."""
    keys = ", ".join(f"'{rule[0]}'" for rule in RULES)
    yield from past_policies(
        "watch.watchtower_rules", f"DELETE FROM watch.watchtower_rules WHERE id IN ({keys})"
    )
    places = ", ".join(f"('{row[0]}', '{row[1]}')" for row in SOURCES)
    yield "ALTER TABLE watch.source_accounts NO FORCE ROW LEVEL SECURITY"
    yield from past_policies(
        "watch.api_sources",
        f"DELETE FROM watch.api_sources s WHERE (provider, endpoint) IN ({places})"
        " AND NOT EXISTS (SELECT 1 FROM watch.source_accounts a WHERE a.source_id = s.id)",
    )
    yield "ALTER TABLE watch.source_accounts FORCE ROW LEVEL SECURITY"
