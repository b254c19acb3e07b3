"""Structured log lines: masked, to stdout, and kept as rows of core.observability_logs.

`configure_logs(settings)` once per process; `log = get_logger("sources.collect")` per module; a process with
a database also runs a `LogSink`. Libraries that use the standard `logging` go the same way, masked as well.
"""

import logging
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, cast
from uuid import uuid4

import orjson
import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, FilteringBoundLogger, ProcessorReturnValue

from belvedere.core.logsink import LogSink, is_writing
from belvedere.core.masking import MASK, Masker
from belvedere.core.settings import Settings

__all__ = [
    "LogSink",
    "bind_context",
    "configure_logs",
    "correlation_id",
    "correlation_scope",
    "get_logger",
    "masker",
]

_LEVEL_NAMES = {"warning": "WARN", "warn": "WARN", "exception": "ERROR", "fatal": "CRITICAL"}
_NUMBERS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "CRITICAL": 50}
_QUIET = {
    "httpx": 30,
    "httpcore": 30,
    "asyncio": 30,
    "sqlalchemy.engine": 30,
    "psycopg.pool": 30,
    "procrastinate": 20,
}
_correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)


class _State:
    """What configure_logs set: the masker of this process and the sink that rows go to."""

    masker = Masker(secrets.token_bytes(32))


def masker() -> Masker:
    """The masker of this process; `masker().remember(secret)` masks one exact text from then on."""
    return _State.masker


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger with its domain and part as name: `sources.collect`."""
    return cast("FilteringBoundLogger", structlog.get_logger(logger_name=name))


def correlation_id() -> str | None:
    """The id that joins the lines of one request or job."""
    return _correlation.get()


@contextmanager
def correlation_scope(identifier: str | None = None) -> Iterator[str]:
    """Give every line inside the block one correlation id; makes one when none is given."""
    chosen = _clean_id(identifier) or uuid4().hex
    token = _correlation.set(chosen)
    try:
        yield chosen
    finally:
        _correlation.reset(token)


def bind_context(**values: object) -> AbstractContextManager[None]:
    """Add fields (client_id, job, actor) to every line inside the block."""
    return structlog.contextvars.bound_contextvars(**values)


def configure_logs(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Set up logging of this process; calling it again replaces the set-up (tests do)."""
    _State.masker = Masker(load_email_key(settings.data_dir))
    remember_secrets(settings)
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stdout.isatty())
    render = _render_text if as_text else _render_json
    level = _NUMBERS[settings.log_level]
    _configure(level, render, stream)
    _adopt_standard_logging(level)


def _configure(level: int, render: structlog.typing.Processor, stream: TextIO | None = None) -> None:
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _complete, _mask, _keep, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Line(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )


