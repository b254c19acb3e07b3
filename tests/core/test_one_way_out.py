"""Outbound traffic has one guarded way; a module that opens its own is found here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "belvedere"
CLIENTS = {
    "httpx",
    "httpcore",
    "requests",
    "aiohttp",
    "urllib3",
    "urllib.request",
    "http.client",
    "smtplib",
    "aiosmtplib",
}
OPENERS = {"open_connection", "create_connection"}
ALLOWED = {
    "core/egress.py": {"httpx", "httpcore"},
    "core/outbound.py": {"httpx"},
    "core/bodies.py": {"httpx"},
    "core/guard.py": {"httpcore"},
    # Mail goes to the addresses that check_host gave.
    "connectors/smtp/client.py": {"aiosmtplib"},
    # Waits until our own web server answers.
    "cli/processes.py": {"open_connection"},
}


def ways_out(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in CLIENTS)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            yield from names & CLIENTS
        elif isinstance(node, ast.Attribute) and node.attr in OPENERS:
            yield node.attr


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_opens_a_way_out_of_its_own(path: Path):
    name = path.relative_to(SOURCE).as_posix()
    if name.startswith("sandbox/"):
        return  # the sandbox is the outside
    assert set(ways_out(path.read_text())) <= ALLOWED.get(name, set())


def test_whoever_sends_mail_asks_the_guard():
    assert "check_host(" in (SOURCE / "connectors/smtp/client.py").read_text()


@pytest.mark.parametrize(
    "source",
    [
        "import httpx",
        "from urllib import request",
        "from urllib.request import urlopen",
        "asyncio.open_connection(1)",
    ],
)
def test_the_search_finds_a_new_way_out(source):
    assert list(ways_out(source))
