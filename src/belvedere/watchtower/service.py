"""The door of the watch tower for other domains, pages and commands. None of it commits."""

from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.export import export_alerts
from belvedere.watchtower.inbox import acknowledge, add_note, resolve, unacknowledge
from belvedere.watchtower.judging import WatchOutcome
from belvedere.watchtower.lists import (
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
from belvedere.watchtower.watch import judge_stored, recheck_children, watch_snapshot

__all__ = [
    "AlertFilter",
    "Page",
    "Preview",
    "PreviewFinding",
    "RuleDraft",
    "RuleFilter",
    "SavedRule",
    "WatchOutcome",
    "acknowledge",
    "add_note",
    "count_alerts",
    "count_open_alerts",
    "create_rule",
    "delete_rule",
    "export_alerts",
    "get_alert",
    "get_rule",
    "judge_stored",
    "list_alerts",
    "list_evaluations",
    "list_rules",
    "preview_rule",
    "recheck_children",
    "resolve",
    "unacknowledge",
    "update_rule",
    "watch_snapshot",
]
