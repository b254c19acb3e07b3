"""Commands that stay: they answer, they end with everything they started, and they say what is in their way."""

import os
import signal
import socket

import httpx
import pytest
from tests.cli.conftest import Home
from tests.cli.terminal import Terminal, alive, children_of, healthy, until

from belvedere.main import describe_sandbox


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def address_of(process) -> str:
    """The address in the first line that a starting command prints."""
    line = process.stdout.readline()
    assert line.startswith("Belvedere is at http://"), line
    return line.split()[3]


@pytest.mark.kills
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
def test_up_serves_and_takes_its_processes_along(filled: Home, number):
    with filled.shell.with_(BELVEDERE_PORT="0").running("up", "--no-open") as process:
        address = address_of(process)
        assert until(lambda: healthy(address), "a healthy answer")
        family = until(
            lambda: len(children_of(process.pid)) >= 2 and children_of(process.pid), "web and worker"
        )
        assert httpx.get(address, follow_redirects=True).status_code == 200
        os.kill(process.pid, number)
        code = process.wait(30)
        until(lambda: not any(alive(pid) for pid in family), "the end of every process that was started")
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    assert not healthy(address)


@pytest.mark.kills
def test_up_starts_a_killed_worker_and_web_again(filled: Home):
    with filled.shell.with_(BELVEDERE_PORT="0").running("up", "--no-open") as process:
        address = address_of(process)
        until(lambda: healthy(address), "a healthy answer")
        first = children_of(process.pid)
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        until(
            lambda: healthy(address) and children_of(process.pid) - first, "a healthy answer of new processes"
        )


@pytest.mark.parametrize(
    "command", [["up", "--no-open"], ["serve"], ["sandbox"]], ids=["up", "serve", "sandbox"]
)
def test_a_port_in_use_is_named(filled: Home, taken, command):
    shell, arguments = filled.shell.with_(BELVEDERE_PORT=taken), command
    if command == ["sandbox"]:
        arguments = [*command, "--port", taken]
    shell.run(*arguments).refused(3, f"Port {taken}", "--port")


def test_serve_and_worker_want_the_schema_first(elsewhere):
    shell: Terminal = elsewhere()
    for command in (
        ["serve", "--port", "0"],
        ["worker"],
        ["audit", "verify"],
        ["audit", "list"],
        ["backup", "/proc/no"],
    ):
        shell.run(*command).refused(3, "belvedere migrate")


def test_a_worker_ends_when_no_job_waits(filled: Home):
    assert filled.shell.run("worker", "--until-empty").code == 0


def test_the_sandbox_says_what_to_open_and_what_to_set(home: Home):
    with home.shell.running("sandbox", "--port", "0", "--smtp-port", "0") as process:
        said: dict[str, str] = {}
        while "BELVEDERE_ALLOW_PRIVATE_NETWORKS" not in said:
            name, _, value = process.stdout.readline().strip().partition("=")
            said[name] = value
        shop = describe_sandbox()["clients"][0]
        page = httpx.get(
            f"{said['BELVEDERE_OMNISEND_BASE_URL']}/v3/campaigns", headers={"X-API-KEY": shop.omnisend_key}
        )
        assert page.json()["campaign"]
        with socket.create_connection(("127.0.0.1", int(said["SMTP_PORT"])), 5) as mail:
            assert mail.recv(3) == b"220"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
