"""The door of ads for other domains, pages and commands. None of it commits."""

from belvedere.ads.inbox import acknowledge, must_find, resolve, unacknowledge
from belvedere.ads.inbox_lists import (
    InboxFilter,
    count_inbox,
    count_waiting,
    get_inbox_alert,
    list_by_severity,
    list_inbox,
)
from belvedere.ads.watching import CAMPAIGN_FIGURES_TARGET

__all__ = [
    "CAMPAIGN_FIGURES_TARGET",
    "InboxFilter",
    "acknowledge",
    "count_inbox",
    "count_waiting",
    "get_inbox_alert",
    "list_by_severity",
    "list_inbox",
    "must_find",
    "resolve",
    "unacknowledge",
]
