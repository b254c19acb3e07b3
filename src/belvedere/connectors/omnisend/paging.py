"""Reading one page of a list: where its rows stand and what asks for the next one. No input or output."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from belvedere.core.errors import ExternalError

PROVIDER = "omnisend"
_PAGING_PARAMETERS = ("limit", "offset", "after", "cursor", "page")


def rows_of(document: Any, keys: tuple[str, ...]) -> list[Any]:
    """The list under the first of `keys` that is there; raises a temporary ExternalError when none is."""
    if isinstance(document, dict):
        for key in keys:
            if isinstance(document.get(key), list):
                return list(document[key])
    raise ExternalError(
        f"Omnisend's answer holds no list named {' or '.join(keys)}.",
        provider=PROVIDER,
        permanent=False,
        code="unexpected_answer",
    )


def next_cursor(document: dict[str, Any], *, asked: str | None, received: int, page_size: int) -> str | None:
    """The query string of the next page, or None at the end.

    Of a full URL only the paging parameters are kept: the key is never sent to a host that an answer names.
    """
    paging = document.get("paging")
    if not isinstance(paging, dict):
        return urlencode({"offset": _offset(asked) + received}) if received >= page_size else None
    if paging.get("hasMore") is False:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if after:
        return urlencode({"after": str(after)})
    following = paging.get("next")
    if not following:
        return None
    return _from_link(str(following))


def _from_link(link: str) -> str:
    query = urlsplit(link).query
    if not query and "/" not in link:
        return urlencode({"after": link})
    kept = {name: value for name, value in parse_qsl(query) if name in _PAGING_PARAMETERS}
    if not kept:
        raise ExternalError(
            "Omnisend's link to the next page holds no position.",
            provider=PROVIDER,
            permanent=False,
            code="unexpected_answer",
        )
    return urlencode(sorted(kept.items()))


def _offset(asked: str | None) -> int:
    text = dict(parse_qsl(asked or "")).get("offset", "0")
    return int(text) if text.isdecimal() else 0


def is_other_page(document: dict[str, Any], asked: str | None) -> bool:
    """Whether the answer says of itself that it stands at another offset than the one asked for."""
    paging = document.get("paging")
    told = paging.get("offset") if isinstance(paging, dict) else None
    if not isinstance(told, int) or isinstance(told, bool):
        return False
    parameters = dict(parse_qsl(asked or ""))
    if "after" in parameters or "cursor" in parameters:
        return False
    return told != _offset(asked)


def expected_total(document: dict[str, Any]) -> int | None:
    """How many rows the whole list holds, where the answer says so."""
    paging = document.get("paging")
    for holder in (paging, document):
        if isinstance(holder, dict):
            for key in ("total", "totalCount"):
                if isinstance(holder.get(key), int) and not isinstance(holder.get(key), bool):
                    return int(holder[key])
    return None


def unseen(rows: Iterable[dict[str, Any]], id_field: str, seen: set[str]) -> list[dict[str, Any]]:
    """Rows whose id this reading has not had yet; a row without an id stays, to be refused later."""
    fresh = []
    for row in rows:
        identity = row.get(id_field)
        if identity is not None:
            if str(identity) in seen:
                continue
            seen.add(str(identity))
        fresh.append(row)
    return fresh