def remember_secrets(settings: Settings) -> None:
    """Mask every secret of the settings wherever it turns up."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            _State.masker.remember(value.get_secret_value())


def load_email_key(data_dir: Path) -> bytes:
    """The key of e-mail digests, kept in the data directory so that lines of all processes match; 0600.

    Where the directory cannot be written each process has its own key: masking holds, only matching is lost.
    """
    path = data_dir.expanduser() / "log-email.key"
    with suppress(OSError):
        if len(key := path.read_bytes()) == 32:
            return key
    key = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(key)
        try:
            # A link never replaces: of two processes that start together one key wins, and both use it.
            os.link(draft, path)
        except FileExistsError:
            key = path.read_bytes()
        draft.unlink()
    except OSError:
        return key
    return key


def _complete(_logger: object, method: str, event: EventDict) -> EventDict:
    """Level, time, correlation id; an exception becomes its traceback in text."""
    event["level"] = _LEVEL_NAMES.get(method, method.upper())
    event["logger"] = event.pop("logger_name", "belvedere")
    event["at"] = datetime.now(UTC)
    if (identifier := _correlation.get()) is not None:
        event.setdefault("correlation_id", identifier)
    if method == "exception":
        event.setdefault("exc_info", True)
    return structlog.processors.format_exc_info(_logger, method, event)


def _mask(_logger: object, _method: str, event: EventDict) -> EventDict:
    fixed = {name: event.pop(name) for name in ("at", "level") if name in event}
    try:
        masked = cast("dict[str, Any]", _State.masker.value(dict(event)))
    except Exception as error:  # noqa: BLE001 - a line that cannot be masked must neither leak nor break its caller
        masked = {"event": "A log line could not be written", "failure": type(error).__name__, "fields": MASK}
    masked.setdefault("logger", "belvedere")
    return fixed | masked


def _keep(_logger: object, _method: str, event: EventDict) -> EventDict:
    sink = LogSink.active
    if sink is not None and not is_writing():
        sink.offer(log_row(event))
    return event


def log_row(event: Mapping[str, Any]) -> dict[str, Any]:
    """The masked line as a row of core.observability_logs; `client_id` 0 is the agency."""
    known = ("at", "level", "logger", "event", "correlation_id", "client_id")
    client_id = event.get("client_id")
    return {
        "created_at": event["at"],
        "level": event["level"],
        "logger": str(event["logger"])[:200],
        "message": str(event.get("event", "")),
        "context": {name: value for name, value in event.items() if name not in known},
        "correlation_id": event.get("correlation_id"),
        "client_id": client_id if isinstance(client_id, int) and not isinstance(client_id, bool) else 0,
        "process": f"{socket.gethostname()}:{os.getpid()}",
    }


def _render_json(_logger: object, _method: str, event: EventDict) -> ProcessorReturnValue:
    line = {"at": event.pop("at").isoformat(timespec="milliseconds"), "level": event.pop("level")}
    line |= {"logger": event.pop("logger"), "message": event.pop("event", "")}
    try:
        return orjson.dumps(line | dict(event), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):
        return str(line | dict(event)).encode("ascii", "backslashreplace").decode()


def _render_text(_logger: object, _method: str, event: EventDict) -> ProcessorReturnValue:
    head = (
        f"{event.pop('at'):%H:%M:%S} {event.pop('level'):<8} {event.pop('logger')}: {event.pop('event', '')}"
    )
    trace = event.pop("exception", None)
    fields = " ".join(f"{name}={value}" for name, value in event.items())
    return head + (f"  {fields}" if fields else "") + (f"\n{trace}" if trace else "")


class _Line:
    """Writes one line; a stream that is gone or speaks less than UTF-8 is no reason to fail a job."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            try:
                self._stream.write(line + "\n")
            except UnicodeEncodeError:
                self._stream.write(line.encode("ascii", "backslashreplace").decode() + "\n")
            self._stream.flush()

    log = debug = info = warn = warning = error = err = critical = fatal = failure = exception = msg


class _Bridge(logging.Handler):
    """Lines of libraries, through the same processors."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            method = {"warn": "warning"}.get(record.levelname.lower(), record.levelname.lower())
            write: Callable[..., Any] = getattr(get_logger(record.name), method, get_logger(record.name).info)
            write(record.getMessage(), **({"exc_info": record.exc_info} if record.exc_info else {}))
        except Exception:  # noqa: BLE001 - the standard's own way for a handler that fails
            self.handleError(record)


def _adopt_standard_logging(level: int) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Bridge)]:
        root.removeHandler(handler)
    root.addHandler(_Bridge())
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, level))


def _clean_id(identifier: str | None) -> str | None:
    """A foreign id (a request header) with only harmless characters, or None."""
    if identifier is None:
        return None
    kept = "".join(sign for sign in identifier if sign.isascii() and (sign.isalnum() or sign in "-_."))
    return kept[:64] or None


# Lines from before configure_logs, in scripts and tests, are masked too.
_configure(_NUMBERS["INFO"], _render_text)
