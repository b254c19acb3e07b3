"""Which role may do what: one matrix, read by every door and every object check."""

from dataclasses import dataclass
from enum import StrEnum

from belvedere.accounts.contracts import Principal, Role
from belvedere.core.schema import AGENCY


class Permission(StrEnum):
    """Every word that a route or a token scope may name."""

    ME_READ = "me.read"
    ME_WRITE = "me.write"
    DOCS_READ = "docs.read"
    SOURCES_READ = "sources.read"
    SOURCES_WRITE = "sources.write"
    SOURCES_RUN = "sources.run"
    RECORDS_READ = "records.read"
    RULES_READ = "rules.read"
    RULES_WRITE = "rules.write"
    ALERTS_READ = "alerts.read"
    ALERTS_WRITE = "alerts.write"
    DELIVERIES_READ = "deliveries.read"
    DELIVERIES_WRITE = "deliveries.write"
    CHANNELS_READ = "channels.read"
    CHANNELS_WRITE = "channels.write"
    CLIENTS_READ = "clients.read"
    CLIENTS_WRITE = "clients.write"
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"
    CREDENTIALS_READ = "credentials.read"
    CREDENTIALS_WRITE = "credentials.write"
    TOKENS_READ = "tokens.read"
    TOKENS_WRITE = "tokens.write"
    AUDIT_READ = "audit.read"
    JOBS_READ = "jobs.read"
    LOGS_READ = "logs.read"
    EXPORT_READ = "export.read"
    SCHEMA_READ = "schema.read"


P = Permission
EVERYTHING = frozenset(Permission)
OF_ONESELF = frozenset({P.ME_READ, P.ME_WRITE, P.DOCS_READ})
"""What everybody signed in may do, whatever their role: see and keep their own account."""

_READS = frozenset(word for word in Permission if word.value.endswith(".read"))
# Who the people are and what they did is for those who govern; the row policies of those tables say the same.
_STAFF_READS = _READS - {P.USERS_READ, P.AUDIT_READ}
_VIEWER = (_STAFF_READS - {P.CREDENTIALS_READ}) | OF_ONESELF
_OPERATOR = _STAFF_READS | OF_ONESELF | {P.ALERTS_WRITE, P.SOURCES_RUN, P.DELIVERIES_WRITE, P.TOKENS_WRITE}
_ANALYST = _STAFF_READS | OF_ONESELF | {P.RULES_WRITE, P.ALERTS_WRITE, P.TOKENS_WRITE}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: EVERYTHING,
    # An admin differs from an owner in one thing, which `may_manage_user` decides: owners.
    Role.ADMIN: EVERYTHING,
    Role.ANALYST: _ANALYST,
    Role.OPERATOR: _OPERATOR,
    Role.VIEWER: _VIEWER,
}

STAFF_ONLY = frozenset(
    {
        P.USERS_READ,
        P.USERS_WRITE,
        P.CREDENTIALS_READ,
        P.CREDENTIALS_WRITE,
        P.AUDIT_READ,
        P.CHANNELS_WRITE,
        P.CLIENTS_WRITE,
        P.JOBS_READ,
        P.LOGS_READ,
        P.SCHEMA_READ,
    }
)
"""What no client user may do, even as an owner at their client: it concerns the agency's own house."""

INSTALLATION_WIDE = frozenset(
    {P.USERS_READ, P.USERS_WRITE, P.CLIENTS_WRITE, P.AUDIT_READ, P.JOBS_READ, P.LOGS_READ, P.SCHEMA_READ}
)
"""Decided by the person's own role alone; a role held at one client does not open them."""

GOVERNORS = frozenset({Role.OWNER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, with the reason in words. `hidden` says that not even the existence may be told."""

    allowed: bool
    reason: str
    hidden: bool = False

    def __bool__(self) -> bool:
        return self.allowed


def allowed(principal: Principal, permission: str, client_id: int | None = None) -> Decision:
    """May `principal` do this at `client_id`? With None: at any client at all (the question a door asks)."""
    word = Permission(permission)
    if principal.scopes is not None and word.value not in principal.scopes:
        return Decision(False, f"The token does not carry the scope {word}.")
    if word in STAFF_ONLY and not principal.is_staff:
        return Decision(False, f"Only agency staff may use {word}.")
    if word in OF_ONESELF:
        return Decision(True, "Everybody keeps their own account.")
    if word in INSTALLATION_WIDE and principal.token_client_id is not None:
        return Decision(False, f"The token is bound to one client, and {word} reaches beyond it.")
    at = principal.token_client_id if client_id is None else client_id
    if at is not None and word not in INSTALLATION_WIDE:
        return _at_client(principal, word, at)
    return _anywhere(principal, word)


def role_at(principal: Principal, client_id: int) -> Role | None:
    """The role that counts at one client, or None where the client is out of reach."""
    if principal.token_client_id is not None and principal.token_client_id != client_id:
        return None
    if principal.is_staff and principal.role in GOVERNORS:
        return principal.role
    if principal.is_staff and client_id == AGENCY:
        return principal.role
    if client_id == AGENCY:
        return None
    return next((m.role for m in principal.memberships if m.client_id == client_id), None)


def reaches_everybody(principal: Principal) -> bool:
    """Whether every client is in reach; what is written for the agency's own row may count for all of them."""
    return principal.token_client_id is None and principal.is_staff and principal.role in GOVERNORS


def permissions_of(principal: Principal) -> frozenset[Permission]:
    """Every word that is allowed somewhere; what a page needs to know which links to show."""
    return frozenset(word for word in Permission if allowed(principal, word))


def may_manage_user(principal: Principal, target_role: Role, *, target_is_self: bool = False) -> Decision:
    """May `principal` create, change or deactivate a person of `target_role`? Only owners manage owners."""
    if target_role is Role.OWNER and principal.role is not Role.OWNER:
        return Decision(False, "Only an owner may add or change an owner.")
    if target_is_self:
        return Decision(False, "Nobody changes their own role or switches themselves off.")
    return Decision(True, "This role manages people.")


def _at_client(principal: Principal, word: Permission, client_id: int) -> Decision:
    role = role_at(principal, client_id)
    if role is None:
        return Decision(False, "There is no such client.", hidden=True)
    return _by_role(role, word)


def _anywhere(principal: Principal, word: Permission) -> Decision:
    decision = _by_role(principal.role, word) if principal.is_staff else Decision(False, "No client is open.")
    if decision or word in INSTALLATION_WIDE:
        return decision
    for membership in principal.memberships:
        here = _at_client(principal, word, membership.client_id)
        if here:
            return here
        decision = decision if principal.is_staff else here
    return decision


def _by_role(role: Role, word: Permission) -> Decision:
    if word in ROLE_PERMISSIONS[role]:
        return Decision(True, f"The role {role} includes {word}.")
    return Decision(False, f"The role {role} does not include {word}.")
