"""The keys that seal credentials: outside the database, in a file of mode 0600 or in BELVEDERE_MASTER_KEY."""

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from belvedere.core.errors import SetupError
from belvedere.core.settings import Settings, load_settings

KEY_BYTES = 32
FILE_NAME = "master.json"


@dataclass
class KeyRing:
    """Versions of the key. With a `path` it follows the file, so that it sees a rotation elsewhere."""

    keys: dict[int, bytes] = field(repr=False)
    current: int
    path: Path | None = None
    _seen: tuple[int, int] | None = None

    def key(self, version: int) -> bytes:
        """Raises SetupError for a version that is not on the ring."""
        if version not in self.keys:
            self.refresh()
        try:
            return self.keys[version]
        except KeyError:
            raise SetupError(
                f"Version {version} of the key that seals credentials is missing. Put back the file"
                f" {self.path or 'or variable'} from a backup.",
                code="key_missing",
            ) from None

    def refresh(self) -> None:
        """Read the file again where it changed."""
        if self.path is None:
            return
        facts = self.path.stat()
        mark = (facts.st_mtime_ns, facts.st_ino)
        if mark != self._seen:
            fresh = read_file(self.path)
            self.keys, self.current, self._seen = fresh.keys, fresh.current, mark

    def add_version(self) -> int:
        """A new current version, on disk before anything is sealed with it."""
        with self._changing() as path:
            self.current = max(self.keys) + 1
            self.keys[self.current] = secrets.token_bytes(KEY_BYTES)
            write_file(path, self)
        return self.current

    def drop_before(self, version: int) -> list[int]:
        """Forget every version below; whatever is sealed with them can never be read again."""
        with self._changing() as path:
            dropped = [old for old in self.keys if old < version]
            self.keys = {kept: key for kept, key in self.keys.items() if kept >= version}
            write_file(path, self)
        return dropped

    @contextmanager
    def _changing(self) -> Iterator[Path]:
        if self.path is None:
            raise SetupError(
                "The key comes from BELVEDERE_MASTER_KEY, which Belvedere cannot rewrite. Move it into"
                f" keys/{FILE_NAME} of the data directory to rotate it.",
                code="key_in_environment",
            )
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refresh()
            yield self.path


def load_keyring(settings: Settings) -> KeyRing:
    """The ring of an installation; its file is created on first use."""
    if settings.master_key is not None:
        return KeyRing(
            {1: _decode(settings.master_key.get_secret_value(), "BELVEDERE_MASTER_KEY")}, current=1
        )
    path = settings.data_dir / "keys" / FILE_NAME
    if not path.exists():
        _create(path)
    return read_file(path)


def read_file(path: Path) -> KeyRing:
    """Read a key file; refuses one that others may read."""
    facts = path.stat()
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise SetupError(
            f"The key file {path} may be read by others. Run: chmod 600 {path}", code="key_file_open"
        )
    try:
        content = json.loads(path.read_text())
        keys = {int(version): _decode(text, str(path)) for version, text in content["keys"].items()}
        ring = KeyRing(keys, int(content["current"]), path, (facts.st_mtime_ns, facts.st_ino))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(
            f"The key file {path} cannot be read. Put it back from a backup.", code="key_file_damaged"
        ) from error
    if ring.current not in keys:
        raise SetupError(f"The key file {path} lacks its current key.", code="key_file_damaged")
    return ring


def write_file(path: Path, ring: KeyRing) -> None:
    """Replace the file in one step; a crash leaves the old one or the new one."""
    _durable_rename(_write_beside(path, ring), path)


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ring = KeyRing({1: secrets.token_bytes(KEY_BYTES)}, current=1)
    fresh = _write_beside(path, ring)
    try:
        # A link fails where the name is taken: of two processes that start at once, one wins.
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _write_beside(path: Path, ring: KeyRing) -> Path:
    fresh = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    content = {
        "current": ring.current,
        "keys": {str(version): base64.b64encode(key).decode() for version, key in sorted(ring.keys.items())},
    }
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(content, handle)
        handle.flush()
        os.fsync(handle.fileno())
    return fresh


def _durable_rename(source: Path, target: Path) -> None:
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _decode(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SetupError(f"{place} holds a key that is not base64.", code="key_shape") from error
    if len(key) != KEY_BYTES:
        raise SetupError(f"{place} holds a key of {len(key)} bytes; it takes {KEY_BYTES}.", code="key_shape")
    return key


class _Installed:
    """The ring of this process: what `use_keyring` gave, else that of the environment's settings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ring: KeyRing | None = None

    def use(self, ring: KeyRing) -> None:
        self._ring = ring

    def ring(self) -> KeyRing:
        with self._lock:
            if self._ring is None:
                self._ring = load_keyring(load_settings())
            return self._ring


_installed = _Installed()


def use_keyring(ring: KeyRing) -> None:
    """Set the ring of this process, once, where the parts are put together."""
    _installed.use(ring)


def installed_keyring() -> KeyRing:
    return _installed.ring()
