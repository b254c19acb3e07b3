"""The conditions, one file each, found by their word. A new one is its word in `Condition`, its file here, a line in
the guide and its tests.
"""

import pkgutil
from functools import lru_cache
from importlib import import_module

from belvedere.watchtower.conditions.kind import KINDS, Kind, Look
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.threshold import Limit, refuse_threshold

SHARED = frozenset({"kind"})


def _find_all() -> dict[Condition, Kind]:
    for module in pkgutil.iter_modules(__path__):
        if module.name not in SHARED:
            import_module(f"{__name__}.{module.name}")
    return dict(KINDS)


_KINDS = _find_all()


def kind_of(condition: Condition | str) -> Kind:
    """What a condition word does; a word without its file is a mistake of ours and raises KeyError."""
    # A word and its member of the enumeration are equal and hash alike.
    found = _KINDS.get(condition)  # type: ignore[arg-type]
    return found if found is not None else _KINDS[Condition(condition)]


@lru_cache(maxsize=1 << 16)
def read_limit(condition: Condition, text: str | None, field_name: str) -> Limit | None:
    """The limit of a condition; raises Invalid that names `threshold_value` and how to mend it."""
    kind = kind_of(condition)
    if text is None or not text.strip():
        if kind.needs_limit:
            refuse_threshold(
                "required",
                f"`{condition}` compares with a value. Give threshold_value, such as {kind.example}.",
            )
        return None
    if "\x00" in text:
        refuse_threshold("not_text", "The threshold holds a NUL character. Type it again without it.")
    return kind.read(text.strip(), field_name)


__all__ = ["Kind", "Look", "kind_of", "read_limit"]
