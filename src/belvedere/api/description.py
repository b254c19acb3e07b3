"""The API's description: doors, problems and examples added to what FastAPI derives from the routes."""

import re
from typing import Any

from fastapi import FastAPI

from belvedere.accounts.door import RouteDoor, doors_of
from belvedere.api.problems import MEDIA_TYPE

Json = dict[str, Any]

TAGS = {
    "accounts": "Oneself, clients, people, tokens, sessions and credentials.",
    "sources": "What is read, for whom and how often; readings, their records, figures and refused rows.",
    "rules": "What is watched for.",
    "alerts": "What rules found, and what people did about it.",
    "digests": "Daily and weekly sums for one destination: those that were made and those to come.",
    "deliveries": "Messages and the channels they go by.",
    "export": "Everything of a kind as JSON lines.",
    "tables": "The tables of the database, their shape and their rows, for staff.",
    "system": "Health, figures, jobs, logs, the audit log and live news.",
}
MEANINGS = {
    400: ("Malformed", "The body cannot be read at all."),
    401: ("Unauthorized", "Nobody is signed in, or the token is not live."),
    403: ("Forbidden", "The role or the token does not include this."),
    404: ("NotFound", "There is no such thing, or it belongs to a client out of reach."),
    409: ("Conflict", "The request does not fit the present state."),
    413: ("TooLarge", "The body is larger than this installation takes."),
    422: ("Invalid", "A field does not hold; `errors` names each."),
    429: ("TooManyRequests", "Too many requests; `Retry-After` says in seconds when the next may come."),
}
OF_EVERY_DOOR = (401, 403, 404, 422, 429)
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "An error as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail", "instance", "code", "correlation_id"],
    "properties": {
        "type": {"type": "string", "description": "Address of the description of `code`."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong here and how to mend it."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {"type": "string", "description": "Stable word for programs."},
        "correlation_id": {"type": ["string", "null"], "description": "Finds this request in the logs."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}
FIELD_PROBLEM: Json = {
    "type": "object",
    "title": "FieldProblem",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer into the body, or such as `query/limit`."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same request with the same key has one effect and one answer for 24 hours.",
}
SECURITY: Json = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token: `Bearer bvd_…`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "belvedere",
        "description": "A login of a browser.",
    },
}
EXAMPLES: dict[str, Json] = {
    "create_rule": {
        "low_open_rate": {
            "summary": "An open rate below 15 percent, told at once in Discord",
            "value": {
                "name": "Low open rate",
                "field_name": "open_rate",
                "condition": "less_than",
                "threshold_value": "15",
                "client_id": 1,
                "severity": "critical",
                "notify_discord": True,
            },
        },
        "every_client": {
            "summary": "A rule for every client, mailed in a daily digest at nine",
            "value": {
                "name": "Product sold out",
                "field_name": "inventory_quantity",
                "condition": "equals",
                "threshold_value": "0",
                "client_id": None,
                "notify_immediately": False,
                "notify_schedule": "daily",
                "notify_time": "09:00:00",
                "notify_email": True,
                "email_recipients": ["shop@example.com"],
            },
        },
    }
}


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` tell the whole of what callers meet. Call it when every route is in place."""
    derived = app.openapi
    doors = {(door.path, method): door for door in doors_of(app) for method in door.methods}

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = completed(derived(), doors)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def completed(document: Json, doors: dict[tuple[str, str], RouteDoor]) -> Json:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    schemas.update({"Problem": PROBLEM, "FieldProblem": FIELD_PROBLEM})
    components["responses"] = {
        name: problem_answer(status, text) for status, (name, text) in MEANINGS.items()
    }
    components["securitySchemes"] = SECURITY
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            complete_operation(operation, method.upper(), doors.get((path, method.upper())))
    return document


def problem_answer(status: int, text: str) -> Json:
    answer: Json = {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return answer


def complete_operation(operation: Json, method: str, door: RouteDoor | None) -> None:
    operation["tags"] = list(dict.fromkeys(operation["tags"]))
    operation["summary"] = sentence(operation["summary"])
    guarded = door is not None and door.permission is not None
    operation["security"] = [{"token": []}, {"session": []}] if guarded else []
    if door is not None and door.permission is not None:
        needs = f"Needs `{door.permission}`."
        operation["description"] = "\n\n".join(filter(None, [operation.get("description"), needs]))
    if guarded and method in UNSAFE:
        operation["parameters"] = [*operation.get("parameters", []), IDEMPOTENCY_KEY]
    add_problems(operation, method, has_door=door is not None)
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if operation["operationId"] in EXAMPLES:
            media["examples"] = EXAMPLES[operation["operationId"]]


def add_problems(operation: Json, method: str, *, has_door: bool) -> None:
    statuses = set(OF_EVERY_DOOR if has_door else ())
    if has_door and method in UNSAFE:
        statuses |= {400, 409, 413}
    operation["responses"].pop("422", None)
    for status in sorted(statuses):
        name = MEANINGS[status][0]
        operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/{name}"})


def sentence(summary: str) -> str:
    """`List Clients`, which FastAPI makes of a function's name, as a person would write it."""
    if re.fullmatch(r"([A-Z][a-z]* ?)+", summary):
        return summary[0] + summary[1:].lower()
    return summary
