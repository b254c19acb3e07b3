from itertools import product

import pytest
from tests.accounts.conftest import NOON
from tests.people import BRANDT, MARLOW

from belvedere.accounts.contracts import Membership, Principal, Role
from belvedere.accounts.door import doors_of
from belvedere.accounts.permissions import (
    GOVERNORS,
    INSTALLATION_WIDE,
    STAFF_ONLY,
    Permission,
    allowed,
    may_manage_user,
    permissions_of,
)
from belvedere.core.ids import new_id


def principal(role: Role = Role.VIEWER, *, staff: bool = True, **extra) -> Principal:
    return Principal(new_id(NOON), "a@b.example", "A", role, staff, **extra)


def words(role: Role) -> set[str]:
    return {word.value for word in permissions_of(principal(role))}


READS_OF_ALL = {
    "me.read", "me.write", "docs.read", "sources.read", "records.read", "rules.read", "alerts.read",
    "deliveries.read", "channels.read", "clients.read", "tokens.read", "jobs.read", "logs.read",
    "export.read", "schema.read",
}  # fmt: skip


def test_the_matrix_stands_as_written_here():
    assert words(Role.VIEWER) == READS_OF_ALL
    assert words(Role.OPERATOR) == READS_OF_ALL | {
        "credentials.read", "alerts.write", "sources.run", "deliveries.write", "tokens.write"
    }  # fmt: skip
    assert words(Role.ANALYST) == READS_OF_ALL | {
        "credentials.read", "rules.write", "alerts.write", "tokens.write"
    }  # fmt: skip
    assert words(Role.ADMIN) == words(Role.OWNER) == {word.value for word in Permission}


ROUTES = {
    ("GET", "/api/v1/me"): "me.read",
    ("PATCH", "/api/v1/me"): "me.write",
    ("PUT", "/api/v1/me/password"): "me.write",
    ("POST", "/api/v1/me/step-up"): "me.write",
    ("GET", "/api/v1/clients"): "clients.read",
    ("POST", "/api/v1/clients"): "clients.write",
    ("GET", "/api/v1/clients/{client_id}"): "clients.read",
    ("PATCH", "/api/v1/clients/{client_id}"): "clients.write",
    ("POST", "/api/v1/clients/{client_id}/archive"): "clients.write",
    ("GET", "/api/v1/users"): "users.read",
    ("POST", "/api/v1/users"): "users.write",
    ("GET", "/api/v1/users/{user_id}"): "users.read",
    ("PATCH", "/api/v1/users/{user_id}"): "users.write",
    ("POST", "/api/v1/users/{user_id}/deactivate"): "users.write",
    ("PUT", "/api/v1/users/{user_id}/password"): "users.write",
    ("PUT", "/api/v1/users/{user_id}/memberships/{client_id}"): "users.write",
    ("DELETE", "/api/v1/users/{user_id}/memberships/{client_id}"): "users.write",
    ("GET", "/api/v1/tokens"): "tokens.read",
    ("POST", "/api/v1/tokens"): "tokens.write",
    ("DELETE", "/api/v1/tokens/{token_id}"): "tokens.write",
    ("GET", "/api/v1/sessions"): "me.read",
    ("DELETE", "/api/v1/sessions/{session_id}"): "me.write",
    ("GET", "/api/v1/credentials"): "credentials.read",
    ("POST", "/api/v1/clients/{client_id}/credentials"): "credentials.write",
    ("PUT", "/api/v1/clients/{client_id}/credentials/{credential_id}"): "credentials.write",
    ("DELETE", "/api/v1/clients/{client_id}/credentials/{credential_id}"): "credentials.write",
}


def test_every_route_asks_what_is_written_here(app):
    found = {
        (method, door.path): door.permission
        for door in doors_of(app)
        for method in door.methods
        if door.path.startswith("/api/")
    }
    assert found == ROUTES


async def test_each_role_is_let_in_where_the_matrix_says_so(http, app, admin, token_of, people):
    """Every route is tried as every role; a refusal at the door is a 403, anything else got past it."""
    for role in Role:
        admin.execute("UPDATE core.users SET role = %s WHERE id = %s", [role, people.olga.id])
        for (method, path), permission in ROUTES.items():
            filled = path.replace("{client_id}", str(BRANDT))
            for name in ("{user_id}", "{token_id}", "{session_id}", "{credential_id}"):
                filled = filled.replace(name, str(people.bob.id))
            answer = await http.request(method, filled, headers=token_of(people.olga, permission), json={})
            may = allowed(principal(role), permission).allowed
            refused = answer.status_code == 403 and "does not include" in answer.json()["detail"]
            assert refused is not may, (role, method, path, answer.text)


@pytest.mark.parametrize("role", list(Role))
def test_client_users_never_touch_the_agencys_house(role):
    person = principal(role, staff=False, memberships=(Membership(BRANDT, role),))
    for word in STAFF_ONLY:
        assert not allowed(person, word)
        assert not allowed(person, word, BRANDT)


def test_a_role_counts_where_it_is_held():
    held = (Membership(BRANDT, Role.ANALYST), Membership(MARLOW, Role.VIEWER))
    person = principal(staff=False, memberships=held)
    assert allowed(person, "rules.write")
    assert allowed(person, "rules.write", BRANDT)
    assert not allowed(person, "rules.write", MARLOW)
    assert allowed(person, "rules.read", MARLOW)
    assert allowed(person, "rules.read", 3).hidden
    assert allowed(person, "rules.read", 0).hidden


def test_staff_keep_their_role_at_the_agency_and_members_roles_elsewhere():
    person = principal(Role.VIEWER, memberships=(Membership(BRANDT, Role.ADMIN),))
    assert allowed(person, "rules.read", 0)
    assert not allowed(person, "rules.write", 0)
    assert allowed(person, "credentials.write", BRANDT)
    assert not allowed(person, "users.write")
    assert not allowed(person, "clients.write", BRANDT)


def test_a_token_never_does_more_than_its_person():
    for role, word in product(Role, Permission):
        bare = principal(role)
        with_token = principal(role, scopes=frozenset({word.value}))
        assert allowed(with_token, word).allowed == allowed(bare, word).allowed
        for other in Permission:
            if other != word:
                assert not allowed(with_token, other)


def test_a_bound_token_stays_in_its_client():
    bound = principal(Role.OWNER, scopes=frozenset(word.value for word in Permission), token_client_id=BRANDT)
    assert allowed(bound, "rules.write", BRANDT)
    assert allowed(bound, "rules.write", MARLOW).hidden
    assert not any(allowed(bound, word) for word in INSTALLATION_WIDE)


@pytest.mark.parametrize(("who", "target"), list(product(Role, Role)))
def test_only_owners_manage_owners(who, target):
    decision = may_manage_user(principal(who), target)
    assert decision.allowed == (target is not Role.OWNER or who is Role.OWNER)
    assert not may_manage_user(principal(who), target, target_is_self=True)
    assert Role.OWNER in GOVERNORS
