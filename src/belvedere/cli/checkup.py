"""What `belvedere doctor` looks at."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from belvedere.core.embedded import prepare_data_dir
from belvedere.core.errors import BelvedereError
from belvedere.core.settings import Settings
from belvedere.migrations.runner import first_line, head
from belvedere.wiring.installation import Installation, open_installation, read_revision

EXTENSIONS = {
    "vector": "semantic search; without it full text alone",
    "timescaledb": "its columnstore for closed months; without it native monthly partitions",
    "pg_trgm": "faster search in texts; without it full text and ILIKE",
    "uuid-ossp": "nothing: its one function is built in",
}
DANGEROUS = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: ok, note (works, could be better) or problem (mend it)."""

    check: str
    state: str
    detail: str


def run_checkup(settings: Settings) -> list[Finding]:
    """Every finding; a problem in one part does not hide the next."""
    try:
        data_dir = prepare_data_dir(settings.data_dir)
    except BelvedereError as error:
        return [Finding("data directory", "problem", error.detail)]
    found = [*look_at_disk(settings), Finding("data directory", "ok", str(data_dir))]
    try:
        with open_installation(settings) as installation:
            found += [*look_at_database(installation), *look_at_channels(settings)]
    except BelvedereError as error:
        found.append(Finding("database", "problem", error.detail))
    return found


def look_at_disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.data_dir).free
    state = "ok" if free > LEAST_FREE_BYTES else "problem"
    advice = "" if state == "ok" else "; free some space, PostgreSQL stops when the disk is full"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free{advice}")


def look_at_database(installation: Installation) -> Iterator[Finding]:
    kind = "embedded" if installation.server is not None else "DATABASE_URL"
    try:
        connection = psycopg.connect(installation.admin_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        yield Finding("database", "problem", f"does not answer: {first_line(error)}. Check DATABASE_URL.")
        return
    with connection:
        version = connection.info.server_version
        yield Finding(
            "database", "ok" if version >= 150000 else "problem", f"PostgreSQL {version // 10000} ({kind})"
        )
        revision = read_revision(installation.login_url("api"))
        behind = revision != head()
        yield Finding("schema", "problem" if behind else "ok",
                      f"revision {revision or 'none'}" + (f", needs {head()}: run `belvedere migrate`" if behind else ""))  # fmt: skip
        if not behind:
            yield from look_at_parts(connection)
        for name, wanted in DANGEROUS.items():
            value = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            if value and value[0] != wanted:
                yield Finding(
                    name,
                    "problem",
                    f"is {value[0]}: acknowledged writes can be lost in a crash; set it to {wanted}",
                )
        yield from look_at_extensions(connection)
    if (
        installation.server is not None
        and installation.server.root.parent != installation.settings.data_dir.absolute()
    ):
        yield Finding("database folder", "note", f"{installation.server.root}: the data directory cannot be reached by the"
                      " user that runs PostgreSQL")  # fmt: skip


def look_at_parts(connection: psycopg.Connection) -> Iterator[Finding]:
    """Whether the next month has its parts, and whether rows came before theirs."""
    rows = connection.execute(
        "SELECT plan, default_rows, next_missing FROM core.check_partitions()"
    ).fetchall()
    missing = [row[0] for row in rows if row[2]]
    waiting = [row[0] for row in rows if row[1]]
    advice = "run `belvedere partitions keep`; a worker does so every night"
    if missing:
        yield Finding("parts", "problem", f"no part for the next month: {', '.join(missing)}; {advice}")
    if waiting:
        yield Finding("parts", "note", f"rows outside their month: {', '.join(waiting)}; {advice}")
    if not missing and not waiting:
        yield Finding("parts", "ok", f"{len(rows)} tables have their months")


def look_at_extensions(connection: psycopg.Connection) -> Iterator[Finding]:
    rows = connection.execute("SELECT name, installed_version FROM pg_available_extensions").fetchall()
    available = {row[0]: row[1] for row in rows}
    for name, use in EXTENSIONS.items():
        there = "installed" if available.get(name) else "available" if name in available else "not there"
        yield Finding(f"extension {name}", "ok" if there != "not there" else "note", f"{there}: {use}")


def look_at_channels(settings: Settings) -> Iterator[Finding]:
    mail = f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else ""
    yield Finding(
        "mail", "ok" if mail else "note", mail or "no mail server: set SMTP_HOST to send alerts by e-mail"
    )
    token = bool(settings.discord_bot_token.get_secret_value())
    yield Finding("Discord", "ok" if token else "note",
                  "bot token set" if token else "no bot token in BELVEDERE_DISCORD_BOT_TOKEN; channels may bring their own")  # fmt: skip
    if settings.master_key is None:
        yield Finding(
            "keys", "note", f"kept in {settings.data_dir / 'keys'}: back them up apart from the database"
        )
