"""API tokens as text: `bvd_` + 256 random bits in base62 + a CRC32, so that scanners know one."""

import hashlib
import re
import secrets
import zlib

PREFIX = "bvd_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY_LENGTH = 43  # 62**43 is the first power above 2**256
_CHECK_LENGTH = 6  # 62**6 is the first power above 2**32
SHOWN_LENGTH = 10
"""How many characters of a token stay readable in lists."""

TOKEN_PATTERN = re.compile(rf"bvd_[0-9A-Za-z]{{{_BODY_LENGTH + _CHECK_LENGTH}}}")
"""For scanners of logs and repositories."""


def generate_token() -> str:
    return token_from(secrets.randbits(256))


def token_from(number: int) -> str:
    """The token of 256 given bits."""
    body = _base62(number, _BODY_LENGTH)
    return f"{PREFIX}{body}{_check(body)}"


def is_token_shaped(text: str) -> bool:
    """Whether prefix, length and checksum fit; a mistyped token is refused without asking the database."""
    if TOKEN_PATTERN.fullmatch(text) is None:
        return False
    body, check = text[len(PREFIX) : -_CHECK_LENGTH], text[-_CHECK_LENGTH:]
    return secrets.compare_digest(check, _check(body))


def secret_hash(secret: str) -> bytes:
    """What is stored of a token or cookie: they hold 256 random bits, so no search finds them from it."""
    return hashlib.sha256(secret.encode()).digest()


def generate_cookie() -> str:
    """An opaque session secret of 256 bits."""
    return secrets.token_urlsafe(32)


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
