"""The morning page: one sentence, the figures, what needs a person, and how fresh the data is."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.ads import service as ads
from belvedere.ads.contracts import InboxState
from belvedere.notify import service as notify
from belvedere.sources import service as sources
from belvedere.sources.contracts import Freshness
from belvedere.watchtower.contracts import Severity
from belvedere.web import figures
from belvedere.web.alert_views import SEVERITIES, inbox_row
from belvedere.web.answers import with_query
from belvedere.web.forms import empty_done, empty_first
from belvedere.web.pages_deliveries import delivery_row, named
from belvedere.web.presentation import number, plural, span
from belvedere.web.view import View, look, worst_of

router = door_router()

NEEDS_YOU = 6
SHOWN_SOURCES = 8
SHOWN_DELIVERIES = 6
MOST_ACCOUNTS = 2000


@router.get("/")
async def overview(access: Annotated[Access, Depends(reading("alerts.read"), scope="function")]) -> Response:
    view = await look(access)
    accounts = await sources.list_accounts(
        access.session, access.now, limit=MOST_ACCOUNTS, client_id=view.client_id, grace_percent=_grace(view)
    )
    day = await figures.last_day(access.session, view.client_id, access.now)
    by_client = await figures.open_by_client(access.session)
    newest = await figures.newest_records(access.session)
    mails = await notify.list_deliveries(
        access.session, notify.DeliveryFilter(client_id=view.client_id), limit=SHOWN_DELIVERIES
    )
    listed = _sources(view, accounts)
    return view.page(
        "overview.html",
        {
            "sentence": _sentence(view, by_client, listed, day),
            "metrics": _metrics(view, accounts, day),
            "alerts": await _alerts(view, day, accounts, severities(by_client, view.client_id)),
            "sources": listed[:SHOWN_SOURCES],
            "sources_more": max(0, len(listed) - SHOWN_SOURCES),
            "deliveries": await named(access.session, [delivery_row(row) for row in mails.dicts()]),
            "clients": _clients(view, accounts, by_client, newest),
        },
    )


def _grace(view: View) -> int:
    return view.access.runtime.settings.snapshot_grace_percent


def severities(by_client: dict[int, dict[str, int]], client: int | None) -> dict[str, int]:
    counts = [own for key, own in by_client.items() if client in (None, key)]
    return {name: sum(own.get(name, 0) for own in counts) for name in SEVERITIES}


async def _alerts(
    view: View, day: dict[str, Any], accounts: list[sources.AccountView], totals: dict[str, int]
) -> dict[str, Any]:
    groups: list[dict[str, Any]] = []
    left = NEEDS_YOU
    for name in SEVERITIES:
        wanted = ads.InboxFilter(state=InboxState.OPEN, severity=(Severity(name),), client_id=view.client_id)
        rows = (await ads.list_inbox(view.access.session, wanted, limit=left)).rows() if left else []
        left -= len(rows)
        if rows:
            groups.append(
                {"severity": name, "count": totals[name], "rows": [inbox_row(view, row) for row in rows]}
            )
    return {
        "groups": groups,
        "shown": NEEDS_YOU - left,
        "more": 0,
        "empty": _nothing_open(view, day, accounts),
    }


def _nothing_open(view: View, day: dict[str, Any], accounts: list[sources.AccountView]) -> dict[str, Any]:
    may_write = view.access.may("rules.write")
    if not accounts and view.access.may("sources.write"):
        return empty_first(
            "Start with a source",
            "Connect a platform for a client; its first reading becomes the baseline.",
            ("Choose a source", "/sources"),
            ("Add a client", "/settings/clients/new"),
        )
    if not day["rules"] and may_write:
        return empty_first(
            "No rule watches yet",
            "A rule tells you when a number leaves its range.",
            ("Write a rule", "/rules/new"),
        )
    watched = f"{plural(day['rules'], 'rule watches', 'rules watch', 'No rule watches')} {plural(len(accounts), 'account', 'accounts')}."
    return empty_done("Nothing needs you", watched)


def _sources(view: View, accounts: list[sources.AccountView]) -> list[dict[str, Any]]:
    """Sources with accounts in view, worst first."""
    by_source: dict[Any, list[sources.AccountView]] = {}
    for account in accounts:
        by_source.setdefault(account.row["source_id"], []).append(account)
    rows = []
    for source_id, own in by_source.items():
        worst = min(own, key=lambda account: _RANK[account.freshness.state])
        clients = {account.row["client_id"] for account in own}
        detail = plural(len(own), "account", "accounts")
        if worst.freshness.state is not Freshness.FRESH:
            detail = f"{view.name_of(worst.row['client_id'])}: {worst.freshness.reason}"
        rows.append(
            {
                "id": source_id,
                "name": own[0].row["source_name"],
                "provider": own[0].row["provider"],
                "state": worst.freshness.state.value,
                "at": max((a.row["last_good_at"] for a in own if a.row["last_good_at"]), default=None),
                "detail": detail,
                "client_count": len(clients),
            }
        )
    return sorted(rows, key=lambda row: (_RANK[Freshness(row["state"])], row["name"]))


_RANK = {state: rank for rank, state in enumerate(
    (Freshness.FAILED, Freshness.LATE, Freshness.NEVER, Freshness.FRESH, Freshness.OFF))}  # fmt: skip


def _clients(
    view: View, accounts: list[sources.AccountView], by_client: dict[int, dict[str, int]], newest: list[Any]
) -> list[dict[str, Any]]:
    rows = []
    for client in [view.client] if view.client else view.clients:
        own = [account for account in accounts if account.row["client_id"] == client.id]
        states = [account.freshness.state for account in own]
        read = [row for row in newest if row[1] == client.id]
        counts = by_client.get(client.id, {})
        state = worst_of(states) if states else (Freshness.FRESH if read else Freshness.NEVER)
        rows.append(
            {
                "id": client.id,
                "name": client.name,
                "place": f"{client.timezone.rsplit('/', 1)[-1].replace('_', ' ')} · {client.currency}",
                "sources": len({account.row["source_id"] for account in own} | {row[0] for row in read}),
                "records": sum(row[2] for row in read),
                "alerts": {name: counts.get(name, 0) for name in SEVERITIES},
                "state": state.value,
                "at": max((row[3] for row in read), default=None),
            }
        )
    return sorted(rows, key=lambda row: tuple(-row["alerts"][name] for name in SEVERITIES))


def _metrics(view: View, accounts: list[sources.AccountView], day: dict[str, Any]) -> list[dict[str, Any]]:
    active = [account for account in accounts if account.freshness.state is not Freshness.OFF]
    fresh = sum(account.freshness.state is Freshness.FRESH for account in active)
    state = "fresh" if fresh == len(active) else "late"
    client = view.client_id
    now = view.access.now
    return [
        _figure("Open alerts", number(view.counts["alerts"]), now, with_query("/alerts", client=client),
                foot=plural(view.counts["critical"], "critical", "critical", "none critical")),
        _figure("Accounts fresh", f"{fresh} of {len(active)}" if active else "–", day["read_at"],
                with_query("/sources", client=client), state=state if active else "never", foot="against their own clock"),
        _figure("Records read", number(day["records"]), day["read_at"], with_query("/sources", client=client),
                state="fresh" if day["read_at"] else "never", foot="in 24 hours"),
        _figure("Alert to message", span(float(day["seconds"])) if day["seconds"] is not None else "–", day["sent_at"],
                with_query("/deliveries", client=client), state="fresh" if day["sent_at"] else "never",
                foot="median of 24 hours" if day["seconds"] is not None else "nothing sent in 24 hours"),
        _figure("Rejected rows", number(day["rejected"]), now, with_query("/rejects", client=client),
                foot="wait for a look" if day["rejected"] else "every row was taken"),
    ]  # fmt: skip


def _figure(
    label: str, value: str, at: Any, url: str, *, state: str = "fresh", foot: str = ""
) -> dict[str, Any]:
    return {"label": label, "value": value, "suffix": "", "state": state, "at": at, "url": url, "spark": "", "delta": None,
            "current": False, "foot": foot}  # fmt: skip


def _sentence(
    view: View, by_client: dict[int, dict[str, int]], listed: list[dict[str, Any]], day: dict[str, Any]
) -> list[dict[str, Any]]:
    """What a colleague would say first: what needs you, what is not fresh, what was not delivered."""
    client = view.client_id
    total = severities(by_client, client)
    words = {
        "critical": ("critical alert", "critical alerts"),
        "warning": ("warning", "warnings"),
        "info": ("note", "notes"),
    }
    parts = []
    for name in SEVERITIES:
        if total[name]:
            url = with_query("/alerts", severity=name, client=client)
            parts.append({"text": plural(total[name], *words[name]), "url": url})
    found = _joined(parts)
    plain = sum(total.values())
    found.append(
        {"text": f" need{'s' if plain == 1 else ''} you." if parts else "Nothing needs you.", "url": None}
    )
    failed = [row for row in listed if row["state"] == "failed"]
    late = [row for row in listed if row["state"] == "late"]
    if failed:
        found += [{"text": " ", "url": None}, {"text": f"{failed[0]['name']} cannot be read", "url": f"/sources/{failed[0]['id']}"},
                  {"text": f" and {len(failed) - 1} more." if len(failed) > 1 else ".", "url": None}]  # fmt: skip
    elif late:
        found += [{"text": " ", "url": None}, {"text": f"{late[0]['name']} is late", "url": f"/sources/{late[0]['id']}"},
                  {"text": ".", "url": None}]  # fmt: skip
    elif listed:
        found.append(
            {
                "text": " All sources are fresh." if all(row["state"] == "fresh" for row in listed) else "",
                "url": None,
            }
        )
    if day["stuck"]:
        found += [{"text": " ", "url": None}, {"text": plural(day["stuck"], "message", "messages"), "url": "/deliveries?state=dead"},
                  {"text": " could not be delivered.", "url": None}]  # fmt: skip
    return found


def _joined(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for position, part in enumerate(parts):
        if position:
            found.append({"text": " and " if position == len(parts) - 1 else ", ", "url": None})
        found.append(part)
    return found
