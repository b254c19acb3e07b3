"""Passwords: what is accepted, and argon2id at OWASP's floor (19 MiB, 2 passes, 1 lane)."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from belvedere.core.errors import FieldProblem, Invalid

SHORTEST, LONGEST = 12, 256
CONCURRENT_HASHES = 2
"""Each hash takes 19 MiB and a core for some 60 ms; more at once would starve everything else."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_pool = ThreadPoolExecutor(CONCURRENT_HASHES, thread_name_prefix="passwords")


def check_password(password: str, *, email: str = "", name: str = "", pointer: str = "/password") -> None:
    """Raise Invalid with what to do; long and uncommon is enough, no kinds of characters are asked for."""
    problem = password_problem(password, email=email, name=name)
    if problem is not None:
        code, detail = problem
        raise Invalid(detail, errors=[FieldProblem(pointer, code, detail)], code=code)


def password_problem(password: str, *, email: str = "", name: str = "") -> tuple[str, str] | None:
    """Why a password is not taken, as (code, words), or None."""
    if len(password) < SHORTEST:
        return "password_short", f"Use at least {SHORTEST} characters. A few words in a row do well."
    if len(password) > LONGEST:
        return "password_long", f"Use at most {LONGEST} characters."
    plain = password.casefold()
    if plain in common_passwords() or len(set(plain)) < 4 or _is_run(plain):
        return "password_common", "This password is one of the first that are guessed. Choose another."
    own = {email.casefold(), email.partition("@")[0].casefold(), name.casefold(), "belvedere"}
    if any(word and len(word) >= 4 and len(plain.replace(word, "")) < SHORTEST // 2 for word in own):
        return "password_personal", "The password is mostly your name or address. Choose another."
    return None


@cache
def common_passwords() -> frozenset[str]:
    """Often used passwords of 12 characters and more; shorter ones are refused for their length."""
    text = resources.files("belvedere.accounts").joinpath("common_passwords.txt").read_text()
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip())


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether it fits. Without a stored hash it takes as long and says False: nobody learns who exists."""
    loop = asyncio.get_running_loop()
    fits = await loop.run_in_executor(_pool, _fits, stored or _dummy_hash(), password[: LONGEST + 1])
    return fits and stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether the stored hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy_hash() -> str:
    return _hasher.hash("no account has this password")


def _is_run(plain: str) -> bool:
    """123456789012, abcdefghijkl, and the same backwards."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(plain)}
    return steps <= {1, -9} or steps <= {-1, 9}
