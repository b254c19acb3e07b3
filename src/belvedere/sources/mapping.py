"""A mapping says how one platform's rows become records and metrics; read from YAML or a dict, checked whole.

```yaml
name: omnisend_campaigns
records_path: campaign              # where the list stands: a dotted path, or alternatives; absent for plain rows
where: {stream: reports}            # optional: only rows with these values
columns:
  external_id: campaignID
  record_date: {path: startDate, format: iso, zone: Europe/Vienna}
  category: {value: theme}
metrics:
  open_rate: {path: openRate, unit: percent, scale: percent}
  ctr: {ratio: [Clicks, Impressions], times: 100, unit: percent}
extra: rest
```
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.sources.contracts import RECORD_COLUMNS, Unit

Path = tuple[str, ...]
"""Steps into a row: `opens.open_rate` is ("opens", "open_rate")."""

EXTRA_NAMES = frozenset({"name", "records_path", "where", "columns", "metrics", "extra", "description"})
DATE_FORMATS = frozenset({"iso", "epoch_seconds", "epoch_ms"})
COLUMN_OPTIONS: Mapping[str, frozenset[str]] = {
    "tags": frozenset({"split", "lower"}),
    "amount": frozenset({"times"}),
    "quantity": frozenset(),
    "record_date": frozenset({"format", "zone"}),
}
TEXT_OPTIONS = frozenset({"lower"})
METRIC_OPTIONS = frozenset({"path", "ratio", "times", "unit", "scale", "name", "when_missing"})
NAME_LIMIT = 100
OPERAND_LIMIT = 1000
OPERAND_DEPTH = 24


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """How one typed column is filled: from `path`, or with the constant `value`."""

    column: str
    path: Path | None = None
    value: Any = None
    lower: bool = False
    split: str | None = None
    times: Decimal | None = None
    format: str = "iso"
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class Operand:
    """A number in a ratio: a path, a constant, or the sum or difference of operands."""

    path: Path | None = None
    constant: Decimal | None = None
    sign: Literal["plus", "minus"] | None = None
    parts: "tuple[Operand, ...]" = ()


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """How one metric is filled: from `path`, or as `ratio[0] / ratio[1]`; both multiplied by `times`.

    `when_missing` limits it to rows that lack that path.
    """

    name: str
    unit: str | None
    path: Path | None = None
    ratio: tuple[Operand, Operand] | None = None
    times: Decimal = Decimal(1)
    when_missing: Path | None = None


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """A whole mapping. `extra` is None for every unmapped field, or the paths to keep."""

    name: str
    columns: tuple[ColumnSpec, ...]
    metrics: tuple[MetricSpec, ...]
    records_path: tuple[Path, ...] = ()
    where: tuple[tuple[Path, Any], ...] = ()
    extra: tuple[Path, ...] | None = ()

    def column(self, name: str) -> ColumnSpec | None:
        return next((spec for spec in self.columns if spec.column == name), None)

    def mapped_paths(self) -> tuple[Path, ...]:
        """Paths whose value is kept whole in a column or metric, so that `extra` need not repeat it."""
        columns = [spec.path for spec in self.columns if spec.path]
        metrics = [spec.path for spec in self.metrics if spec.path]
        return tuple(dict.fromkeys([*columns, *metrics]))


class _Problems:
    """Collects what is wrong, so that one answer names every wrong key."""

    def __init__(self) -> None:
        self.found: list[FieldProblem] = []
        self.operands = 0

    def add(self, pointer: str, detail: str, code: str = "invalid") -> None:
        self.found.append(FieldProblem(pointer, code, detail))


def load_mapping(file: FilePath) -> RecordMapping:
    """Read a mapping file; raises Invalid with every wrong key named."""
    return parse_mapping(file.read_text("utf-8"), default_name=file.stem)


def parse_mapping(source: str | Mapping[str, Any], *, default_name: str = "mapping") -> RecordMapping:
    """Check a mapping given as YAML text or as a dict; raises Invalid with every wrong key named."""
    raw = _read_yaml(source) if isinstance(source, str) else source
    if not isinstance(raw, Mapping):
        raise Invalid("A mapping is a set of keys: columns, metrics, extra.")
    problems = _Problems()
    for key in raw:
        if key not in EXTRA_NAMES:
            problems.add(
                f"/{key}", f"{key!r} is not a key of a mapping; known: {_words(EXTRA_NAMES)}.", "unknown_key"
            )
    mapping = RecordMapping(
        name=str(raw.get("name") or default_name),
        columns=tuple(_columns(raw.get("columns"), problems)),
        metrics=tuple(_metrics(raw.get("metrics") or {}, problems)),
        records_path=tuple(_paths(raw.get("records_path"), "/records_path", problems)),
        where=tuple(_where(raw.get("where"), problems)),
        extra=_extra(raw.get("extra", "rest"), problems),
    )
    _same_units(mapping.metrics, problems)
    if not problems.found and mapping.column("external_id") is None:
        problems.add(
            "/columns/external_id",
            "Every record needs an external_id: name the field that holds it.",
            "missing",
        )
    if problems.found:
        first = problems.found[0]
        raise Invalid(
            f"The mapping {mapping.name!r} does not hold: {first.pointer}: {first.detail}",
            errors=problems.found,
        )
    return mapping


def _read_yaml(text: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except RecursionError as error:
        raise Invalid("The mapping lies deeper than one can, or refers to itself.") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise Invalid(f"The mapping is not valid YAML{where}: {getattr(error, 'problem', error)}.") from error


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _path(raw: Any, pointer: str, problems: _Problems) -> Path | None:
    """A dotted path, or a list of steps for keys that contain dots themselves."""
    if isinstance(raw, list) and raw and all(isinstance(step, str) and step for step in raw):
        return tuple(raw)
    if isinstance(raw, str) and raw.strip() and all(raw.split(".")):
        return tuple(raw.split("."))
    problems.add(pointer, f"{raw!r} is not a path; write it like opens.open_rate.", "bad_path")
    return None


def _paths(raw: Any, pointer: str, problems: _Problems) -> Iterator[Path]:
    for number, item in enumerate(raw if isinstance(raw, list) else [raw] if raw is not None else []):
        path = _path(item, f"{pointer}/{number}" if isinstance(raw, list) else pointer, problems)
        if path:
            yield path


def _where(raw: Any, problems: _Problems) -> Iterator[tuple[Path, Any]]:
    if raw is not None and not isinstance(raw, Mapping):
        problems.add("/where", "Give pairs of a path and the value it must have.")
        return
    for key, value in (raw or {}).items():
        path = _path(key, f"/where/{key}", problems)
        if path:
            yield path, value


def _extra(raw: Any, problems: _Problems) -> tuple[Path, ...] | None:
    if raw == "rest":
        return None
    if raw is None or isinstance(raw, list):
        return tuple(_paths(raw or [], "/extra", problems))
    problems.add("/extra", "Write `rest` for every unmapped field, or a list of paths.")
    return ()


def _columns(raw: Any, problems: _Problems) -> Iterator[ColumnSpec]:
    if not isinstance(raw, Mapping):
        problems.add(
            "/columns", "Name at least the column external_id and the field that fills it.", "missing"
        )
        return
    for column, given in raw.items():
        pointer = f"/columns/{column}"
        if column not in RECORD_COLUMNS:
            problems.add(
                pointer, f"There is no column {column!r}; known: {_words(RECORD_COLUMNS)}.", "unknown_column"
            )
            continue
        spec = _column(
            str(column), {"path": given} if isinstance(given, str | list) else given, pointer, problems
        )
        if spec is not None:
            yield spec


def _column(column: str, given: Any, pointer: str, problems: _Problems) -> ColumnSpec | None:
    if not isinstance(given, Mapping) or ("path" in given) == ("value" in given):
        problems.add(pointer, "Give either `path` (a field) or `value` (a constant).")
        return None
    options = COLUMN_OPTIONS.get(column, TEXT_OPTIONS)
    for key in given:
        if key not in options | {"path", "value"}:
            problems.add(f"{pointer}/{key}", f"{key!r} does not apply to {column}.", "unknown_key")
    path = _path(given["path"], f"{pointer}/path", problems) if "path" in given else None
    return ColumnSpec(
        column=column,
        path=path,
        value=given.get("value"),
        lower=bool(given.get("lower", False)),
        split=given.get("split"),
        times=_number(given["times"], f"{pointer}/times", problems) if "times" in given else None,
        format=_format(given.get("format", "iso"), f"{pointer}/format", problems),
        zone=_zone(given.get("zone"), f"{pointer}/zone", problems),
    )


def _format(raw: Any, pointer: str, problems: _Problems) -> str:
    if raw not in DATE_FORMATS and not (isinstance(raw, str) and "%" in raw):
        problems.add(pointer, f"{raw!r} is no date format; use {_words(DATE_FORMATS)} or one like %d-%m-%Y.")
    return str(raw)


def _zone(raw: Any, pointer: str, problems: _Problems) -> ZoneInfo | None:
    if raw is None:
        return None
    try:
        return ZoneInfo(str(raw))
    except (KeyError, ValueError, OSError):
        problems.add(pointer, f"{raw!r} is no time zone; use a name like Europe/Vienna.", "unknown_zone")
        return None


def _number(raw: Any, pointer: str, problems: _Problems) -> Decimal:
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        value = Decimal("NaN")
    if isinstance(raw, bool) or not value.is_finite():
        problems.add(pointer, f"{raw!r} is not a number.", "bad_number")
        return Decimal(1)
    return value


def _metrics(raw: Any, problems: _Problems) -> Iterator[MetricSpec]:
    if not isinstance(raw, Mapping):
        problems.add("/metrics", "Give metric names with the field or ratio that fills each.")
        return
    for key, given in raw.items():
        pointer = f"/metrics/{key}"
        spec = _metric(str(key), {"path": given} if isinstance(given, str) else given, pointer, problems)
        if spec is not None:
            yield spec


def _same_units(metrics: Iterable[MetricSpec], problems: _Problems) -> None:
    units: dict[str, str | None] = {}
    for spec in metrics:
        if units.setdefault(spec.name, spec.unit) != spec.unit:
            problems.add(
                f"/metrics/{spec.name}", "Entries that fill one metric must share its unit.", "unit_differs"
            )


def _metric(key: str, given: Any, pointer: str, problems: _Problems) -> MetricSpec | None:
    if not isinstance(given, Mapping) or ("path" in given) == ("ratio" in given):
        problems.add(pointer, "Give either `path` (a field) or `ratio` (two operands).")
        return None
    for option in given:
        if option not in METRIC_OPTIONS:
            problems.add(f"{pointer}/{option}", f"{option!r} is no option of a metric.", "unknown_key")
    name = str(given.get("name", key))
    if not name or len(name) > NAME_LIMIT:
        problems.add(f"{pointer}/name", f"A metric name has 1 to {NAME_LIMIT} characters.")
    unit = given.get("unit")
    if unit is not None and unit not in tuple(Unit):
        problems.add(f"{pointer}/unit", f"{unit!r} is no unit; known: {_words(Unit)}.", "unknown_unit")
    scale = given.get("scale", "percent")
    if scale not in ("percent", "fraction"):
        problems.add(f"{pointer}/scale", "The scale is `percent` (0 to 100) or `fraction` (0 to 1).")
    times = _number(given.get("times", 1), f"{pointer}/times", problems) * (100 if scale == "fraction" else 1)
    return MetricSpec(
        name=name,
        unit=str(unit) if unit is not None else None,
        path=_path(given["path"], f"{pointer}/path", problems) if "path" in given else None,
        ratio=_ratio(given["ratio"], f"{pointer}/ratio", problems) if "ratio" in given else None,
        times=times,
        when_missing=_path(given["when_missing"], f"{pointer}/when_missing", problems)
        if "when_missing" in given
        else None,
    )


def _ratio(raw: Any, pointer: str, problems: _Problems) -> tuple[Operand, Operand] | None:
    if not isinstance(raw, list) or len(raw) != 2:
        problems.add(pointer, "A ratio has two operands: [above, below].")
        return None
    above, below = (_operand(item, f"{pointer}/{number}", problems) for number, item in enumerate(raw))
    return above, below


def _operand(raw: Any, pointer: str, problems: _Problems) -> Operand:
    problems.operands += 1
    if problems.operands > OPERAND_LIMIT or pointer.count("/") > OPERAND_DEPTH:
        # YAML aliases can nest a few lines into billions of parts, or into themselves.
        if problems.operands <= OPERAND_LIMIT + 1:
            problems.add(pointer, "The ratios of this mapping have too many parts.", "too_large")
        problems.operands = max(problems.operands, OPERAND_LIMIT + 1)
        return Operand(constant=Decimal(0))
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return Operand(constant=_number(raw, pointer, problems))
    if isinstance(raw, Mapping) and len(raw) == 1:
        sign, parts = next(iter(raw.items()))
        if sign in ("plus", "minus") and isinstance(parts, list) and len(parts) >= 2:
            if problems.operands > OPERAND_LIMIT:
                return Operand(constant=Decimal(0))
            return Operand(
                sign=sign,
                parts=tuple(
                    _operand(part, f"{pointer}/{sign}/{n}", problems) for n, part in enumerate(parts)
                ),
            )
    if isinstance(raw, Mapping):
        problems.add(
            pointer, "An operand is a path, a number, or {plus: [...]} or {minus: [...]} of at least two."
        )
        return Operand(constant=Decimal(0))
    return Operand(path=_path(raw, pointer, problems))
