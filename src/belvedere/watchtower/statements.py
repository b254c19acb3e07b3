"""Named SQL of this package; each file under `sql/` is one statement or a part of one."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text

from belvedere.core.reach import page_keys


@lru_cache(maxsize=128)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`; `{is_silenced}` in it is the question of `sql/is_silenced.sql`."""
    written = _read(name)
    return text(
        written.replace("{is_silenced}", _read("is_silenced")) if "{is_silenced}" in written else written
    )


@lru_cache(maxsize=1)
def alerts_statement() -> TextClause:
    """One page of alerts."""
    keys = page_keys("watch.watchtower_alerts", f"({_read('alerts_wanted')})")
    return text(f"WITH keys AS MATERIALIZED (\n{keys}\n)\n{_read('list_alerts')}")


def _read(name: str) -> str:
    return (resources.files("belvedere.watchtower.sql") / f"{name}.sql").read_text()
