"""The public door: which connectors there are, and the mappings shipped with them."""

from functools import cache
from importlib.resources import files
from typing import Any

from belvedere.connectors.contracts import Connector
from belvedere.connectors.omnisend.connector import AUTOMATIONS, CAMPAIGNS
from belvedere.connectors.scraper.cvr import CVR
from belvedere.connectors.scraper.shopify_themes import SHOPIFY_THEMES
from belvedere.core.errors import NotFound

_ALL: tuple[Connector[Any], ...] = (CAMPAIGNS, AUTOMATIONS, CVR, SHOPIFY_THEMES)
CONNECTORS: dict[tuple[str, str], Connector[Any]] = {(each.provider, each.endpoint): each for each in _ALL}


def get_connector(provider: str, endpoint: str) -> Connector[Any]:
    """The connector of a source; raises NotFound when the program has none for it."""
    connector = CONNECTORS.get((provider, endpoint))
    if connector is None:
        known = ", ".join(f"{each.provider}/{each.endpoint}" for each in _ALL)
        raise NotFound(f"There is no connector for {provider}/{endpoint}. There are: {known}.")
    return connector


def list_connectors() -> tuple[Connector[Any], ...]:
    """Every connector, in the order a person would look for them."""
    return _ALL


@cache
def list_mappings() -> tuple[str, ...]:
    """Names of the shipped mappings."""
    folder = files("belvedere.connectors") / "mappings"
    return tuple(
        sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    )


@cache
def mapping_text(name: str) -> str:
    """A shipped mapping as YAML text; raises NotFound for an unknown name."""
    if name not in list_mappings():
        raise NotFound(f"There is no shipped mapping named {name}. There are: {', '.join(list_mappings())}.")
    return (files("belvedere.connectors") / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
