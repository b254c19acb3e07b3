"""Why a rule fired on a thing, or did not: the question as a form of the rule's page, and the answer in words."""

from collections.abc import Mapping
from typing import Any

from belvedere.core.errors import Invalid, NotFound
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.service import WhyAsk, explain_rule
from belvedere.web.alert_views import instant, limit_said
from belvedere.web.forms import as_uuid
from belvedere.web.view import View

WORDS = {True: "holds", False: "does not hold", None: "has no answer"}
TONES = {
    "fired": "critical",
    "still_open": "critical",
    "waiting": "warning",
    "held_back": "warning",
    "held": "warning",
}


def why_form(view: View, head: Rule, thing: str, reading: str, client: str) -> dict[str, Any]:
    """What was asked; a rule of one client asks for no client."""
    clients = [] if head.client_id else [(str(item.id), item.name) for item in view.clients]
    return {
        "thing": thing,
        "reading": reading,
        "client": client or str(view.client_id or ""),
        "clients": clients,
    }


async def why_answer(view: View, head: Rule, form: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer in words; None when nothing was asked yet."""
    if not form["thing"] and not form["reading"]:
        return None
    reading = as_uuid(form["reading"])
    if form["reading"] and reading is None:
        return {"wrong": "There is no reading of this id. Leave it out to ask about the newest one."}
    client = head.client_id or (int(form["client"]) if str(form["client"]).isdecimal() else None)
    asked = WhyAsk(form["thing"] or None, client, reading)
    try:
        found = await explain_rule(view.access.session, head.id, asked, view.access.now)
    except (Invalid, NotFound) as error:
        return {"wrong": error.detail}
    return answer_view(view, found)


def answer_view(view: View, found: Mapping[str, Any]) -> dict[str, Any]:
    reading = found["reading"]
    currency = view.currency_of(reading["client_id"])
    said = [
        ("Parent", found["parent"]),
        ("Silences", f"{len(found['silences'])} running: nobody is told." if found["silences"] else None),
        ("Own limit", "Another rule stands in for this client." if found["overridden_by"] else None),
        ("Judged live", None if found["was_judged"] else "No, this is what the engine says of it now."),
    ]
    return {
        "wrong": None,
        "sentence": found["sentence"],
        "tone": TONES.get(str(found["outcome"]), "info"),
        "with_values": found["with_values"],
        "near": found["entity"]["near"],
        "conditions": [
            {
                "label": item["label"],
                "value": item["value"],
                "unit": item["unit"],
                "currency": currency,
                "limit_said": limit_said(item, currency),
                "result": WORDS[item["result"]],
                "met": item["result"],
                "why": item["why_unknown"],
            }
            for item in found["conditions"]
        ],
        "facts": [(label, words) for label, words in said if words],
        "alert": found["alert"],
        "at": instant(reading["data_as_of"]),
        "snapshot": reading["snapshot_id"],
        "client": view.name_of(reading["client_id"]),
    }
