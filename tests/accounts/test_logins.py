import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.conftest import NOON, PASSWORD, sign_in

from belvedere.accounts import jobs, service
from belvedere.accounts.contracts import Login, Refusal
from belvedere.accounts.cookies import cookie_name, cookie_options
from belvedere.accounts.passwords import common_passwords, needs_rehash, password_problem, verify_password
from belvedere.accounts.throttle import ACCOUNT, ADDRESS, Count, after_failure
from belvedere.accounts.tokens import TOKEN_PATTERN, generate_token, is_token_shaped, token_from
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.errors import Conflict, Invalid
from belvedere.core.jobs import REGISTRY, JobCall
from belvedere.core.settings import Settings


async def test_the_right_password_opens_a_session(db, settings, with_passwords, admin):
    login = await sign_in(db, settings, "  ALICE@brandt.example ", NOON)
    assert isinstance(login, Login)
    assert login.expires_at == NOON + timedelta(hours=336)
    last = admin.execute("SELECT last_login_at FROM core.users WHERE id = %s", [login.user_id]).fetchone()
    assert last == (NOON,)


async def test_a_login_ends_the_session_it_replaces(db, settings, with_passwords, http, clock):
    first = await sign_in(db, settings, with_passwords.alice.email, NOON)
    async with db.write(Scope.authn()) as session:
        second = await service.log_in(
            session,
            email=with_passwords.alice.email,
            password=PASSWORD,
            address="192.0.2.7",
            user_agent="tests",
            now=NOON,
            settings=settings,
            previous_cookie=first.cookie,
        )
    for login, status in ((first, 401), (second, 200)):
        answer = await http.get("/probe/who", headers={"Cookie": f"belvedere={login.cookie}"})
        assert answer.status_code == status


async def test_a_chosen_cookie_is_never_taken_up(db, settings, with_passwords, http):
    """Session fixation: what an attacker planted before the login opens nothing after it."""
    planted = "attacker-chose-this-cookie"
    await sign_in(db, settings, with_passwords.alice.email, NOON)
    assert (await http.get("/probe/who", headers={"Cookie": f"belvedere={planted}"})).status_code == 401


async def test_logging_out_ends_the_session(db, settings, with_passwords, http, cookie_of, admin):
    headers = await cookie_of(with_passwords.alice)
    assert (await http.post("/probe/logout", headers=headers)).status_code == 200
    assert (await http.get("/probe/who", headers=headers)).status_code == 401


async def test_old_counts_are_swept(db, settings, with_passwords, admin, runtime, clock):
    await sign_in(db, settings, "nobody@x.example", NOON, "wrong")
    clock.forward(days=2)
    await jobs.sweep(runtime, JobCall("accounts.sweep_throttles"))
    assert REGISTRY["accounts.sweep_throttles"].cron
    assert admin.execute("SELECT count(*) FROM core.login_throttle").fetchone() == (0,)


async def test_every_refusal_says_the_same(db, settings, with_passwords, admin):
    admin.execute("UPDATE core.users SET is_active = false WHERE id = %s", [with_passwords.bob.id])
    admin.execute("UPDATE core.users SET password_hash = NULL WHERE id = %s", [with_passwords.charlie.id])
    refusals = [
        await sign_in(db, settings, "nobody@nowhere.example", NOON),
        await sign_in(db, settings, with_passwords.alice.email, NOON, "wrong"),
        await sign_in(db, settings, with_passwords.bob.email, NOON),
        await sign_in(db, settings, with_passwords.charlie.email, NOON, ""),
        await sign_in(db, settings, "nul\0byte@nowhere.example", NOON, "nul\0byte"),
    ]
    assert set(refusals) == {Refusal("The e-mail address or the password is wrong.")}


async def test_an_unknown_account_takes_the_work_of_a_known_one(with_passwords):
    assert not await verify_password(None, "no account has this password")


async def test_the_pause_after_wrong_passwords_survives_a_restart(db, settings, with_passwords):
    email = with_passwords.alice.email
    for _ in range(ACCOUNT.free):
        assert (await sign_in(db, settings, email, NOON, "wrong")).retry_after == 0
    restarted = Database(db.api_url, db.worker_url)
    blocked = await sign_in(restarted, settings, email, NOON + timedelta(seconds=1))
    assert isinstance(blocked, Refusal)
    assert blocked.retry_after > 0
    later = await sign_in(restarted, settings, email, NOON + timedelta(seconds=16))
    assert isinstance(later, Login)
    await restarted.close()


async def test_parallel_guesses_do_not_slip_past_the_count(db, settings, with_passwords, admin):
    email = with_passwords.alice.email
    answers = await asyncio.gather(*(sign_in(db, settings, email, NOON, "wrong") for _ in range(12)))
    assert sum(answer.retry_after > 0 for answer in answers) == 12 - ACCOUNT.free
    blocked = admin.execute("SELECT count(*) FROM core.audit_log WHERE action = 'login.blocked'").fetchone()
    assert blocked == (1,)


async def test_one_address_cannot_try_many_accounts(db, settings, with_passwords):
    for number in range(ADDRESS.free):
        await sign_in(db, settings, f"guess{number}@x.example", NOON, "wrong")
    assert (await sign_in(db, settings, with_passwords.alice.email, NOON)).retry_after > 0


