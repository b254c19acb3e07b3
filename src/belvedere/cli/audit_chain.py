"""Verify the audit chain, also against a head that was kept outside the database."""

import hashlib
import hmac
from pathlib import Path

import orjson

from belvedere.core.audit import Verdict, verify
from belvedere.core.context import Scope
from belvedere.core.errors import Invalid
from belvedere.wiring.installation import Installation


def sign(rows: int, head: str, secret: bytes) -> str:
    return hmac.new(secret, f"audit-head:{rows}:{head}".encode(), hashlib.sha256).hexdigest()


def keep_head(path: Path, verdict: Verdict, secret: bytes) -> None:
    """Write the signed head: keep the file where the database's administrator cannot change it."""
    head = verdict.head.hex()
    path.write_bytes(
        orjson.dumps({"rows": verdict.rows, "head": head, "signature": sign(verdict.rows, head, secret)})
    )


def read_head(path: Path, secret: bytes) -> tuple[int, bytes]:
    """A head kept earlier; Invalid when it was changed."""
    try:
        found = orjson.loads(path.read_bytes())
        rows, head, signature = int(found["rows"]), str(found["head"]), str(found["signature"])
        head_bytes = bytes.fromhex(head)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{path} is not a head kept by `belvedere audit verify --keep`.") from error
    if not hmac.compare_digest(signature, sign(rows, head, secret)):
        raise Invalid(
            f"The signature of {path} does not hold; it was changed, or belongs to another installation."
        )
    return rows, head_bytes


async def verify_chain(installation: Installation, kept: tuple[int, bytes] | None) -> Verdict:
    database = installation.database()
    try:
        async with database.read(Scope.service("audit verify")) as session:
            if kept is None:
                return await verify(session)
            return await verify(session, expected_rows=kept[0], expected_head=kept[1] if kept[0] else None)
    finally:
        await database.close()
