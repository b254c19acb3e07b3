"""Shopify themes in one shape, whether REST or GraphQL told them. No input or output."""

from collections.abc import Mapping
from typing import Any

from belvedere.core.errors import ExternalError

PROVIDER = "scraper"

QUERY = """query Themes($first: Int!, $after: String) {
  themes(first: $first, after: $after) {
    edges { node { id name role processing createdAt updatedAt } }
    pageInfo { hasNextPage endCursor }
  }
}"""

_NAMES = {"createdAt": "created_at", "updatedAt": "updated_at", "themeStoreId": "theme_store_id"}


def normalise(theme: Mapping[str, Any]) -> dict[str, Any]:
    """A theme with a numeric id, snake_case names, the role in lower case and the category `theme`."""
    shaped = {_NAMES.get(name, name): value for name, value in theme.items()}
    identity = shaped.get("id")
    if isinstance(identity, str) and identity.startswith("gid://"):
        shaped["admin_graphql_api_id"] = identity
        tail = identity.rsplit("/", 1)[-1].partition("?")[0]
        shaped["id"] = int(tail) if tail.isdecimal() else identity
    if isinstance(shaped.get("role"), str):
        shaped["role"] = shaped["role"].lower()
    shaped.setdefault("category", "theme")
    return shaped


def rest_themes(document: Any) -> list[dict[str, Any]]:
    """The themes of `themes.json`."""
    themes = document.get("themes") if isinstance(document, dict) else None
    if not isinstance(themes, list):
        raise _unexpected("Shopify's answer holds no list of themes.")
    return [normalise(theme) for theme in themes if isinstance(theme, dict)]


def graphql_themes(document: Any) -> tuple[list[dict[str, Any]], str | None]:
    """The themes of one GraphQL page and the cursor of the next; raises ExternalError for `errors`."""
    if not isinstance(document, dict):
        raise _unexpected("Shopify's answer is not an object.")
    raise_graphql_errors(document)
    data = document.get("data")
    themes = data.get("themes") if isinstance(data, dict) else None
    if not isinstance(themes, dict) or not isinstance(themes.get("edges"), list):
        raise _unexpected("Shopify's answer holds no themes.")
    nodes = [
        edge["node"]
        for edge in themes["edges"]
        if isinstance(edge, dict) and isinstance(edge.get("node"), dict)
    ]
    info = themes.get("pageInfo") or {}
    following = info.get("endCursor") if info.get("hasNextPage") else None
    return [normalise(node) for node in nodes], following


def raise_graphql_errors(document: Mapping[str, Any]) -> None:
    """GraphQL says no with HTTP 200; THROTTLED is temporary and tells how long the bucket needs."""
    errors = [error for error in document.get("errors") or () if isinstance(error, dict)]
    if not errors:
        return
    codes = {str((error.get("extensions") or {}).get("code", "")).upper() for error in errors}
    detail = str(errors[0].get("message") or "without a message")[:300]
    if "THROTTLED" in codes:
        raise ExternalError(
            "Shopify asks to wait: the cost bucket of this shop is empty.",
            provider=PROVIDER,
            permanent=False,
            code="throttled",
            status_code=429,
            retry_after=_seconds_to_refill(document),
        )
    denied = bool(codes & {"ACCESS_DENIED", "UNAUTHORIZED"})
    temporary = "INTERNAL_SERVER_ERROR" in codes
    raise ExternalError(
        f"Shopify refused the question about themes: {detail}",
        provider=PROVIDER,
        permanent=not temporary,
        code="graphql_error",
        status_code=403 if denied else None,
    )


def _seconds_to_refill(document: Mapping[str, Any]) -> float:
    cost = (document.get("extensions") or {}).get("cost") or {}
    state = cost.get("throttleStatus") or {}
    try:
        missing = float(cost["requestedQueryCost"]) - float(state["currentlyAvailable"])
        return max(1.0, missing / float(state["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 2.0


def _unexpected(detail: str) -> ExternalError:
    return ExternalError(detail, provider=PROVIDER, permanent=False, code="unexpected_answer")
