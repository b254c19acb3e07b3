"""Title and text of a message from templates that people write: a small part of Jinja, within bounds. Pure.

A template sees plain values and nothing with methods; it can choose, loop over a short list and format, and it ends
within its budget of steps and time. `facts` is a mapping of plain values; `VARIABLES` says which there are.
"""

import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from belvedere.core.errors import Invalid
from belvedere.core.text import cut
from belvedere.notify.template_facts import SAMPLE, plain_facts
from belvedere.notify.template_words import FILTERS, TemplateWordError

MAX_TEMPLATE = 8_000
MAX_OUTPUT = 4_000
MAX_TITLE = 200
MAX_ITEMS = 200
MAX_STEPS = 20_000
MAX_DEPTH = 2
MAX_SECONDS = 0.25
MAX_DIGITS = 10**40

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.If,
    nodes.For, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add,
    nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat, nodes.CondExpr,
    nodes.List, nodes.Tuple, nodes.Call, nodes.Keyword,
)  # fmt: skip
_TESTS = frozenset({"defined", "undefined", "none", "number", "string", "true", "false", "even", "odd", "in"})
_LOOP = frozenset({"index", "index0", "first", "last", "length"})
_EACH = "_each"
_DIVISIONS = frozenset({"/", "//", "%"})


class TemplateRefused(Invalid):
    """A template that cannot be rendered; the detail says where and why."""

    code = "template_refused"
    title = "The template cannot be used"


@dataclass(frozen=True, slots=True)
class Rendered:
    """Title and text; `problem` says why the built-in words stand there instead of the template's."""

    title: str
    text: str
    problem: str | None = None


@dataclass
class _Budget:
    """Steps and time of one rendering."""

    until: float = field(default_factory=lambda: time.monotonic() + MAX_SECONDS)
    steps: int = 0

    def spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS or time.monotonic() > self.until:
            raise TemplateWordError("it does too much; loop over less")


_budget: ContextVar[_Budget] = ContextVar("template_budget")


def render(
    title_template: str | None, message_template: str | None, facts: Mapping[str, Any]
) -> tuple[str | None, str | None]:
    """Title and text of a message; None where there is no template. Raises TemplateRefused."""
    known = plain_facts(facts)
    title = None if title_template is None else " ".join(_render("title", title_template, known).split())
    text = None if message_template is None else _render("message", message_template, known).strip()
    return title if title is None else cut(title, MAX_TITLE), text


def render_or_words(
    title_template: str | None,
    message_template: str | None,
    facts: Mapping[str, Any],
    words: tuple[str, str],
) -> Rendered:
    """Title and text by the templates, or the built-in `words` where there is none or it fails: nothing is lost.

    A template that renders to nothing counts as failed. Put `problem` into the alert's event when it is not None.
    """
    found, problems = [], []
    for name, template, built_in in zip(
        ("title", "message"), (title_template, message_template), words, strict=True
    ):
        said, problem = _said(name, template, facts)
        found.append(said or built_in)
        problems += [problem] if problem else []
    return Rendered(found[0], found[1], " ".join(problems) or None)


def _said(name: str, template: str | None, facts: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """What one template says, or why it does not."""
    if template is None:
        return None, None
    try:
        title, text = render(template, None, facts) if name == "title" else render(None, template, facts)
    except TemplateRefused as error:
        return None, error.detail
    said = title if name == "title" else text
    return said, None if said else f"The {name} template says nothing."


def check_template(template: str, facts: Mapping[str, Any] | None = None) -> str | None:
    """What is wrong with a template, or None. It is tried on made-up facts that fill every variable."""
    try:
        said = _render("message", template, plain_facts(SAMPLE if facts is None else facts))
    except TemplateRefused as error:
        return error.detail
    return None if said.strip() else "The template says nothing."


def _render(name: str, source: str, facts: Mapping[str, Any]) -> str:
    token = _budget.set(_Budget())
    try:
        return _collect(_compiled(source).generate(dict(facts)))
    except TemplateWordError as error:
        raise TemplateRefused(f"The {name} template fails: {error}.") from error
    except TemplateError as error:
        where = f" in line {line}" if (line := getattr(error, "lineno", None)) else ""
        raise TemplateRefused(
            f"The {name} template fails{where}: {cut(str(error), 200).rstrip('.')}."
        ) from error
    except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError) as error:
        raise TemplateRefused(f"The {name} template fails: {_plainly(error)}.") from error
    finally:
        _budget.reset(token)


