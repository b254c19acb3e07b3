"""The house rules, looked up in the files themselves."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "belvedere"
BASELINE = Path(__file__).parent / "long_things.txt"
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if "versions" not in path.relative_to(SOURCE).parts[:-1]
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PACKAGES = (
    "accounts", "ads", "agents", "api", "cli", "connectors", "core", "events", "inventory", "knowledge", "migrations",
    "notify", "outreach", "reports", "sandbox", "seeding", "sources", "support", "watchtower", "web", "wiring",
)  # fmt: skip

LONGEST_FILE, LONGEST_FUNCTION, NEVER_LONGER = 400, 45, 80


def name_of(path: Path) -> str:
    return (
        path.relative_to(SOURCE).as_posix()
        if path.is_relative_to(SOURCE)
        else path.relative_to(ROOT).as_posix()
    )


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{name_of(path)}::{node.name}", node.end_lineno - node.lineno + 1


def long_things() -> dict[str, int]:
    """Files and functions past their measure, with their lines."""
    files = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    found = {name: lines for name, lines in files.items() if lines > LONGEST_FILE}
    for path in MODULES:
        found.update({name: lines for name, lines in functions(path) if lines > LONGEST_FUNCTION})
    return found


def known_long_things() -> dict[str, int]:
    lines = [line.split() for line in BASELINE.read_text().splitlines() if not line.startswith("#")]
    return {name: int(count) for name, count in lines}


def test_nothing_is_longer_than_the_list_of_long_things_allows():
    known = known_long_things()
    grown = {name: lines for name, lines in long_things().items() if lines > known.get(name, 0)}
    assert grown == {}, f"split these; a function has {LONGEST_FUNCTION} lines, a file {LONGEST_FILE}"


def test_the_list_of_long_things_only_shrinks():
    found = long_things()
    shrunk = {name for name, lines in known_long_things().items() if found.get(name, 0) < lines}
    assert shrunk == set(), "these are shorter now: lower or remove their lines in long_things.txt"


def test_no_function_is_longer_than_the_hard_limit():
    assert [name for path in MODULES for name, lines in functions(path) if lines > NEVER_LONGER] == []


def test_no_package_is_left_out():
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for(package):
    page = SOURCE / package / "README.md"
    assert page.is_file()
    assert len(page.read_text().split()) >= 15
    assert len(page.read_text().splitlines()) <= 150, "one page"


VAGUE = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common_stuff)(_|$)", re.IGNORECASE)
VAGUE_CLASS = re.compile(r"(Utils?|Helpers?|Manager)$")


def names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


@each_module
def test_names_say_what_things_do(path):
    parts = [part.removesuffix(".py") for part in path.relative_to(SOURCE).parts]
    assert [part for part in parts if VAGUE.search(part)] == []
    assert [name for name in names_in(path) if VAGUE.search(name) or VAGUE_CLASS.search(name)] == []


def is_silent(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    return broad and all(isinstance(step, ast.Pass | ast.Continue) for step in handler.body)


@each_module
def test_no_error_is_swallowed_unseen(path):
    tree = ast.parse(path.read_text())
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    assert [handler.lineno for handler in handlers if is_silent(handler)] == []
    suppressed = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress"
        and {getattr(argument, "id", "") for argument in node.args} & {"Exception", "BaseException"}
    ]
    assert suppressed == []


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
BARE_IGNORE = re.compile(r"#\s*(type:\s*ignore(?!\[)|mypy:\s*ignore-errors|noqa(?!:)|ruff:\s*noqa)")
BANNER = re.compile(r"^[ \t]*#[ \t]*[-=*#~_]{4,}|^[ \t]*#.*[-=*#~]{4,}[ \t]*$", re.MULTILINE)


@each_module
def test_nothing_is_left_unfinished_or_silenced(path):
    source = path.read_text()
    assert [match.group() for match in UNFINISHED.finditer(source)] == []
    assert [match.group() for match in BARE_IGNORE.finditer(source)] == []
    assert [match.group() for match in BANNER.finditer(source)] == []


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name_of)
def test_fakes_stand_where_mocks_would(path):
    assert [name for name in imports_of(path) if {"mock", "unittest"} & set(name.split("."))] == []


RAW_ENGINES = {"create_async_engine", "create_engine"}
MAY_OPEN = {"core/database.py"}


@each_module
def test_the_database_has_one_door(path):
    name = name_of(path)
    if name in MAY_OPEN or name.startswith("migrations/"):
        return
    assert {imported.rsplit(".", 1)[-1] for imported in imports_of(path)} & RAW_ENGINES == set()
    engines = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"connect", "begin"}
        and isinstance(node.value, ast.Name)
        and "engine" in node.value.id
    ]
    assert engines == []


@each_module
def test_use_cases_leave_the_end_of_a_transaction_to_its_door(path):
    if name_of(path).startswith(("core/", "migrations/", "cli/")):
        return
    ends = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
        and isinstance(node.func.value, ast.Name)
        and "session" in node.func.value.id
    ]
    assert ends == []


# A path of one person's machine means nothing on another.
FOREIGN = re.compile(r"(?<![\w.{}])/(?:home|Users)/(?!\{)\w+/")
OF_SCRATCH = re.compile(r"(?<![\w.}])/tmp/")
TEXT = {".py", ".md", ".sql", ".toml", ".yaml", ".yml", ".html", ".js", ".css", ".txt", ".json", ".mako", ""}


def tracked_texts() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout: tracked files are not known")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    return [path for path in paths if path.suffix in TEXT and path.is_file() and path != Path(__file__)]


def test_no_path_of_a_single_machine_is_named():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_texts()
        for match in FOREIGN.finditer(path.read_text(errors="replace"))
    ]
    assert found == []


def test_no_scratch_folder_is_named_in_program_or_docs():
    found = [
        str(path.relative_to(ROOT))
        for path in tracked_texts()
        if path.is_relative_to(SOURCE) or path.is_relative_to(ROOT / "docs")
        if OF_SCRATCH.search(path.read_text(errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "check"),
    [
        ("# ------ tables", BANNER),
        ("# ==== tables ====", BANNER),
        ("x = 1  # type: ignore", BARE_IGNORE),
        ("x = 1  # noqa", BARE_IGNORE),
        ("# TODO later", UNFINISHED),
        ("see " + "/home/" + "ines/notes", FOREIGN),
        ("def parse_utils", VAGUE_CLASS),
    ],
)
def test_the_checks_find_what_they_look_for(source, check):
    text = "ParseUtils" if check is VAGUE_CLASS else source
    assert check.search(text)
