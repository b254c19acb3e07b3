"""Pages of a list, by offset or by cursor, and the ways they go wrong when the sandbox is told so."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from belvedere.sandbox.faults import Mode

PAGE_MODE_KEY = "sandbox.page_mode"


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Any]
    offset: int
    limit: int
    total: int

    @property
    def next_offset(self) -> int | None:
        return self.offset + self.limit if self.offset + self.limit < self.total else None

    @property
    def previous_offset(self) -> int | None:
        return max(0, self.offset - self.limit) if self.offset else None


def page_mode(request: Request) -> Mode | None:
    """How this one answer should go wrong, as the gate decided; None for a good one."""
    mode: Mode | None = request.scope.get(PAGE_MODE_KEY)
    return mode


def cut_page(items: Sequence[Any], offset: int, limit: int, mode: Mode | None) -> Page:
    """Cuts one page, right or wrong.

    `duplicate_pages` repeats the page before at the front; `reordered_pages` serves the pages from the
    last to the first, each backwards, still every item once; `empty` has nothing in it and no next page.
    """
    if mode is Mode.EMPTY:
        return Page([], offset, limit, 0)
    total = len(items)
    here = list(items[offset : offset + limit])
    if mode is Mode.DUPLICATE_PAGES:
        here = list(items[max(0, offset - limit) : offset]) + here
    elif mode is Mode.REORDERED_PAGES:
        # Counted from the end, so that the pages keep their size but for the last, as in the right order.
        end = total - offset
        here = list(reversed(items[max(0, end - limit) : end]))
    return Page(here, offset, limit, total)


def encode_cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f'{{"o":{offset}}}'.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int | None:
    """None when it is not one of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return int(text.removeprefix('{"o":').removesuffix("}"))
    except ValueError:
        return None


def read_limit(request: Request, *, default: int, most: int) -> int | None:
    """The page size asked for; None when it is not a number from 1 to `most`."""
    text = request.query_params.get("limit", str(default))
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= most else None
