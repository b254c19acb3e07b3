"""Keyset cursors: the sort key of the last row, signed, so that a page never shifts under new rows."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Any

import orjson

from belvedere.core.errors import FieldProblem, Invalid

SIGNATURE_BYTES = 12


class Cursors:
    """Makes and reads opaque cursors with a key of this installation."""

    def __init__(self, key: bytes) -> None:
        self.use(key)

    def use(self, key: bytes) -> None:
        """Sign with the key of an installation from now on."""
        self._key = hashlib.sha256(b"cursor" + key).digest()

    def make(self, kind: str, values: list[Any]) -> str:
        """An opaque text for the position `values` of a list of `kind`."""
        body = orjson.dumps([kind, *values], default=str)
        return base64.urlsafe_b64encode(self._sign(body) + body).rstrip(b"=").decode()

    def read(self, kind: str, cursor: str) -> list[Any]:
        """The position back; Invalid on anything that this list did not hand out."""
        wrong = Invalid(
            "The cursor is not one of this list.",
            errors=[FieldProblem("/cursor", "cursor", "Leave it out to start from the first page.")],
        )
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            body = raw[SIGNATURE_BYTES:]
            if not hmac.compare_digest(raw[:SIGNATURE_BYTES], self._sign(body)):
                raise wrong
            found = orjson.loads(body)
        except (binascii.Error, ValueError, UnicodeEncodeError) as error:
            raise wrong from error
        if not isinstance(found, list) or found[:1] != [kind]:
            raise wrong
        return found[1:]

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


CURSORS = Cursors(secrets.token_bytes(32))
"""Of this process; `open_runtime` gives it the installation's key, so that every process reads every cursor."""
