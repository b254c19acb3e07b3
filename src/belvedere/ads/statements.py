"""Named SQL of this package; each file under `sql/` is one statement or a part of one."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text

from belvedere.core.reach import page_keys
from belvedere.core.words import words_of
from belvedere.watchtower.service import search_keys


@lru_cache(maxsize=64)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`."""
    return text(_read(name))


@lru_cache(maxsize=3)
def inbox_page(search: str = "") -> TextClause:
    """One page of the inbox: a page of each table, then the newest of both. `search` near or far looks for `:words`."""
    own = page_keys("ads.alerts", f"({_ads_wanted()})")
    wanted = _read("inbox_watch_wanted")
    if search:
        watched = search_keys(wanted, near=search == "near")
    else:
        watched = page_keys("watch.watchtower_alerts", f"({wanted})")
    return _shaped(
        f"SELECT merged.* FROM (SELECT 'ads' AS origin, a.* FROM ({own}) a\n"
        f"UNION ALL SELECT 'watch', w.* FROM ({watched}) w) merged\n"
        "ORDER BY merged.created_at DESC, merged.id DESC LIMIT :limit"
    )


@lru_cache(maxsize=1)
def inbox_severities() -> TextClause:
    """A page of each severity of the inbox at once; severities in the values are passed over."""
    chosen = "(CAST(:severity AS text[]) IS NULL OR t.severity = ANY (CAST(:severity AS text[])))"
    watched = _read("inbox_watch_wanted").replace(chosen, "t.severity = s.severity")
    own = _ads_wanted().replace("CAST(:own_severity AS text[])", "s.words")
    own = own.replace("CAST(:own_one AS text)", "CAST(NULL AS text)")
    return text(
        _read("inbox_severities").replace("{watched}", watched).replace("{own}", own)
        + f"\n{_read('inbox_shape')}"
    )


@lru_cache(maxsize=1)
def inbox_one() -> TextClause:
    """The one alert of the inbox that is named, or none."""
    return _shaped(_read("inbox_one"))


def _ads_wanted() -> str:
    return _read("inbox_ads_wanted").replace(
        "{words}", words_of("concat_ws(' ', i.title, i.subject, i.message)")
    )


def _shaped(keys: str) -> TextClause:
    return text(f"WITH keys AS (\n{keys}\n)\n{_read('inbox_shape')}")


def _read(name: str) -> str:
    return (resources.files("belvedere.ads.sql") / f"{name}.sql").read_text()
