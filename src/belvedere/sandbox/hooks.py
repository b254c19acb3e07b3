"""A receiver of outgoing webhooks that honours the sender's idempotency key."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.state import sandbox_of

HOOK = "webhook"
_KEY_HEADERS = ("webhook-id", "Idempotency-Key")


async def receive(request: Request) -> Response:
    """202 with `duplicate` true when the key was seen before; such a repeat has no effect."""
    ledger = sandbox_of(request).ledger
    key = next((request.headers[name] for name in _KEY_HEADERS if name in request.headers), None)
    body = (await request.body()).decode(errors="replace")
    if key is not None and ledger.effects(HOOK, key):
        ledger.count_attempt(HOOK, key)
        return JSONResponse({"accepted": True, "duplicate": True}, 202)
    name = request.path_params["name"]
    entry = ledger.append(HOOK, key, name, body, sandbox_of(request).clock(), {"body": body})
    return JSONResponse({"accepted": True, "duplicate": False, "seq": entry.seq}, 202)


ROUTES = [Route("/hooks/{name}", receive, methods=["POST"])]
