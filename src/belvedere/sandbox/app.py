"""Puts the platforms behind one port."""

import asyncio

from starlette.applications import Starlette
from starlette.types import ASGIApp

from belvedere.core.errors import BelvedereError
from belvedere.sandbox import (
    control,
    discord,
    hooks,
    omnisend,
    omnisend_2026,
    omnisend_analytics,
    pages,
    shop_pages,
    shopify,
)
from belvedere.sandbox.gate import MisbehaviourGate
from belvedere.sandbox.state import Sandbox


def build_app(sandbox: Sandbox, closing: asyncio.Event) -> ASGIApp:
    """`closing` releases every request that is held in silence."""
    routes = [
        *omnisend.ROUTES,
        *omnisend_2026.ROUTES,
        *omnisend_analytics.ROUTES,
        omnisend_2026.FALLBACK,
        *shopify.ROUTES,
        *discord.ROUTES,
        *hooks.ROUTES,
        *shop_pages.ROUTES,
        *control.ROUTES,
        *pages.ROUTES,
    ]
    app = Starlette(routes=routes, exception_handlers={BelvedereError: control.refuse, 404: pages.missing})
    app.state.sandbox = sandbox
    return MisbehaviourGate(app, sandbox, closing)
