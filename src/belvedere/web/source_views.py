"""Sources, accounts and readings as pages show them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from belvedere.sources.contracts import Freshness
from belvedere.sources.service import AccountView
from belvedere.web.alert_views import instant
from belvedere.web.view import View


def account_row(
    view: View, account: AccountView, running: Mapping[str, Any] | None, names: Mapping[str, str]
) -> dict[str, Any]:
    row = account.row
    credential = str(row["credential_id"]) if row["credential_id"] else None
    return {
        "id": row["id"],
        "client": view.named(row["client_id"]),
        "label": row["display_name"]
        or ("Main account" if row["account_key"] == "default" else row["account_key"]),
        "credential": names.get(credential, "Sealed") if credential else None,
        "state": account.freshness.state.value,
        "at": row["last_good_at"],
        "next_due_at": row["next_due_at"] if row["is_active"] and row["source_active"] else None,
        "last_error": row["last_error"] if row["consecutive_failures"] else None,
        "failures": row["consecutive_failures"],
        "is_active": row["is_active"] and row["source_active"],
        "running": {"snapshot_id": running["id"], "pages": running["pages_done"]} if running else None,
        "settings": sorted((name, str(value)) for name, value in (row["settings"] or {}).items()),
    }


def seconds_between(start: str | None, end: str | None) -> float | None:
    first, last = instant(start), instant(end)
    return None if first is None or last is None else max(0.0, (last - first).total_seconds())


def snapshot_row(view: View, row: Mapping[str, Any]) -> dict[str, Any]:
    failed = row["status"] == "failed"
    return {
        "id": row["id"],
        "client": view.named(row["client_id"]),
        "type": row["snapshot_type"],
        "status": row["status"],
        "completeness": row["completeness"],
        "records": None if failed else row["total_records"] or 0,
        "rejected": row["rejected_records"] or 0,
        "metrics": row["total_metrics"] or 0,
        "at": read_at(row),
        "seconds": seconds_between(row["started_at"], row["completed_at"]),
        "error": row["error_message"],
        "same": row["same_as_snapshot_id"] is not None,
    }


def read_at(row: Mapping[str, Any]) -> datetime | None:
    return instant(row["data_as_of"] or row["completed_at"] or row["started_at"] or row["created_at"])


def state_of(row: Mapping[str, Any]) -> str:
    """The freshness word of one reading: good ones are dated, others say what they are."""
    return {"completed": Freshness.FRESH, "failed": Freshness.FAILED}.get(row["status"], Freshness.LATE).value
