"""What Discord accepts in a message, and its words for what it does not.

https://discord.com/developers/docs/resources/message#create-message
"""

from typing import Any

MOST_CONTENT = 2000
MOST_EMBEDS = 10
MOST_EMBED_TEXT = 6000
MOST_FIELDS = 25
MOST_NONCE = 25
_EMBED_LIMITS = {"title": 256, "description": 4096}

Errors = dict[str, Any]


def too_long(limit: int) -> Errors:
    return _leaf("BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _leaf(code: str, message: str) -> Errors:
    return {"_errors": [{"code": code, "message": message}]}


def form_error(errors: Errors) -> dict[str, Any]:
    return {"message": "Invalid Form Body", "code": 50035, "errors": errors}


def check_message(body: dict[str, Any]) -> Errors:
    """An empty dictionary when the body is fine; else the tree that belongs under `errors`."""
    errors: Errors = {}
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        errors["content"] = _leaf("BASE_TYPE_BAD_TYPE", "Could not interpret the given value as string.")
    elif content and len(content) > MOST_CONTENT:
        errors["content"] = too_long(MOST_CONTENT)
    if body.get("nonce") is not None and len(str(body["nonce"])) > MOST_NONCE:
        errors["nonce"] = too_long(MOST_NONCE)
    embeds = body.get("embeds") or []
    wrong_type = _leaf("LIST_TYPE_CONVERT", "Only iterables may be used.")
    found = check_embeds(embeds) if isinstance(embeds, list) else wrong_type
    return errors | ({"embeds": found} if found else {})


def check_embeds(embeds: list[Any]) -> Errors:
    if len(embeds) > MOST_EMBEDS:
        return _leaf("BASE_TYPE_MAX_LENGTH", f"Must be {MOST_EMBEDS} or fewer in length.")
    errors: Errors = {}
    for number, embed in enumerate(embeds):
        found = (
            check_embed(embed)
            if isinstance(embed, dict)
            else _leaf("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        )
        if found:
            errors[str(number)] = found
    if not errors and sum(embed_length(embed) for embed in embeds) > MOST_EMBED_TEXT:
        return _leaf("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}")
    return errors


def check_embed(embed: dict[str, Any]) -> Errors:
    errors = {
        name: too_long(limit)
        for name, limit in _EMBED_LIMITS.items()
        if len(str(embed.get(name) or "")) > limit
    }
    for name, inner, limit in (("footer", "text", 2048), ("author", "name", 256)):
        if len(str((embed.get(name) or {}).get(inner) or "")) > limit:
            errors[name] = {inner: too_long(limit)}
    color = embed.get("color")
    if color is not None and not (isinstance(color, int) and 0 <= color <= 0xFFFFFF):
        errors["color"] = _leaf("NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    fields = embed.get("fields") or []
    if len(fields) > MOST_FIELDS:
        errors["fields"] = too_long(MOST_FIELDS)
    else:
        wrong = {str(number): found for number, one in enumerate(fields) if (found := _check_field(one))}
        errors |= {"fields": wrong} if wrong else {}
    return errors


def _check_field(field: dict[str, Any]) -> Errors:
    errors: Errors = {}
    for name, limit in (("name", 256), ("value", 1024)):
        text = str(field.get(name) or "")
        if not text.strip():
            errors[name] = _leaf("BASE_TYPE_REQUIRED", "This field is required")
        elif len(text) > limit:
            errors[name] = too_long(limit)
    return errors


def embed_length(embed: dict[str, Any]) -> int:
    """The characters that count towards the 6,000 of a message."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(str(text)) for text in texts if text)


def is_empty(body: dict[str, Any]) -> bool:
    return not (str(body.get("content") or "").strip() or body.get("embeds") or body.get("components"))
