"""AES-256-GCM envelopes: a random key for each credential, itself sealed by the ring's current key. Pure.

Row, client and key version are bound in as associated data, so a ciphertext moved elsewhere opens nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belvedere.core.errors import BelvedereError

NONCE_BYTES = 12


class Unreadable(BelvedereError):
    """The sealed credential does not belong to this row, was damaged, or was sealed with another key."""

    code = "credential_unreadable"
    title = "The credential cannot be opened"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the database holds."""

    ciphertext: bytes
    nonce: bytes
    wrapped_key: bytes
    wrap_nonce: bytes
    key_version: int


def bound_data(column: str, credential_id: UUID, client_id: int, key_version: int) -> bytes:
    return f"core.creds_meta|{column}|{credential_id}|{client_id}|{key_version}".encode()


def seal(
    secret: Mapping[str, str], credential_id: UUID, client_id: int, master: bytes, version: int
) -> Sealed:
    """Seal a secret with a fresh key and fresh nonces."""
    own_key = AESGCM.generate_key(bit_length=256)
    nonce, wrap_nonce = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
    plain = orjson.dumps(dict(secret))
    ciphertext = AESGCM(own_key).encrypt(
        nonce, plain, bound_data("secret", credential_id, client_id, version)
    )
    wrapped = AESGCM(master).encrypt(
        wrap_nonce, own_key, bound_data("key", credential_id, client_id, version)
    )
    return Sealed(ciphertext, nonce, wrapped, wrap_nonce, version)


def unseal(sealed: Sealed, credential_id: UUID, client_id: int, master: bytes) -> dict[str, str]:
    """The secret back; Unreadable when anything about it was changed."""
    try:
        own_key = AESGCM(master).decrypt(
            sealed.wrap_nonce,
            sealed.wrapped_key,
            bound_data("key", credential_id, client_id, sealed.key_version),
        )
        plain = AESGCM(own_key).decrypt(
            sealed.nonce,
            sealed.ciphertext,
            bound_data("secret", credential_id, client_id, sealed.key_version),
        )
    except InvalidTag as error:
        raise Unreadable(
            "This credential cannot be opened with the key of this installation. Store it again."
        ) from error
    found: dict[str, str] = orjson.loads(plain)
    return found
