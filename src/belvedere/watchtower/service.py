"""The door of the watch tower for other domains, pages and commands. None of it commits."""

from belvedere.watchtower.backtest import Asked, backtest
from belvedere.watchtower.backtest_drafts import check_draft, draft_rows, stored_rows
from belvedere.watchtower.blocking import list_dependencies, rule_blocking
from belvedere.watchtower.code_apply import Applied, apply_rules, export_rules, plan_rules, rehearse_rules
from belvedere.watchtower.code_format import Book, parse_book, schema_text
from belvedere.watchtower.code_plan import Plan, describe_plan
from belvedere.watchtower.code_play import describe_outcomes, run_tests
from belvedere.watchtower.code_yaml import update_yaml, write_yaml
from belvedere.watchtower.conditions.stale import parse_age
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
from belvedere.watchtower.inbox import (
    NOTE_LENGTH,
    acknowledge,
    add_note,
    resolve,
    snooze,
    unacknowledge,
    unsnooze,
)
from belvedere.watchtower.judging import WatchOutcome
from belvedere.watchtower.leads import lead_document
from belvedere.watchtower.lists import (
    HISTORY_POINTS,
    MOST_COUNTED,
    AlertFilter,
    Page,
    RuleFilter,
    count_alerts,
    count_waiting_alerts,
    get_alert,
    list_alerts,
    list_evaluations,
    list_notes,
    list_rules,
)
from belvedere.watchtower.near import shortfalls
from belvedere.watchtower.packs import Pack, get_pack, install_pack, list_packs
from belvedere.watchtower.preview import Preview, PreviewFinding, is_judged_at_once, preview_rule
from belvedere.watchtower.rule_book import (
    SavedRule,
    create_rule,
    delete_rule,
    get_rule,
    update_rule,
)
from belvedere.watchtower.said import message_of_alert, messages_of_preview, messages_of_rule
from belvedere.watchtower.schedules import DEFAULT_TIME
from belvedere.watchtower.silences import FOR_ALL as SILENCE_FOR_ALL
from belvedere.watchtower.silences import (
    SilenceDraft,
    change_silence,
    create_silence,
    end_silence,
    get_silence,
    list_silences,
)
from belvedere.watchtower.statements import search_keys
from belvedere.watchtower.storms import gather_storm
from belvedere.watchtower.tick import tick
from belvedere.watchtower.watch import (
    judge_stored,
    recheck_children,
    rejudge_rules,
    watch_snapshot,
)
from belvedere.watchtower.why import WhyAsk, explain_rule
from belvedere.watchtower.wording import limit_text

__all__ = [
    "DEFAULT_TIME",
    "HISTORY_POINTS",
    "MOST_COUNTED",
    "NOTE_LENGTH",
    "SILENCE_FOR_ALL",
    "AlertFilter",
    "Applied",
    "Asked",
    "AskedDigests",
    "Book",
    "DigestFilter",
    "MadeDigest",
    "Pack",
    "Page",
    "Plan",
    "Preview",
    "PreviewFinding",
    "RuleDraft",
    "RuleFilter",
    "SavedRule",
    "SilenceDraft",
    "WatchOutcome",
    "WhyAsk",
    "acknowledge",
    "add_note",
    "apply_rules",
    "backtest",
    "change_silence",
    "check_draft",
    "count_alerts",
    "count_waiting_alerts",
    "create_rule",
    "create_silence",
    "delete_rule",
    "describe_outcomes",
    "describe_plan",
    "draft_rows",
    "end_silence",
    "explain_rule",
    "export_alerts",
    "export_rules",
    "gather_storm",
    "get_alert",
    "get_digest",
    "get_pack",
    "get_rule",
    "get_silence",
    "install_pack",
    "is_judged_at_once",
    "judge_stored",
    "lead_document",
    "limit_text",
    "list_alerts",
    "list_dependencies",
    "list_digests",
    "list_evaluations",
    "list_notes",
    "list_packs",
    "list_rules",
    "list_silences",
    "list_upcoming",
    "message_of_alert",
    "messages_of_preview",
    "messages_of_rule",
    "parse_age",
    "parse_book",
    "plan_rules",
    "preview_digests",
    "preview_rule",
    "recheck_children",
    "rehearse_rules",
    "rejudge_rules",
    "resolve",
    "rule_blocking",
    "run_tests",
    "schema_text",
    "search_keys",
    "send_due",
    "shortfalls",
    "snooze",
    "stored_rows",
    "tick",
    "unacknowledge",
    "unsnooze",
    "update_rule",
    "update_yaml",
    "watch_snapshot",
    "write_yaml",
]
