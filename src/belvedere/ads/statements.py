"""Named SQL of this package; each file under `sql/` is one statement or a part of one."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text

from belvedere.core.reach import page_keys


@lru_cache(maxsize=64)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`."""
    return text(_read(name))


@lru_cache(maxsize=1)
def inbox_page() -> TextClause:
    """One page of the inbox: a page of each table, then the newest of both."""
    own = page_keys("ads.alerts", f"({_read('inbox_ads_wanted')})")
    watched = page_keys("watch.watchtower_alerts", f"({_read('inbox_watch_wanted')})")
    return _shaped(
        f"SELECT merged.* FROM (SELECT 'ads' AS origin, a.* FROM ({own}) a\n"
        f"UNION ALL SELECT 'watch', w.* FROM ({watched}) w) merged\n"
        "ORDER BY merged.created_at DESC, merged.id DESC LIMIT :limit"
    )


@lru_cache(maxsize=1)
def inbox_one() -> TextClause:
    """The one alert of the inbox that is named, or none."""
    return _shaped(_read("inbox_one"))


def _shaped(keys: str) -> TextClause:
    return text(f"WITH keys AS (\n{keys}\n)\n{_read('inbox_shape')}")


def _read(name: str) -> str:
    return (resources.files("belvedere.ads.sql") / f"{name}.sql").read_text()
