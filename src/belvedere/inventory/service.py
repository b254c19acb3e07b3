"""The door of inventory for other domains. None of it commits."""

from belvedere.inventory.watching import STOCK_TARGET

__all__ = ["STOCK_TARGET"]
