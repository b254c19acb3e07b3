"""Lists of 100 records with their metrics: ours (token, permissions, row policies and all) against ORM and pydantic.

BENCH_SECONDS=8 BENCH_CONNECTIONS=8 python -m benchmarks.bench_lists
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from belvedere.core.database import sqlalchemy_url
from belvedere.core.settings import Settings
from belvedere.wiring.installation import open_installation

SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "8"))
ROWS = int(os.environ.get("BENCH_ROWS", "20000"))


def belvedere(folder: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "belvedere", *arguments], env={**os.environ, "BELVEDERE_DATA_DIR": folder},
        capture_output=True, text=True, check=True, input="belvedere-benchmark-pass\n",
    )  # fmt: skip
    return done.stdout


def write_rows(path: Path) -> None:
    with path.open("w") as out:
        for number in range(ROWS):
            row = {"campaignID": f"c{number:07}", "name": f"Campaign {number}", "status": "sent", "sent": 4000 + number % 900,
                   "opened": 900 + number % 300, "clicked": 60 + number % 40, "bounced": number % 30, "subject": "Hello"}  # fmt: skip
            out.write(json.dumps(row) + "\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait()


async def load(port: int, path: str, headers: str, connections: int) -> tuple[float, float]:
    """Requests a second, and the median time of one in milliseconds."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()
    deadline = time.perf_counter() + SECONDS
    times: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < deadline:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head[:400]
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            await reader.readexactly(length)
            times.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return len(times) / SECONDS, sorted(times)[len(times) // 2] * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "rows.ndjson"
        write_rows(data)
        home = str(Path(folder) / "home")
        belvedere(home, "owner", "create", "--email", "bench@example.org", "--password-stdin")
        stored = json.loads(
            belvedere(
                home,
                "ingest",
                str(data),
                "--source",
                "bench/campaigns",
                "--mapping",
                "omnisend_campaigns",
                "--json",
            )
        )
        token = json.loads(belvedere(home, "token", "create", "--email", "bench@example.org", "--json"))[
            "token"
        ]
        with open_installation(Settings(data_dir=Path(home))) as installation:
            with psycopg.connect(installation.admin_url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            compare(installation.admin_url, home, stored["snapshot_id"], token)


def compare(admin_url: str, home: str, snapshot: str, token: str) -> None:
    ours, theirs = free_port(), free_port()
    address = sqlalchemy_url(admin_url).render_as_string(hide_password=False)
    product = [sys.executable, "-m", "belvedere", "serve", "--port", str(ours)]
    baseline = [
        sys.executable,
        "-m",
        "uvicorn",
        "benchmarks.baseline_orm:app",
        "--port",
        str(theirs),
        "--log-level",
        "error",
    ]
    own_path = f"/api/v1/records?snapshot_id={snapshot}&limit=100"
    with (
        serving(
            product,
            {
                "BELVEDERE_DATA_DIR": home,
                "BELVEDERE_LOG_LEVEL": "WARN",
                "BELVEDERE_REQUESTS_PER_SECOND": "100000",
            },
            ours,
        ),
        serving(baseline, {"BENCH_URL": address}, theirs),
    ):
        found = {}
        for connections in (1, CONNECTIONS):
            mine = asyncio.run(load(ours, own_path, f"Authorization: Bearer {token}\r\n", connections))
            orm = asyncio.run(load(theirs, f"/records?snapshot_id={snapshot}&limit=100", "", connections))
            found[f"{connections} connections"] = {
                "requests_per_second": round(mine[0], 1), "p50_ms": round(mine[1], 2),
                "orm_requests_per_second": round(orm[0], 1), "orm_p50_ms": round(orm[1], 2),
                "ratio": round(mine[0] / orm[0], 2),
            }  # fmt: skip
    print(json.dumps({"benchmark": "lists", "goal_ratio": 4, **found}))


if __name__ == "__main__":
    main()
