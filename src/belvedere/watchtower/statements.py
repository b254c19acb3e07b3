"""Named SQL of this package; each file under `sql/` is one statement or a part of one."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text

from belvedere.core.reach import page_keys


@lru_cache(maxsize=128)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`; `{is_silenced}` in it is the question of `sql/is_silenced.sql`."""
    written = read_statement(name)
    return text(
        written.replace("{is_silenced}", read_statement("is_silenced"))
        if "{is_silenced}" in written
        else written
    )


@lru_cache(maxsize=1)
def alerts_statement() -> TextClause:
    """One page of alerts."""
    keys = page_keys("watch.watchtower_alerts", f"({read_statement('alerts_wanted')})")
    return text(f"WITH keys AS MATERIALIZED (\n{keys}\n)\n{read_statement('list_alerts')}")


def read_statement(name: str) -> str:
    """The text of `sql/<name>.sql`, to build a statement around."""
    return (resources.files("belvedere.watchtower.sql") / f"{name}.sql").read_text()
