"""The door of the watch tower for other domains, pages and commands. None of it commits."""

from belvedere.watchtower.backtest import Asked, backtest
from belvedere.watchtower.backtest_drafts import draft_rows, stored_rows
from belvedere.watchtower.digests import Made as MadeDigest
from belvedere.watchtower.digests import send_due
from belvedere.watchtower.digests_read import Asked as AskedDigests
from belvedere.watchtower.digests_read import (
    DigestFilter,
    get_digest,
    list_digests,
    list_upcoming,
    preview_digests,
)
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.export import export_alerts
from belvedere.watchtower.inbox import acknowledge, add_note, resolve, unacknowledge
from belvedere.watchtower.lists import (
    HISTORY_POINTS,
    AlertFilter,
    Page,
    RuleFilter,
    count_alerts,
    count_open_alerts,
    get_alert,
    list_alerts,
    list_evaluations,
    list_rules,
)
from belvedere.watchtower.preview import Preview, PreviewFinding, preview_rule
from belvedere.watchtower.rule_book import (
    SavedRule,
    create_rule,
    delete_rule,
    get_rule,
    update_rule,
)
from belvedere.watchtower.watch import WatchOutcome, judge_stored, recheck_children, watch_snapshot
from belvedere.watchtower.wording import limit_text

__all__ = [
    "HISTORY_POINTS",
    "AlertFilter",
    "Asked",
    "AskedDigests",
    "DigestFilter",
    "MadeDigest",
    "Page",
    "Preview",
    "PreviewFinding",
    "RuleDraft",
    "RuleFilter",
    "SavedRule",
    "WatchOutcome",
    "acknowledge",
    "add_note",
    "backtest",
    "count_alerts",
    "count_open_alerts",
    "create_rule",
    "delete_rule",
    "draft_rows",
    "export_alerts",
    "get_alert",
    "get_digest",
    "get_rule",
    "judge_stored",
    "limit_text",
    "list_alerts",
    "list_digests",
    "list_evaluations",
    "list_rules",
    "list_upcoming",
    "preview_digests",
    "preview_rule",
    "recheck_children",
    "resolve",
    "send_due",
    "stored_rows",
    "unacknowledge",
    "update_rule",
    "watch_snapshot",
]
