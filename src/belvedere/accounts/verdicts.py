"""Refused passwords as answers: returned, not raised, because raising would roll back the count."""

import json
import math

from fastapi import Response

from belvedere.accounts.contracts import Refusal
from belvedere.core.logs import correlation_id


def refusal_answer(refusal: Refusal, instance: str) -> Response:
    """A problem of 403 for a wrong password, 429 with Retry-After while the account rests."""
    waits = refusal.retry_after > 0
    status, code = (429, "too_many_requests") if waits else (403, "wrong_password")
    body = {
        "type": f"/docs/reference/errors#{code}",
        "title": "Too many requests" if waits else "Not allowed",
        "status": status,
        "detail": refusal.reason,
        "instance": instance,
        "code": code,
        "correlation_id": correlation_id(),
    }
    headers = {"Retry-After": str(math.ceil(refusal.retry_after))} if waits else None
    return Response(json.dumps(body), status, headers, "application/problem+json")
