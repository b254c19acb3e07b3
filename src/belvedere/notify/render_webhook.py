"""A message as the JSON body of a signed push. Pure; the same delivery gives the same body each time."""

from datetime import UTC, datetime
from typing import Any

import orjson

from belvedere.core.text import cut
from belvedere.notify import render
from belvedere.notify.contracts import MessageKind
from belvedere.notify.render import Telling

MAX_TEXT = 20_000
MAX_MEMBERS = 500

_ALERT_KINDS = frozenset(
    {MessageKind.OPENED, MessageKind.RESOLVED, MessageKind.RAISED, MessageKind.AGAIN, MessageKind.STORM}
)


def event_type(kind: MessageKind) -> str:
    """`alert.opened`, `alert.resolved`, …; `digest`, `notice` and `test` stand alone."""
    return f"alert.{kind.value}" if kind in _ALERT_KINDS else kind.value


def webhook_body(telling: Telling, client_id: int, asked_at: datetime) -> bytes:
    """`type`, `timestamp` and `data`, as the Standard Webhooks convention has them."""
    return orjson.dumps(
        {
            "type": event_type(telling.kind),
            "timestamp": asked_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": _data(telling, client_id),
        }
    )


def _data(telling: Telling, client_id: int) -> dict[str, Any]:
    lines = telling.lines
    return {
        "severity": telling.message.severity,
        "client": {"id": client_id, "name": render.client(telling)},
        "title": cut(render.title(telling), 300),
        "text": cut("\n".join(render.paragraphs(telling)), MAX_TEXT),
        "url": telling.link,
        "fields": [
            {"label": label, "value": cut(value, 2000)} for label, value in render.pairs(telling)[:50]
        ],
        "alert": telling.message.detail,
        "members": [
            {
                "subject_type": line.subject_type,
                "subject_id": line.subject_id,
                "line": cut(line.text, 500),
                "opened": line.began,
                "resolved": line.ended,
            }
            for line in lines[:MAX_MEMBERS]
        ],
        "members_left_out": max(0, len(lines) - MAX_MEMBERS),
        "was_never_told": telling.opened is not None,
        "possible_repeat": telling.possible_repeat,
    }
