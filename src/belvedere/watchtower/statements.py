"""Named SQL of this package; each file under `sql/` is one statement."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text


@lru_cache(maxsize=64)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`."""
    return text((resources.files("belvedere.watchtower.sql") / f"{name}.sql").read_text())
