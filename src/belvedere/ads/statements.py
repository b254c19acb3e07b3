"""Named SQL of this package; each file under `sql/` is one statement or a part of one."""

from functools import lru_cache
from importlib import resources

from sqlalchemy import TextClause, text


@lru_cache(maxsize=64)
def statement(name: str) -> TextClause:
    """The statement of `sql/<name>.sql`."""
    return text(_read(name))


@lru_cache(maxsize=8)
def inbox_statement(keys: str) -> TextClause:
    """Alerts of the inbox in their shape, those that the statement `keys` names."""
    return text(f"WITH keys AS (\n{_read(keys)}\n)\n{_read('inbox_shape')}")


def _read(name: str) -> str:
    return (resources.files("belvedere.ads.sql") / f"{name}.sql").read_text()
