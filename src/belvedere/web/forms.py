"""Reading forms: the fields as they were typed, and what is wrong with them beside the field it is about."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from belvedere.core.currencies import CURRENCIES
from belvedere.core.errors import BelvedereError, Conflict, FieldProblem, Forbidden, Invalid, NotFound
from belvedere.core.zones import zone_names

T = TypeVar("T")

MOST_FIELDS = 600
LOCALES = [("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish"), ("it", "Italian")]
SHORT_NAMES = {"display_name": "name"}


@dataclass(frozen=True, slots=True)
class Fields:
    """What was posted: name to values in order. Characters that cannot be stored are left out."""

    values: Mapping[str, list[str]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """The last value of a field, trimmed."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """The last value as it was typed: passwords keep their spaces."""
        found = self.values.get(name)
        return found[-1] if found else default

    def ticked(self, name: str) -> bool:
        return bool(self.text(name))

    def all(self, name: str) -> list[str]:
        return list(self.values.get(name, ()))

    def number(self, name: str) -> int | None:
        word = self.text(name)
        return int(word) if word.isascii() and word.lstrip("-").isdigit() and len(word) < 11 else None

    def uuid(self, name: str) -> UUID | None:
        return as_uuid(self.text(name))

    def words(self, name: str) -> list[str]:
        """Addresses and the like, separated by commas, semicolons or lines."""
        text = self.text(name).replace(";", ",").replace("\n", ",")
        return [word.strip() for word in text.split(",") if word.strip()]


async def read_fields(request: Request) -> Fields:
    """Read a posted form before the transaction of the request opens."""
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    values: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(_storable(value))
    return Fields(values)


def _storable(value: str) -> str:
    kept = value.replace("\x00", "").replace("\r\n", "\n")
    return kept.encode("utf-8", "ignore").decode()


Posted = Annotated[Fields, Depends(read_fields)]
Errors = dict[str, str]


def as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


async def attempt(
    session: AsyncSession, work: Callable[[], Awaitable[T]], names: Mapping[str, str] = SHORT_NAMES
) -> tuple[T | None, Errors]:
    """Do `work`; what a person can mend comes back as errors beside fields, and nothing of it was written."""
    try:
        async with session.begin_nested():
            return await work(), {}
    except (Invalid, Conflict, Forbidden, NotFound) as error:
        if error.code == "step_up_required":
            raise
        return None, errors_of(error, names)


def errors_of(error: BelvedereError, names: Mapping[str, str] = SHORT_NAMES) -> Errors:
    """{field of the form: sentence}; what names no field stands under `form`."""
    found: Errors = {}
    for problem in error.errors:
        found.setdefault(_field(problem, names), problem.detail)
    return found or {_by_code(error.code): error.detail}


def _field(problem: FieldProblem, names: Mapping[str, str]) -> str:
    bare = problem.pointer.strip("/")
    first, _, rest = bare.partition("/")
    if first == "settings" and rest:
        return f"set-{rest.split('/')[0]}"
    return names.get(bare) or names.get(first) or first or "form"


def _by_code(code: str) -> str:
    return {"slug_taken": "slug", "email_taken": "email", "name_taken": "name"}.get(code, "form")


def require(value: object, errors: Errors, name: str, words: str) -> None:
    if not value:
        errors.setdefault(name, words)


@cache
def zone_choices() -> Sequence[tuple[str, str]]:
    """IANA zones of places; the reader's own is chosen by its full name."""
    places = sorted(
        name
        for name in zone_names()
        if "/" in name and not name.startswith(("Etc/", "posix", "right", "SystemV"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


@cache
def currency_choices() -> Sequence[tuple[str, str]]:
    first = ("EUR", "GBP", "USD", "CHF")
    return [(code, code) for code in (*first, *sorted(CURRENCIES - set(first)))]


def choice_filter(
    name: str, label: str, options: Sequence[tuple[str, str]], value: str | None
) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "value": value or "",
        "options": [("", "any"), *options],
        "placeholder": None,
    }


def text_filter(value: str | None, placeholder: str) -> dict[str, Any]:
    return {"name": "q", "label": "Find", "value": value or "", "options": None, "placeholder": placeholder}


def pager(shown: int, following: str | None, cursor: str | None, total: str | None = None) -> dict[str, Any]:
    return {"shown": shown, "total": total, "next": following, "first": not cursor}


def empty_first(title: str, text: str, *acts: tuple[str, str]) -> dict[str, Any]:
    return {"kind": "first", "title": title, "text": text, "names": [],
            "acts": [{"words": words, "url": url} for words, url in acts]}  # fmt: skip


def empty_filtered(title: str, text: str = "", names: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    return {"kind": "filtered", "title": title, "text": text, "acts": [], "names": list(names)}


def empty_done(title: str, text: str) -> dict[str, Any]:
    return {"kind": "done", "title": title, "text": text, "acts": [], "names": []}
