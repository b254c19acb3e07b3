import asyncio
import base64
import json
import os
import signal
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.conftest import NOON
from tests.people import BRANDT, MARLOW

from belvedere.accounts import service, vault
from belvedere.accounts.envelope import Unreadable, seal, unseal
from belvedere.accounts.keyring import KeyRing
from belvedere.core.context import Scope
from belvedere.core.errors import Conflict, NotFound, SetupError
from belvedere.core.settings import Settings

CANARY = "canary-8f3a-secret-of-brandt-0042"
SECRET = {"api_key": CANARY}


async def store(db, client_id=BRANDT, name="main", secret=SECRET, **extra):
    async with db.write(Scope.client(client_id)) as session:
        return await service.store_credential(
            session, client_id, "omnisend", name, secret, "worker", NOON, **extra
        )


async def read(db, credential_id, client_id=BRANDT, scope=None):
    async with db.write(scope or Scope.client(client_id, actor="sync")) as session:
        return await service.open_credential(session, client_id, credential_id, "a sync", "sync", NOON)


async def test_what_is_stored_comes_back_to_a_worker_of_that_client(db, people, keyring, admin):
    credential_id = await store(db)
    assert await read(db, credential_id) == SECRET
    assert admin.execute(
        "SELECT actor, detail->>'purpose' FROM core.audit_log WHERE action = 'credential.read'"
    ).fetchall() == [("sync", "a sync")]


async def test_the_database_holds_no_readable_secret(db, people, keyring, admin):
    await store(db)
    dump = str(admin.execute("SELECT c::text FROM core.creds_meta c").fetchall())
    dump += str(admin.execute("SELECT a::text FROM core.audit_log a").fetchall())
    assert CANARY not in dump
    assert CANARY.encode().hex() not in dump


async def test_a_worker_of_another_client_and_people_open_nothing(db, people, keyring):
    credential_id = await store(db)
    with pytest.raises(NotFound):
        await read(db, credential_id, MARLOW)
    with pytest.raises(NotFound):
        await read(db, credential_id, BRANDT, Scope.client(MARLOW))
    with pytest.raises(Exception, match="permission denied"):
        await read(db, credential_id, BRANDT, people.olga.scope)


async def test_a_ciphertext_moved_to_another_row_or_client_opens_nothing(db, people, keyring, admin):
    mine, other = await store(db), await store(db, MARLOW, name="other")
    columns = "ciphertext, nonce, wrapped_key, wrap_nonce, key_version"
    admin.execute(
        f"UPDATE core.creds_meta t SET ({columns}) = (SELECT {columns} FROM core.creds_meta WHERE id = %s)"
        " WHERE id = %s",
        [mine, other],
    )
    with pytest.raises(Unreadable):
        await read(db, other, MARLOW)
    admin.execute("UPDATE core.creds_meta SET client_id = %s WHERE id = %s", [MARLOW, mine])
    with pytest.raises(Unreadable):
        await read(db, mine, MARLOW)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=4))
def test_any_secret_survives_its_envelope(secret):
    key, credential_id = os.urandom(32), uuid4()
    assert unseal(seal(secret, credential_id, 1, key, 1), credential_id, 1, key) == secret


@given(st.data())
def test_any_changed_bit_is_noticed(data):
    key, credential_id = os.urandom(32), uuid4()
    sealed = seal(SECRET, credential_id, 1, key, 1)
    name = data.draw(st.sampled_from(["ciphertext", "nonce", "wrapped_key", "wrap_nonce"]))
    value = bytearray(getattr(sealed, name))
    value[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unreadable):
        unseal(replace(sealed, **{name: bytes(value)}), credential_id, 1, key)


def test_the_binding_covers_row_client_and_version():
    key, credential_id = os.urandom(32), uuid4()
    sealed = seal(SECRET, credential_id, 1, key, 1)
    for wrong in (
        lambda: unseal(sealed, uuid4(), 1, key),
        lambda: unseal(sealed, credential_id, 2, key),
        lambda: unseal(replace(sealed, key_version=2), credential_id, 1, key),
        lambda: unseal(sealed, credential_id, 1, os.urandom(32)),
    ):
        with pytest.raises(Unreadable):
            wrong()


async def test_rotation_moves_everything_and_the_old_key_dies(db, people, keyring, admin):
    ids = [await store(db, name=f"key {number}") for number in range(7)]
    rotation = await service.rotate_keys(db, NOON, batch=3, drop_old=True)
    assert (rotation.version, rotation.moved, rotation.dropped) == (2, 7, (1,))
    assert admin.execute("SELECT DISTINCT key_version FROM core.creds_meta").fetchall() == [(2,)]
    assert [await read(db, credential_id) for credential_id in ids] == [SECRET] * 7
    assert list(json.loads(keyring.path.read_text())["keys"]) == ["2"]