def _plainly(error: Exception) -> str:
    """What went wrong in words of templates: those of the interpreter say nothing to their writer."""
    words: tuple[tuple[type[Exception], str], ...] = (
        (ZeroDivisionError, "it divides by zero"),
        (ArithmeticError, "it reckons with what is no number, or with one that is too large"),
        (TypeError, "it uses a value of the wrong kind, such as a text where a number belongs"),
        (LookupError, "it asks for what is not there"),
        (ValueError, "a value does not fit what is done with it"),
    )
    return next((said for kind, said in words if isinstance(error, kind)), "it does too much")


def _collect(pieces: Iterable[str]) -> str:
    """The output, cut at its cap: a message that is too long says so and is sent."""
    kept: list[str] = []
    room = MAX_OUTPUT
    for piece in pieces:
        _budget.get().spend()
        kept.append(piece)
        room -= len(piece)
        if room < 0:
            return cut("".join(kept), MAX_OUTPUT)
    return "".join(kept)


class _Environment(ImmutableSandboxedEnvironment):
    """Attributes are keys of mappings and nothing else; arithmetic stays small."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj  # says its own name when it is used
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        name = str(argument)
        return self.undefined(hint=f"there is no “{cut(name, 40)}” here", name=name)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        _budget.get().spend()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return left + right
        sides = [_number(side) for side in (left, right)]
        if operator in _DIVISIONS and not sides[1]:
            raise TemplateWordError("it divides by zero")
        made: Any = super().call_binop(context, operator, *sides)
        if abs(made) > MAX_DIGITS:
            raise TemplateWordError("a number grows too large")
        return made


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TemplateWordError(f"“{cut(str(value), 40)}” is no number to reckon with")
    # One kind of number: Decimal and float do not mix.
    return Decimal(repr(value)) if isinstance(value, float) else value


def _each(value: Any) -> list[Any]:
    """What a loop runs over: a short list, counted against the budget."""
    if isinstance(value, Undefined) or not isinstance(value, list | tuple | range):
        raise TemplateWordError("a loop runs over a list, such as conditions or members")
    if len(value) > MAX_ITEMS:
        raise TemplateWordError(f"a loop runs over {MAX_ITEMS} things at most")
    _budget.get().spend(len(value))
    return list(value)


def _bounded_range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MAX_ITEMS:
        raise TemplateWordError(f"range gives {MAX_ITEMS} numbers at most")
    return found


def _counted(work: Any) -> Any:
    def run(*given: Any, **named: Any) -> Any:
        _budget.get().spend()
        return work(*given, **named)

    return run


def _make_environment() -> _Environment:
    made = _Environment(undefined=StrictUndefined, autoescape=False, extensions=[], cache_size=0)
    made.globals = {"range": _bounded_range}
    made.filters = {name: _counted(work) for name, work in FILTERS.items()} | {_EACH: _each}
    made.tests = {name: test for name, test in made.tests.items() if name in _TESTS}
    return made


_ENVIRONMENT = _make_environment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Any:
    if len(source) > MAX_TEMPLATE:
        raise TemplateWordError(f"it has more than {MAX_TEMPLATE:,} characters")
    tree = _ENVIRONMENT.parse(source)
    _check(tree, 0)
    return _ENVIRONMENT.template_class.from_code(
        _ENVIRONMENT, _ENVIRONMENT.compile(tree), _ENVIRONMENT.globals
    )


def _check(node: nodes.Node, depth: int) -> None:
    """Refuse what the small language does not have, and count every loop."""
    if not isinstance(node, _ALLOWED):
        raise TemplateWordError(f"line {node.lineno}: “{type(node).__name__.lower()}” is not part of it")
    if isinstance(node, nodes.Call):
        _check_call(node)
    if isinstance(node, nodes.Name) and node.name.startswith("_"):
        raise TemplateWordError(f"line {node.lineno}: there is no {node.name}")
    if isinstance(node, nodes.For):
        if depth >= MAX_DEPTH or node.recursive:
            raise TemplateWordError(f"line {node.lineno}: loops stand {MAX_DEPTH} deep at most")
        depth += 1
    for child in node.iter_child_nodes():
        _check(child, depth)
    if isinstance(node, nodes.For):
        node.iter = nodes.Filter(node.iter, _EACH, [], [], None, None, lineno=node.lineno).set_environment(
            _ENVIRONMENT
        )


def _check_call(node: nodes.Call) -> None:
    if not isinstance(node.node, nodes.Name) or node.node.name != "range" or node.kwargs:
        raise TemplateWordError(f"line {node.lineno}: only range(…) can be called")
