"""The life of an alert as a timeline: what happened, who did it, which messages left; and its deliveries as rows."""

from collections.abc import Mapping
from typing import Any

from belvedere.web.alert_views import CLOSED_BY, instant
from belvedere.web.presentation import word

STEPS = {
    "opened": ("critical", "critical", "Opened"),
    "seen_again": ("again", "", "Seen again"),
    "severity_raised": ("warning", "warning", "Severity raised"),
    "worsened": ("arrow-up", "warning", "Got worse"),
    "told_again": ("send", "", "Told again"),
    "reminded": ("clock", "", "Reminded"),
    "acknowledged": ("check", "", "Acknowledged"),
    "ack_expired": ("again", "", "The time it was taken for is over"),
    "unacknowledged": ("again", "", "Reopened"),
    "snoozed": ("clock", "", "Snoozed"),
    "unsnoozed": ("again", "", "Back from its snooze"),
    "silenced": ("bell", "", "Held back by a silence"),
    "stormed": ("bell", "", "Told in one message with others"),
    "resolved": ("good", "good", "Resolved"),
    "note": ("note", "", "Comment"),
}
BY_NOBODY = frozenset(
    {"seen_again", "worsened", "told_again", "reminded", "ack_expired", "silenced", "stormed", "opened"}
)
DELIVERY_WORDS = {"sent": "Sent", "dead": "Not delivered", "unknown": "Perhaps sent"}


def timeline_of(alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Steps and messages, newest first; of the same instant too, and a message above the step that it tells."""
    entries = [_step(alert, step) for step in alert["timeline"]]
    entries += [_sent(row) for row in alert["deliveries"]]
    return sorted(entries, key=lambda entry: entry["at"])[::-1]


def _step(alert: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    kind = step["kind"]
    icon, tone, said = STEPS.get(kind, ("info", "", word(kind)))
    detail, url = step["note"], None
    if kind == "opened":
        icon, tone = alert["severity"], alert["severity"] if alert["severity"] != "info" else ""
        url = f"/snapshots/{alert['snapshot_id']}" if alert["snapshot_id"] else None
        detail = detail or alert["message"]
    elif kind == "resolved" and alert["resolved_reason"] in CLOSED_BY:
        by, why = CLOSED_BY[alert["resolved_reason"]]
        said, detail = f"Resolved by {by}", detail or why
    elif step["actor"] and kind not in BY_NOBODY:
        said = f"{said} by {step['actor']}"
    until = instant((step.get("detail") or {}).get("until"))
    return {"at": instant(step["at"]), "icon": icon, "tone": tone, "text": said, "url": url, "detail": detail,
            "until": until, "attempts": []}  # fmt: skip


def _sent(row: Mapping[str, Any]) -> dict[str, Any]:
    sent = row["state"] == "sent"
    words = DELIVERY_WORDS.get(row["state"], "To be sent")
    kind = "the end " if row["kind"] == "resolved" else ""
    tries = f"{row['attempts']} tries" if row["attempts"] > 1 else None
    return {
        "at": instant(row["sent_at"] or row["created_at"]),
        "icon": "mail" if row["channel"] == "email" else "send",
        "tone": "good" if sent else ("critical" if row["state"] in ("dead", "unknown") else ""),
        "text": f"{words} {kind}by {word(row['channel'])} to {row['address']}",
        "url": f"/deliveries/{row['id']}",
        "detail": "\n".join(part for part in (row["error"] if not sent else None, tries) if part) or None,
        "until": None,
        "attempts": [],
    }


def deliveries_of(alert: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages about this alert as rows: by what, to whom, how it went."""
    return [
        {
            "id": str(row["id"]),
            "kind": row["kind"],
            "channel": row["channel"],
            "address": row["address"],
            "state": row["state"],
            "attempts": row["attempts"],
            "error": row["error"] if row["state"] != "sent" else None,
            "at": instant(row["sent_at"] or row["created_at"]),
        }
        for row in alert["deliveries"]
    ]
