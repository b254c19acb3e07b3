"""Who a transaction acts for: the database role, the person and the clients in view."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

ALL_CLIENTS: Literal["*"] = "*"


class DbRole(StrEnum):
    """PostgreSQL roles that a transaction may take; their rights stand in `migrations/policies.py`."""

    AUTHENTICATED = "authenticated"
    ANON = "anon"
    AUTHN = "authn_r"
    WORKER_SCOPED = "worker_scoped"
    SERVICE = "service_role"
    LOADER = "loader"
    LOG_WRITER = "log_writer"
    INSPECTOR = "inspector_r"


WEB_ROLES = frozenset({DbRole.AUTHENTICATED, DbRole.ANON, DbRole.AUTHN})


@dataclass(frozen=True, slots=True)
class Scope:
    """What one transaction may see. `clients`: one client, "*" for every client of the person, or None for none."""

    role: DbRole
    user_id: UUID | None = None
    clients: int | Literal["*"] | None = None
    actor: str = "system"

    @classmethod
    def person(
        cls, user_id: UUID, clients: int | Literal["*"] = ALL_CLIENTS, actor: str = "person"
    ) -> "Scope":
        return cls(DbRole.AUTHENTICATED, user_id, clients, actor)

    @classmethod
    def client(cls, client_id: int, actor: str = "worker") -> "Scope":
        """A job that works for one client and can touch no other."""
        return cls(DbRole.WORKER_SCOPED, None, client_id, actor)

    @classmethod
    def service(cls, actor: str = "service") -> "Scope":
        """Loops across clients: the scheduler, the sender, the sweeps."""
        return cls(DbRole.SERVICE, None, None, actor)

    @classmethod
    def authn(cls) -> "Scope":
        """Finding out who somebody is."""
        return cls(DbRole.AUTHN, None, None, "authn")

    @classmethod
    def anonymous(cls) -> "Scope":
        return cls(DbRole.ANON, None, None, "anonymous")