async def test_a_rotation_that_is_cut_goes_on_where_it_stopped(db, people, keyring, admin, monkeypatch):
    ids = [await store(db, name=f"key {number}") for number in range(9)]
    original, calls = vault._move_batch, []

    async def dies_in_third_batch(*arguments):
        calls.append(1)
        moved = await original(*arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(vault, "_move_batch", dies_in_third_batch)
    with pytest.raises(KeyboardInterrupt):
        await service.rotate_keys(db, NOON, batch=2)
    monkeypatch.undo()
    versions = "SELECT key_version, count(*) FROM core.creds_meta GROUP BY 1 ORDER BY 1"
    assert admin.execute(versions).fetchall() == [(1, 5), (2, 4)]
    assert [await read(db, credential_id) for credential_id in ids] == [SECRET] * 9

    fresh = service.load_keyring(Settings(data_dir=keyring.path.parent.parent))
    rotation = await service.rotate_keys(db, NOON, keyring=fresh, drop_old=True)
    assert (rotation.version, rotation.moved) == (2, 5)
    assert [await read(db, credential_id) for credential_id in ids] == [SECRET] * 9


async def test_old_keys_stay_while_something_needs_them(db, people, keyring):
    await store(db)
    keyring.add_version()
    with pytest.raises(Conflict):
        await vault._drop_old(db, keyring, 2)
    assert set(keyring.keys) == {1, 2}


async def test_another_process_follows_a_rotation(db, people, keyring, settings):
    credential_id = await store(db)
    elsewhere = service.load_keyring(settings)
    await service.rotate_keys(db, NOON, keyring=elsewhere, drop_old=True)
    assert keyring.current == 1
    assert await read(db, credential_id) == SECRET
    newer = await store(db, name="second")
    assert await read(db, newer) == SECRET
    assert keyring.current == 2


async def test_a_secret_can_be_replaced_but_not_doubled(db, people, keyring):
    credential_id = await store(db)
    with pytest.raises(Conflict):
        await store(db)
    await store(db, secret={"api_key": "new"}, credential_id=credential_id)
    assert await read(db, credential_id) == {"api_key": "new"}


async def test_a_foreign_credential_is_not_replaced(db, people, keyring):
    credential_id = await store(db)
    with pytest.raises(Exception, match="no such credential"):
        await store(db, MARLOW, secret={"api_key": "mine now"}, credential_id=credential_id)
    assert await read(db, credential_id) == SECRET


ROTATE_AND_DIE = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from belvedere.accounts import service, vault
from belvedere.core.database import Database
from belvedere.core.settings import Settings

api, worker, data_dir, batches = sys.argv[1:]
original, left = vault._move_batch, [int(batches)]

async def move(*arguments):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return await original(*arguments)

async def main():
    vault._move_batch = move
    ring = service.load_keyring(Settings(data_dir=Path(data_dir)))
    await service.rotate_keys(Database(api, worker), datetime.now(UTC), keyring=ring, batch=2)

asyncio.run(main())
"""


@pytest.mark.kills
@pytest.mark.parametrize("batches", [0, 1, 2])
async def test_a_killed_rotation_loses_nothing(db, people, keyring, admin, settings, batches):
    ids = [await store(db, name=f"key {number}") for number in range(5)]
    arguments = [db.api_url, db.worker_url, str(settings.data_dir), str(batches)]
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", ROTATE_AND_DIE, *arguments)
    assert await killed.wait() == -signal.SIGKILL
    moved = admin.execute("SELECT count(*) FROM core.creds_meta WHERE key_version = 2").fetchone()
    assert moved == (2 * batches,)
    assert [await read(db, credential_id) for credential_id in ids] == [SECRET] * 5
    rotation = await service.rotate_keys(db, NOON, drop_old=True)
    assert (rotation.version, rotation.moved) == (2, 5 - 2 * batches)
    assert [await read(db, credential_id) for credential_id in ids] == [SECRET] * 5


async def test_readers_and_writers_go_on_during_rotations(db, people, keyring, settings, admin):
    ids = [await store(db, name=f"key {number}") for number in range(4)]
    rings = [service.load_keyring(settings) for _ in ids]
    last: dict = {}

    async def work(credential_id, ring):
        for number in range(12):
            secret = {"api_key": f"version {number} of {credential_id}"}
            async with db.write(Scope.client(BRANDT)) as session:
                await service.store_credential(
                    session,
                    BRANDT,
                    "omnisend",
                    "x",
                    secret,
                    "w",
                    NOON,
                    credential_id=credential_id,
                    keyring=ring,
                )
            last[credential_id] = secret
            async with db.write(Scope.client(BRANDT)) as session:
                opened = await service.open_credential(
                    session, BRANDT, credential_id, "probe", "w", NOON, keyring=ring
                )
            assert opened == secret

    async def rotate():
        for _ in range(3):
            await service.rotate_keys(db, NOON, batch=2, drop_old=True)

    await asyncio.gather(rotate(), *(work(*pair) for pair in zip(ids, rings, strict=True)))
    assert {credential_id: await read(db, credential_id) for credential_id in ids} == last
    assert admin.execute("SELECT DISTINCT key_version FROM core.creds_meta").fetchall() == [(4,)]


def test_the_key_file_is_made_once_and_for_its_owner_only(settings):
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: service.load_keyring(settings), range(8)))
    assert len({ring.keys[1] for ring in rings}) == 1
    path = settings.data_dir / "keys" / "master.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["master.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_may_read_is_refused(settings, mode):
    service.load_keyring(settings)
    path = settings.data_dir / "keys" / "master.json"
    path.chmod(mode)
    with pytest.raises(SetupError, match="chmod 600"):
        service.load_keyring(settings)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"keys": {"1": "short"}, "current": 1}', '{"keys": {}, "current": 1}']
)
def test_a_damaged_key_file_is_named(settings, content):
    path = settings.data_dir / "keys" / "master.json"
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(SetupError, match=r"master\.json"):
        service.load_keyring(settings)


def test_a_key_from_the_environment_is_used_and_not_rewritten(tmp_path):
    given_key = base64.b64encode(bytes(range(32))).decode()
    ring = service.load_keyring(Settings(data_dir=tmp_path, master_key=given_key))
    assert ring.key(1) == bytes(range(32))
    with pytest.raises(SetupError, match="BELVEDERE_MASTER_KEY"):
        ring.add_version()
    assert not (tmp_path / "keys").exists()


def test_a_ring_does_not_print_its_keys():
    ring = KeyRing({1: b"k" * 32}, 1)
    assert "kkkk" not in repr(ring)
