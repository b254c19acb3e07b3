"""Named SQL of this package; each file under `sql/` is one statement or a part of one."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text

from belvedere.core.reach import page_keys
from belvedere.core.words import words_of


@lru_cache(maxsize=128)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`; `{is_silenced}` in it is the question of `sql/is_silenced.sql`."""
    written = read_statement(name)
    return text(
        written.replace("{is_silenced}", read_statement("is_silenced"))
        if "{is_silenced}" in written
        else written
    )


ALERT_WORDS = words_of("t.title || ' ' || coalesce(t.entity_name, '') || ' ' || coalesce(t.external_id, '')")
"""What a search for alerts looks at: title, entity and key."""
NEAREST = 400
"""As many of the newest alerts are looked at one by one, before the index of words is asked for all of them."""


@lru_cache(maxsize=1)
def alerts_statement() -> TextClause:
    """One page of alerts."""
    return _shaped(page_keys("watch.watchtower_alerts", f"({read_statement('alerts_wanted')})"))


@lru_cache(maxsize=2)
def alerts_search(*, near: bool) -> TextClause:
    """One page of alerts that have the words of `:words`."""
    return _shaped(search_keys(read_statement("alerts_wanted"), near=near))


def search_keys(condition: str, *, near: bool) -> str:
    """SQL of the keys of one page of alerts `t` that have `:words`: among the newest (`near`), or of all by the index.

    A common word stands in every eighth of the newest; for a rare one the index has few keys to look up. Binds
    `:life` too: open, resolved or NULL for both.
    """
    if near:
        found = page_keys("watch.watchtower_alerts", f"({condition})", limit=str(NEAREST))
        return (
            f"SELECT n.client_id, n.id, n.created_at FROM ({found}) n\n"
            "JOIN watch.watchtower_alerts t ON t.client_id = n.client_id AND t.id = n.id\n"
            f"WHERE {ALERT_WORDS} @@ to_tsquery('simple', :words)\n"
            "ORDER BY n.created_at DESC, n.id DESC LIMIT :limit"
        )
    return (
        "SELECT t.client_id, t.id, t.created_at\n"
        "FROM watch.find_alerts(to_tsquery('simple', :words), CAST(:life AS text), CAST(:client_id AS integer)) f\n"
        "JOIN watch.watchtower_alerts t ON t.client_id = f.client_id AND t.id = f.id\n"
        f"WHERE ({condition})\nORDER BY t.created_at DESC, t.id DESC LIMIT :limit"
    )


def _shaped(keys: str) -> TextClause:
    return text(f"WITH keys AS MATERIALIZED (\n{keys}\n)\n{read_statement('list_alerts')}")


def read_statement(name: str) -> str:
    """The text of `sql/<name>.sql`, to build a statement around."""
    return (resources.files("belvedere.watchtower.sql") / f"{name}.sql").read_text()
