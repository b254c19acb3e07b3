"""YAML with the line of every key, so that a refusal can say where to look."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from belvedere.core.errors import FieldProblem, Invalid

DEEPEST = 60
TOO_DEEP = "This lies deeper than a file of rules can, or refers to itself."
NODE_LIMIT = 200_000
"""Nodes of one file with its aliases followed; a short file may else unfold without end."""

NULL, BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


class Lined(dict[str, Any]):
    """A mapping that knows its own line and the line of each key."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class LinedList(list[Any]):
    """A list that knows the line of each item."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class Number(Decimal):
    """A number as it was written: `15.50` keeps its zero where it is taken as text."""

    text: str


def read_yaml(text: str, file: str) -> Lined:
    """The mapping that a file holds. Raises Invalid with the line of what is wrong."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise wrong(
            file, mark.line + 1 if mark else 1, f"This is not valid YAML: {getattr(error, 'problem', error)}."
        ) from error
    except RecursionError as error:
        raise wrong(file, 1, TOO_DEEP) from error
    if node is None:
        return Lined(1)
    if not isinstance(node, MappingNode):
        raise wrong(file, 1, "A file of rules is a set of keys: rules, clients, tests.")
    value: Lined = _Reader(file).read(node)
    return value


def wrong(file: str, line: int, detail: str, *, pointer: str = "", code: str = "rules_file") -> Invalid:
    problem = place_problem(file, line, detail, pointer)
    return Invalid(problem.detail, errors=[problem], code=code)


def place_problem(
    file: str, line: int, detail: str, pointer: str = "", code: str = "invalid"
) -> FieldProblem:
    where = f"{file}, line {line}" if file else f"line {line}"
    return FieldProblem(pointer or "/document", code, f"{where}: {detail}")


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._seen = self._depth = 0

    def read(self, node: Node) -> Any:
        self._seen += 1
        if self._seen > NODE_LIMIT:
            raise wrong(self._file, _line(node), "The file unfolds to more than can be read.")
        if self._depth >= DEEPEST:
            raise wrong(self._file, _line(node), TOO_DEEP)
        self._depth += 1
        value = self._value(node)
        self._depth -= 1
        return value

    def _value(self, node: Node) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node)
        if isinstance(node, SequenceNode):
            found = LinedList(_line(node))
            for item in node.value:
                found.append(self.read(item))
                found.lines.append(_line(item))
            return found
        return self._scalar(node)

    def _mapping(self, node: MappingNode) -> Lined:
        found = Lined(_line(node))
        merged: list[Lined] = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge" or key_node.value == "<<":
                merged += self._merged(value_node)
                continue
            key = str(key_node.value)
            if key in found:
                raise wrong(self._file, _line(key_node), f"“{key}” stands here twice.")
            found[key] = self.read(value_node)
            found.lines[key] = _line(key_node)
        for other in merged:
            for key, value in other.items():
                if key not in found:
                    found[key], found.lines[key] = value, other.lines[key]
        return found

    def _merged(self, node: Node) -> list[Lined]:
        value = self.read(node)
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(item, Lined) for item in found):
            raise wrong(self._file, _line(node), "<< takes a set of keys.")
        return found

    @staticmethod
    def _scalar(node: Node) -> Any:
        text = str(node.value)
        if node.tag == NULL:
            return None
        if node.tag == BOOL:
            return text.lower() == "true"
        if node.tag in NUMBERS:
            try:
                number = Number(text)
            except InvalidOperation:
                return text
            number.text = text
            return number
        return text


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def plain(value: Any) -> Any:
    """The same without lines: what a JSON Schema or a test compares."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def write_yaml(document: Mapping[str, Any]) -> str:
    """A document as YAML, keys in the order given, texts of several lines as blocks."""
    from io import StringIO

    stream = StringIO()
    _writer().dump(_styled(document), stream)
    return stream.getvalue()


def update_yaml(text: str, document: Mapping[str, Any]) -> str:
    """A file with the values of `document`: its comments and the order of its keys stay."""
    from io import StringIO

    writer = _writer()
    current = writer.load(text)
    if not isinstance(current, dict):
        return write_yaml(document)
    _update(current, _styled(document))
    stream = StringIO()
    writer.dump(current, stream)
    return stream.getvalue()


def _update(current: Any, wanted: Mapping[str, Any]) -> None:
    for key in [key for key in current if key not in wanted]:
        del current[key]
    for key, value in wanted.items():
        before = current.get(key)
        if isinstance(before, dict) and isinstance(value, Mapping):
            _update(before, value)
        elif before != value and str(before) != str(value):
            current[key] = value


def _writer() -> YAML:
    writer = YAML()
    writer.width = 100
    writer.preserve_quotes = True
    writer.indent(mapping=2, sequence=4, offset=2)
    return writer


def _styled(value: Any) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if isinstance(value, Mapping):
        return {key: _styled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_styled(item) for item in value]
    if isinstance(value, str) and "\n" in value and not _is_odd(value):
        return LiteralScalarString(value)
    if isinstance(value, str) and (_is_odd(value) or _looks_like_a_number(value)):
        return DoubleQuotedScalarString(value)
    return value


def _is_odd(text: str) -> bool:
    """Texts that a block or a bare word would not give back as they are."""
    lines = text.split("\n")
    return any(not (sign.isprintable() or sign == "\n") for sign in text) or any(
        line != line.rstrip() or line[:1] == " " for line in lines
    )


def _looks_like_a_number(text: str) -> bool:
    return text[:1].isdigit() or text[:1] in "+-."


def keys_of(value: Any) -> Iterator[str]:
    yield from value if isinstance(value, Mapping) else ()
