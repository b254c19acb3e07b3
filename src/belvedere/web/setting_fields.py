"""A connector's settings as form fields, and the form back as settings."""

from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import orjson
from pydantic_core import PydanticUndefined

from belvedere.connectors.contracts import ConnectorSettings, CredentialField
from belvedere.connectors.service import CONNECTORS
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.web.forms import Fields

PREFIX = "set-"
FREE = "settings"


def settings_model(provider: str, endpoint: str) -> type[ConnectorSettings] | None:
    """The settings of a source that the program fetches itself; None where they are free JSON."""
    connector = CONNECTORS.get((provider, endpoint))
    return connector.settings_model if connector else None


def credential_fields(provider: str) -> list[CredentialField]:
    """The secrets that a platform's connectors ask for, each once."""
    found: dict[str, CredentialField] = {}
    for connector in CONNECTORS.values():
        if connector.provider == provider:
            for item in connector.credential_fields:
                found.setdefault(item.name, item)
    return list(found.values())


def needs_credential(provider: str, endpoint: str) -> bool:
    connector = CONNECTORS.get((provider, endpoint))
    return connector is None or bool(connector.credential_fields)


def form_fields(provider: str, endpoint: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{name, label, hint, kind: text | number | tick | choice | json, options, value}] for the present settings."""
    model = settings_model(provider, endpoint)
    if model is None:
        written = orjson.dumps(dict(settings), option=orjson.OPT_INDENT_2).decode()
        return [_field(FREE, "Settings, as JSON", "", "json", written)]
    fields = []
    for name, info in model.model_fields.items():
        kind, options = _kind(info.annotation)
        default = None if info.default is PydanticUndefined else info.default
        value = settings.get(name, default)
        if kind == "json":
            value = (
                "" if value is None else orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()
            )
        elif isinstance(value, Enum):
            value = value.value
        label = info.title or name.replace("_", " ").capitalize()
        fields.append(_field(PREFIX + name, label, info.description or "", kind, value, options))
    return fields


def typed_again(fields: list[dict[str, Any]], posted: Fields) -> list[dict[str, Any]]:
    """The same fields with what was typed, for a form that comes back."""
    return [
        {
            **item,
            "value": posted.ticked(item["name"]) if item["kind"] == "tick" else posted.text(item["name"]),
        }
        for item in fields
    ]


def read_settings(provider: str, endpoint: str, posted: Fields) -> dict[str, Any]:
    """Settings out of a form; raises Invalid for JSON that is none. The connector's own checks come after."""
    model = settings_model(provider, endpoint)
    if model is None:
        found = _json(FREE, posted.text(FREE) or "{}")
        if not isinstance(found, dict):
            raise _no_json(FREE)
        return found
    settings: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        kind, _ = _kind(info.annotation)
        if kind == "tick":
            settings[name] = posted.ticked(PREFIX + name)
        elif text := posted.text(PREFIX + name):
            settings[name] = _json(PREFIX + name, text) if kind == "json" else _typed(kind, text)
    return settings


def _typed(kind: str, text: str) -> Any:
    return int(text) if kind == "number" and text.isascii() and text.lstrip("-").isdigit() else text


def _field(
    name: str, label: str, hint: str, kind: str, value: Any, options: list[tuple[str, str]] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "hint": hint,
        "kind": kind,
        "options": options or [],
        "value": value,
    }


def _kind(annotation: Any) -> tuple[str, list[tuple[str, str]]]:
    if get_origin(annotation) in (Union, UnionType):
        inner = [part for part in get_args(annotation) if part is not NoneType]
        if len(inner) != 1:
            return "text", []
        annotation = inner[0]
    if isinstance(annotation, type):
        if issubclass(annotation, Enum):
            return "choice", [(str(item.value), str(item.value)) for item in annotation]
        if annotation is bool:
            return "tick", []
        if annotation is int:
            return "number", []
        if annotation is str:
            return "text", []
    return "json", []


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _no_json(name) from error


def _no_json(name: str) -> Invalid:
    detail = 'This is no JSON object. Write it like {"name": "value"}.'
    return Invalid(detail, errors=[FieldProblem(f"/{name}", "json", detail)])
