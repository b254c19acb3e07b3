"""What the parts of the rule sentence may be: sources, clients, fields, other rules, channels."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.schema import AGENCY
from belvedere.sources import service as sources
from belvedere.sources.contracts import RECORD_COLUMNS
from belvedere.watchtower import service
from belvedere.watchtower.contracts import Rule
from belvedere.web import figures
from belvedere.web.forms import as_uuid, zone_choices
from belvedere.web.rule_forms import SAME_SOURCE
from belvedere.web.rule_words import AGE_UNITS, CONDITIONS, DIRECTIONS, MEASURES
from belvedere.web.view import View

PAGE = 200
TARGETS = [("", "record"), ("api_records", "record of a platform"), ("communication_reports", "communication report"),
           ("clients", "client")]  # fmt: skip
OWN_FIELDS = ("days_since_team_message", "days_since_client_message")
NO_DATA = [("ignore", "nothing changes"), ("alert", "an alert of its own opens"), ("keep", "an open alert stays"),
           ("resolve", "an open alert closes")]  # fmt: skip
NOTIFY = [("now", "at once"), ("now_daily", "at once and daily"), ("now_weekly", "at once and weekly"), ("daily", "once a day"),
          ("weekly", "once a week"), ("never", "nobody")]  # fmt: skip
DAYS = [("1", "Monday"), ("2", "Tuesday"), ("3", "Wednesday"), ("4", "Thursday"), ("5", "Friday"), ("6", "Saturday"),
        ("0", "Sunday")]  # fmt: skip
DEPENDENCIES = [("triggered", "open and not acknowledged"), ("acknowledged", "open and acknowledged"),
                ("not_triggered", "not open")]  # fmt: skip
LENGTHS = [("min", "minutes"), ("h", "hours"), ("days", "days")]
_WEBHOOKS = text(
    "SELECT id, name FROM core.channels WHERE kind = 'webhook' AND client_id IN (0, :client_id) ORDER BY name"
)


async def form_options(view: View, rows: Sequence[Rule], form: Mapping[str, Any]) -> dict[str, Any]:
    session = view.access.session
    found = await sources.list_sources(session, view.access.now, limit=500)
    named = [(str(item.row["id"]), item.row["display_name"]) for item in found]
    seen = await figures.fields_seen(session, as_uuid(form["source_id"]))
    fields = dict.fromkeys([*seen, *RECORD_COLUMNS, *OWN_FIELDS])
    client_id = int(form["client_id"]) if form["client_id"].isdecimal() else AGENCY
    heads = await other_heads(session, {str(row.id) for row in rows})
    return {
        "sources": [("", "every source"), *named],
        "row_sources": [(SAME_SOURCE, "the same source"), ("", "every source"), *named],
        "clients": _clients(view, rows),
        "targets": TARGETS,
        "fields": [(name, name) for name in fields],
        "conditions": CONDITIONS,
        "measures": MEASURES,
        "directions": DIRECTIONS,
        "age_units": AGE_UNITS,
        "lengths": LENGTHS,
        "no_data": NO_DATA,
        "notify": NOTIFY,
        "days": DAYS,
        "zones": [("", "the client's zone"), *zone_choices()],
        "dependencies": DEPENDENCIES,
        "parents": [
            (row["id"], row["name"]) for row in heads if (row["client_id"] or AGENCY) in (AGENCY, client_id)
        ],
        "globals": [(row["id"], row["name"]) for row in heads if not row["client_id"]],
        "webhooks": await _webhooks(session, client_id),
    }


async def other_heads(session: ReadSession, own: set[str]) -> list[dict[str, Any]]:
    """First rows of the other rules, by name."""
    page = await service.list_rules(session, service.RuleFilter(), limit=PAGE)
    heads = [group[0] for group in grouped(page.rows())]
    return sorted((row for row in heads if row["id"] not in own), key=lambda row: row["name"].lower())


def grouped(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["group_id"] or row["id"], []).append(row)
    return [sorted(own, key=lambda row: (row["position"], row["created_at"])) for own in groups.values()]


def _clients(view: View, rows: Sequence[Rule]) -> list[tuple[str, str]]:
    if rows:
        present = str(rows[0].client_id or "")
        return [(present, view.name_of(rows[0].client_id) if present else "every client")]
    clients = view.choices("rules.write")
    return [("", "every client"), *clients] if view.access.may("rules.write", AGENCY) else clients


async def _webhooks(session: ReadSession, client_id: int) -> list[tuple[str, str]]:
    rows = await session.execute(_WEBHOOKS, {"client_id": client_id})
    return [("", "choose one"), *((str(row.id), row.name) for row in rows)]
