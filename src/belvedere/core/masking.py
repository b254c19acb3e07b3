"""What may not stand in a log line or an error: secrets by name and shape, webhook and e-mail addresses."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from threading import Lock
from urllib.parse import parse_qsl, urlsplit, urlunsplit

MASK = "***"
MAX_TEXT = 8_000
MAX_ITEMS = 100
MAX_DEPTH = 6

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)|^pass$|^pwd$|secret|token|api[_-]?key|authori[sz]ation|cookie|credential|bearer"
    r"|private[_-]?key|access[_-]?key|master[_-]?key|signature|^session(_id)?$|webhook[_-]?url|^dsn$|database_url|^otp$",
    re.IGNORECASE,
)
_COUNT_NAME = re.compile(r"(tokens|_count|_used|_left|_limit)$", re.IGNORECASE)
_SECRET_PATHS = (
    (re.compile(r"(/webhooks/\d+/)[^/?#]+"), rf"\1{MASK}"),
    (re.compile(r"(/services/)[^?#]+"), rf"\1{MASK}"),
    (re.compile(r"(/webhook[\w-]*/)[^?#]+"), rf"\1{MASK}"),
    (re.compile(r"(/bot)\d+:[^/?#]+"), rf"\1{MASK}"),
)
_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:sk|pk|rk)[_-](?:live|test|proj|ant)[\w-]{8,}|\bsk-[\w-]{16,}"
    r"|\bshp(?:at|ss|ca|pa|ua)_\w{8,}|\bgh[opsur]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{12,}"
    r"|\bxox[a-z]-[\w-]{8,}|\bwhsec_[\w+/=-]{8,}|\bSG\.[\w-]{8,}\.[\w-]{8,}|\bya29\.[\w-]{8,}"
    r"|\bAKIA[0-9A-Z]{12,}|\bAIza[\w-]{20,}|\bEAA[A-Za-z0-9]{20,}|\bb(?:v|lv|elv|elvedere)[a-z]{0,4}_[\w-]{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?|\b[0-9a-f]{24}-[A-Za-z0-9]{16,}"
    r"|\b[A-Za-z0-9_-]{23,28}\.[\w-]{6}\.[\w-]{27,}|\$argon2\w*\$\S+"
    # Whatever its kind: 32 or more letters of both cases with digits are no word and no hash of ours.
    r"|(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{32,}",
    re.DOTALL | re.ASCII,
)
_SCHEME_VALUE = re.compile(
    r"\b(bearer|basic|bot|token|digest)\s+(?=[\w.~+/=-]*[\d._+/=-])[\w.~+/=-]{8,}", re.IGNORECASE
)
_NAMED_VALUE = re.compile(
    r"((?:\b|_)(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|authorization|signature|credential)s?"
    r"[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|(?!\*\*\*|(?:bearer|basic|bot)\s)[^\s\"',;&}]+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\"'(),:;=\[\]{}/\\]{1,64}@(?:[\w-]+(?:\.[\w-]+)+|localhost)\b")


def redact_url(url: str) -> str:
    """The address without what may be secret: userinfo, values of the query, webhook tokens, the fragment."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return MASK
    path = parts.path
    for pattern, shown in _SECRET_PATHS:
        path = pattern.sub(shown, path)
    path = _SHAPES.sub(MASK, path)
    netloc = f"{MASK}@{host}" if "@" in parts.netloc else host
    query = "&".join(f"{_SHAPES.sub(MASK, name)[:40]}={MASK}" for name in names)
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def is_secret_name(name: str) -> bool:
    """Whether a field, header or variable of this name holds a secret."""
    return bool(_SECRET_NAME.search(name)) and not _COUNT_NAME.search(name)


class Masker:
    """Masks text and structures. E-mail addresses become keyed digests, so lines about one person match."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: OrderedDict[str, None] = OrderedDict()
        self._known_pattern: re.Pattern[str] | None = None
        self._lock = Lock()

    def remember(self, secret: str, *, room: int = 200) -> None:
        """Mask this very text from now on, however it looks. Short texts are left: they would hit words."""
        if len(secret) < 8 or secret in self._known:
            return
        with self._lock:
            self._known[secret] = None
            while len(self._known) > room:
                self._known.popitem(last=False)
            longest_first = sorted(self._known, key=len, reverse=True)
            self._known_pattern = re.compile("|".join(map(re.escape, longest_first)))

    def email(self, address: str) -> str:
        digest = hmac.new(self._key, address.strip().lower().encode("utf-8", "replace"), hashlib.sha256)
        return f"email:{digest.hexdigest()[:12]}"

    def text(self, text: str) -> str:
        """The text with everything secret replaced; cut at MAX_TEXT characters."""
        # Cut after masking, for half a secret at the end has no shape any more.
        shown = text[: 2 * MAX_TEXT]
        if self._known_pattern is not None:
            shown = self._known_pattern.sub(MASK, shown)
        shown = _ADDRESS.sub(lambda match: redact_url(match[0]), shown)
        shown = _SCHEME_VALUE.sub(lambda match: f"{match[1]} {MASK}", shown)
        shown = _NAMED_VALUE.sub(lambda match: f"{match[1]}{MASK}", shown)
        shown = _SHAPES.sub(MASK, shown)
        shown = _EMAIL.sub(lambda match: self.email(match[0]), shown)
        return shown if len(shown) <= MAX_TEXT else shown[:MAX_TEXT] + "…"

    def value(self, value: object, name: str = "", depth: int = 0) -> object:
        """A copy that is safe to write and easy to turn into JSON; `name` is the field it stands under."""
        if value is None or isinstance(value, bool):
            return value
        if name and is_secret_name(name):
            return MASK
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._collection(value, depth)
        return self._scalar(value)

    def _scalar(self, value: object) -> object:
        if isinstance(value, int | float):
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            return f"<{len(value)} bytes>"
        return self.text(value if isinstance(value, str) else str(value))

    def _collection(self, value: Mapping[object, object] | Collection[object], depth: int) -> object:
        if depth >= MAX_DEPTH:
            return "…"
        if isinstance(value, Mapping):
            items = list(value.items())[:MAX_ITEMS]
            return {self.text(str(key)): self.value(item, str(key), depth + 1) for key, item in items}
        return [self.value(item, "", depth + 1) for item in list(value)[:MAX_ITEMS]]
