"""What a rule on the form would have done in 30 days, as the page shows it: lanes of alerts, messages, and the slider."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from belvedere.core.ids import new_id
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import Asked, backtest, draft_rows
from belvedere.web.alert_views import figure, instant
from belvedere.web.presentation import Reader
from belvedere.web.rule_changes import asks_anew
from belvedere.web.rule_preview import clients_in_view, left_out_of
from belvedere.web.rule_tune import tune_view
from belvedere.web.view import View

STRETCH = timedelta(days=30)
LANES = 8
MESSAGES = 6
NARROWEST = 0.8
MOST_EPISODES = 400


async def history_of(view: View, rows: Sequence[Rule], drafts: Sequence[RuleDraft]) -> dict[str, Any]:
    access = view.access
    rules = await draft_rows(access.session, drafts, rows, new_id(access.now))
    asked = Asked(
        access.now - STRETCH,
        access.now,
        client_ids=clients_in_view(view),
        rule_id=rows[0].id if rows else None,
        sweep=True,
        most_episodes=MOST_EPISODES,
        base_url=access.runtime.settings.address,
    )
    shown = history_view(view, await backtest(access.session, rules, asked))
    if rows and asks_anew(rows, rules):
        before = await backtest(access.session, rows, replace(asked, sweep=False, most_episodes=1))
        shown["saved"] = before["episodes_total"]
    return shown


def history_view(view: View, found: Mapping[str, Any]) -> dict[str, Any]:
    start, end = _at(found["start"]), _at(found["end"])
    episodes = found["episodes"]
    readings = found["readings"]
    by_client = sorted(found["by_client"], key=lambda row: -row["episodes"])
    return {
        "blocked": None,
        "summary": found["summary"],
        "total": found["episodes_total"],
        "start": start,
        "end": end,
        "looked_at": readings["looked_at"],
        "not_judged": readings["not_judged"],
        "lanes": [_lane(row, episodes, start, end) for row in by_client[:LANES]],
        "more_clients": max(len(by_client) - LANES, 0),
        "left_out": left_out_of(view, found["left_out"]),
        "messages": [_message(view, episode) for episode in episodes[:MESSAGES]],
        "told": found["notifications"],
        "compared": found["compared_with"],
        "saved": None,
        "tune": tune_view(found["sweep"] or None, Reader(view.access.now, view.access.principal.timezone)),
    }


def _lane(
    row: Mapping[str, Any], episodes: Sequence[Mapping[str, Any]], start: datetime, end: datetime
) -> dict[str, Any]:
    """One client's alerts as bars: left edge and width in percent of the stretch."""
    length = (end - start).total_seconds()
    bars = []
    for episode in episodes:
        if episode["client_id"] != row["client_id"]:
            continue
        begins = (_at(episode["started_at"]) - start).total_seconds() / length * 100
        until = episode["ended_at"] or end
        width = (_at(until) - _at(episode["started_at"])).total_seconds() / length * 100
        left = min(max(begins, 0), 100 - NARROWEST)
        bars.append({"x": round(left, 2), "width": round(min(max(width, NARROWEST), 100 - left), 2)})
    return {"client": row["client"], "count": row["episodes"], "readings": row["readings"], "bars": bars}


def _message(view: View, episode: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": episode["title"],
        "message": episode["message"],
        "client": view.name_of(episode["client_id"]),
        "name": episode["entity_name"] or episode["external_id"] or "The whole reading",
        "started_at": _at(episode["started_at"]),
        "ended_at": instant(episode["ended_at"]),
        "readings": episode["readings"],
        "value": figure(episode["first_value"]),
        "url": f"/snapshots/{episode['snapshot_id']}",
    }


def _at(value: Any) -> datetime:
    found = instant(value)
    if found is None:
        raise ValueError("a time is missing in the answer of a backtest")
    return found