async def test_an_older_hash_is_made_anew_at_login(db, settings, with_passwords, admin):
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    admin.execute("UPDATE core.users SET password_hash = %s WHERE id = %s", [old, with_passwords.alice.id])
    assert isinstance(await sign_in(db, settings, with_passwords.alice.email, NOON), Login)
    statement = "SELECT password_hash FROM core.users WHERE id = %s"
    (fresh,) = admin.execute(statement, [with_passwords.alice.id]).fetchone()
    assert "m=19456,t=2,p=1" in fresh
    assert needs_rehash(old)
    assert not needs_rehash(fresh)


async def test_a_changed_password_ends_every_other_session(http, cookie_of, people, clock):
    elsewhere, here = await cookie_of(people.alice), await cookie_of(people.alice)
    body = {"current": PASSWORD, "new": "another calm harbour"}
    assert (await http.put("/api/v1/me/password", headers=here, json=body)).status_code == 204
    assert (await http.get("/api/v1/me", headers=elsewhere)).status_code == 401
    assert (await http.get("/api/v1/me", headers=here)).status_code == 200


async def test_a_wrong_current_password_counts_and_then_waits(http, cookie_of, people):
    headers = await cookie_of(people.alice)
    body = {"current": "wrong", "new": "another calm harbour"}
    answers = [await http.put("/api/v1/me/password", headers=headers, json=body) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_first_owner_is_made_once(db, http, admin):
    async with db.write(Scope.authn()) as session:
        assert await service.is_first_run(session)
        await service.create_first_owner(session, "olga@agency.example", PASSWORD, "Olga", NOON)
    with pytest.raises(Conflict):
        async with db.write(Scope.authn()) as session:
            await service.create_first_owner(session, "eve@evil.example", PASSWORD, "Eve", NOON)
    rows = admin.execute("SELECT email, role, is_staff FROM core.users").fetchall()
    assert rows == [("olga@agency.example", "owner", True)]


async def test_of_many_who_race_one_becomes_the_owner(db, admin):
    async def attempt(number: int) -> bool:
        try:
            async with db.write(Scope.authn()) as session:
                await service.create_first_owner(session, f"o{number}@x.example", PASSWORD, "O", NOON)
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(number) for number in range(8)))) == 1
    assert admin.execute("SELECT count(*) FROM core.users").fetchone() == (1,)


async def test_the_demo_owner_can_be_made_again_and_again(db, settings):
    for password in (PASSWORD, "another calm harbour"):
        async with db.write(Scope.authn()) as session:
            await service.ensure_demo_owner(session, "demo@x.example", password, "Demo", NOON)
    assert isinstance(await sign_in(db, settings, "demo@x.example", NOON, "another calm harbour"), Login)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("x" * 300, "password_long"),
        ("Password1234", "password_common"),
        ("123456789012", "password_common"),
        ("abababababab", "password_common"),
        ("abcdefghijklmno", "password_common"),
        ("alice@brandt.example1", "password_personal"),
        ("belvedere1234", "password_personal"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(password, code):
    assert password_problem(password, email="alice@brandt.example", name="Alice")[0] == code


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "zwölf ganz gewöhnliche wörter", "🐚🐋🦀🐙🪸🐡🦑🐠🦐🐬🦞🐟", "lower case only here"],
)
def test_long_and_uncommon_is_enough(password):
    assert password_problem(password, email="alice@brandt.example", name="Alice") is None


def test_the_common_list_holds_only_what_length_would_let_through():
    assert len(common_passwords()) > 200
    assert all(len(word) >= 12 for word in common_passwords())


@pytest.mark.parametrize("email", ["", "@", "a@", "@b", "a b@c.example", "a@b@c.example", "x\0@c.example"])
async def test_an_address_that_is_none_is_refused(db, email):
    with pytest.raises(Invalid):
        async with db.write(Scope.authn()) as session:
            await service.create_first_owner(session, email, PASSWORD, "Olga", NOON)


@given(st.integers(min_value=1, max_value=60))
def test_pauses_grow_and_end(failures):
    count = Count(0, NOON)
    waits = []
    for _ in range(failures):
        count = after_failure(count, ACCOUNT, NOON)
        waits.append(count.wait_seconds(NOON))
    assert waits == sorted(waits)
    assert max(waits) <= ACCOUNT.longest_pause.total_seconds()
    assert all(wait == 0 for wait in waits[: ACCOUNT.free - 1])
    fresh = after_failure(count, ACCOUNT, NOON + timedelta(hours=2))
    assert fresh == Count(1, NOON + timedelta(hours=2))


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_tokens_have_one_shape(number):
    token = token_from(number)
    assert TOKEN_PATTERN.fullmatch(token)
    assert is_token_shaped(token)


@given(st.integers(min_value=4, max_value=52), st.sampled_from("0aZ"))
def test_a_mistyped_token_is_known_by_its_checksum(place, letter):
    token = generate_token()
    typed = token[:place] + letter + token[place + 1 :]
    assert is_token_shaped(typed) is (typed == token)


def test_tokens_differ():
    assert len({generate_token() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("given_settings", "name", "secure"),
    [
        ({}, "belvedere", False),
        ({"public_url": "https://b.example"}, "__Host-belvedere", True),
        ({"environment": "production"}, "__Host-belvedere", True),
    ],
)
def test_the_cookie_is_pinned_wherever_there_is_https(given_settings, name, secure):
    settings = Settings(**given_settings)
    options = cookie_options(settings)
    assert cookie_name(settings) == name
    flags = (options["secure"], options["httponly"], options["samesite"], options["path"])
    assert flags == (secure, True, "lax", "/")
