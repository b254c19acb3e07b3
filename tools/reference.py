"""The part of the docs that is generated from the code: settings, commands, jobs, routes, events, fault points, the API description."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import click
import orjson
import typer
from pydantic.fields import FieldInfo

from belvedere.core.faults import KNOWN_POINTS
from belvedere.core.settings import Settings

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
HEAD = "<!-- Written from the code by ./dev docs. -->\n\n"


def render_all() -> dict[str, str]:
    """File name -> text of every generated page."""
    pages: dict[str, Callable[[], str]] = {
        "settings.md": render_settings,
        "commands.md": render_commands,
        "jobs.md": render_jobs,
        "routes.md": render_routes,
        "events.md": render_events,
        "fault-points.md": render_fault_points,
        "openapi.json": render_openapi,
    }
    return {name: render() for name, render in pages.items()}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines) + "\n"


def render_settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names = (
            [str(choice) for choice in alias.choices if str(choice) != name]
            if hasattr(alias, "choices")
            else []
        )  # type: ignore[union-attr]
        variables = " or ".join(f"`{n}`" for n in names) or f"`BELVEDERE_{name.upper()}`"
        rows.append((variables, default_of(name, field.default), what_of(field)))
    return (
        f"{HEAD}# Settings\n\nEvery setting is an environment variable. Times are in the unit their name ends with.\n\n"
        + table(("Variable", "Default", "What it does"), rows)
    )


def what_of(field: FieldInfo) -> str:
    """The description, with the words or the range that the setting takes."""
    told = [field.description or ""]
    if get_origin(field.annotation) is Literal:
        told.append("One of " + ", ".join(f"`{word}`" for word in get_args(field.annotation)) + ".")
    least, most = (limit_of(field, kind) for kind in ("ge", "le"))
    if least is not None:
        told.append(f"From {least:,}" + (f" to {most:,}." if most is not None else "."))
    return " ".join(told)


def limit_of(field: FieldInfo, kind: str) -> Any:
    return next((getattr(mark, kind) for mark in field.metadata if hasattr(mark, kind)), None)


def default_of(name: str, value: Any) -> str:
    if name == "data_dir":
        return "`~/.belvedere`; for root `/var/lib/belvedere`"
    if value is None or value in ((), "") or "Secret" in type(value).__name__:
        return "empty"
    if isinstance(value, int) and value % (1024 * 1024) == 0 and value:
        return f"`{value}` ({value // (1024 * 1024)} MiB)"
    return f"`{value}`"


def commands_of(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    for name, found in sorted(group.commands.items()):
        full = f"{prefix} {name}"
        # By shape: typer brings a click of its own.
        if hasattr(found, "commands"):
            yield from commands_of(cast("click.Group", found), full)
        else:
            yield full, found


def render_commands() -> str:
    from belvedere.cli.main import app

    group = cast("click.Group", typer.main.get_command(app))
    parts = [(f"{HEAD}# Commands\n\nExit codes: 0 done, 1 a check failed or an outside service refused, 2 wrong input, 3 the"
             " installation cannot run as it is set up, 130 interrupted.\n")]  # fmt: skip
    for name, found in commands_of(group, "belvedere"):
        help_text = "\n\n".join(part.strip() for part in (found.help or "").split("\n\n"))
        parts.append(f"## `{name}`\n\n{help_text}\n")
        rows = [parameter_row(parameter) for parameter in found.params if parameter.name != "help"]
        if rows:
            parts.append(table(("Argument or option", "What it does"), rows))
    return "\n".join(parts)


def parameter_row(parameter: click.Parameter) -> tuple[str, str]:
    name = (parameter.name or "").upper()
    shown = "" if getattr(parameter, "default", None) in (None, False, "", ()) else str(parameter.default)
    told = [str(getattr(parameter, "help", "") or "")]
    if shown and not callable(parameter.default) and not getattr(parameter, "is_flag", False):
        told.append(f"Without it: `{shown}`.")
    if parameter.param_type_name != "option":
        return f"`{name}`", " ".join(told)
    if parameter.required:
        told.append("Required.")
    takes = "" if getattr(parameter, "is_flag", False) else f" {name}"
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    many = " …" if getattr(parameter, "multiple", False) else ""
    return f"`{names}{takes}`{many}", " ".join(told)


def render_jobs() -> str:
    from belvedere.core.jobs import REGISTRY
    from belvedere.wiring.modules import connect_modules

    connect_modules()
    rows = [
        (
            f"`{spec.name}`",
            spec.queue,
            f"`{spec.cron}`" if spec.cron else "when asked",
            str(spec.max_attempts),
            spec.purpose,
        )
        for spec in sorted(REGISTRY.values(), key=lambda spec: spec.name)
    ]
    return f"{HEAD}# Jobs\n\nRun by `belvedere worker`. A sixth field of a schedule is seconds.\n\n" + table(
        ("Job", "Queue", "Schedule", "Tries", "What it does"), rows
    )


def make_app() -> Any:
    from belvedere.asgi import create_app
    from belvedere.core.database import Database
    from belvedere.core.egress import HttpClient
    from belvedere.core.runtime import Runtime
    from belvedere.wiring.modules import connect_modules

    connect_modules()
    settings = Settings(environment="development")
    address = "postgresql://nobody@127.0.0.1:1/none"
    return create_app(Runtime(settings=settings, db=Database(address, address), http=HttpClient(settings)))


def render_openapi() -> str:
    return (
        orjson.dumps(make_app().openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"
    )


def render_routes() -> str:
    found = make_app().openapi()["paths"]
    rows = [
        (f"`{verb.upper()}`", f"`{path}`", str(details["summary"]), permission_of(details))
        for path, verbs in sorted(found.items())
        for verb, details in verbs.items()
    ]
    return (
        f"{HEAD}# Routes\n\nThe whole description for programs is `openapi.json` beside this page, served at `/api/openapi.json`.\n\n"
        + table(("Verb", "Path", "What it does", "Needs"), rows)
    )


def permission_of(operation: dict[str, Any]) -> str:
    found = re.search(r"Needs (`[a-z.]+`)", operation.get("description", ""))
    return found.group(1) if found else "nothing"


def render_events() -> str:
    root = Path(__file__).parent.parent / "src" / "belvedere" / "events"
    parts = [(f"{HEAD}# Events\n\nCloudEvents 1.0 envelopes in `core.outbox_events`, each checked against its schema before it is"
             " written.\n")]  # fmt: skip
    for path in sorted(root.glob("*/v*.json")):
        schema = json.loads(path.read_text())
        required = set(schema.get("required", []))
        rows = [
            (f"`{name}`", "yes" if name in required else "no", f"`{json.dumps(kind)}`")
            for name, kind in schema["properties"].items()
        ]
        parts.append(f"## `{schema['title']}` {path.stem}\n\n{schema['description']}\n\n"
                     + table(("Field", "Always there", "Shape"), rows))  # fmt: skip
    return "\n".join(parts)


def render_fault_points() -> str:
    rows = "\n".join(f"- `{name}`" for name in KNOWN_POINTS)
    return f"{HEAD}# Fault points\n\nIn the order in which an alert passes them. How to arm them: howto/fault-points.md.\n\n{rows}\n"
