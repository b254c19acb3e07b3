"""PostgreSQL roles of an installation.

Group roles are shared by all databases of a server and carry no secret. Login roles belong to one database (their
names begin with it), have no rights of their own (NOINHERIT) and may only become the groups named here.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from belvedere.core.errors import SetupError

RACES = (psycopg.errors.InternalError_, psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject)
"""What a migration of another database of the server causes here: roles are shared, locks of a program are not."""
TRIES, WAIT_SECONDS = 20, 0.05

GROUPS: dict[str, LiteralString] = {
    "owner_r": "NOLOGIN",  # owns every object; only migrations become it
    "authz_r": "NOLOGIN",  # owns the functions that answer "whose clients", with policies of its own
    "vault_r": "NOLOGIN",  # owns the functions that touch sealed credentials; alone may read them
    "auditor_r": "NOLOGIN",  # owns the function that appends to the audit log
    "authenticated": "NOLOGIN",
    "anon": "NOLOGIN",
    "authn_r": "NOLOGIN",  # finds out who somebody is
    "worker_scoped": "NOLOGIN",  # a job for one client
    "service_role": "NOLOGIN",  # loops across clients
    "log_writer": "NOLOGIN",
    "inspector_r": "NOLOGIN",  # reads everything but secrets, for psql and BI tools
    "loader": "NOLOGIN BYPASSRLS",  # COPY into the bulk tables and nothing else; PostgreSQL refuses COPY under RLS
}


@dataclass(frozen=True, slots=True)
class Login:
    suffix: str
    groups: tuple[str, ...]
    inherits: bool = False


LOGINS = {
    "api": Login("api_login", ("authenticated", "anon", "authn_r", "log_writer")),
    "worker": Login("worker_login", ("worker_scoped", "service_role", "loader", "log_writer")),
    "psql": Login("psql_login", ("inspector_r",), inherits=True),
}


def login_name(database: str, kind: str) -> str:
    return f"{database}_{LOGINS[kind].suffix}"


def login_secret(data_dir: Path, master_key: str | None) -> bytes:
    """What the passwords of the login roles are made from: the master key, else a file of the data directory.

    Several machines on one database share the master key, and so agree on the passwords.
    """
    if master_key:
        return base64.b64decode(master_key)
    path = data_dir / "keys" / "database.key"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text().strip())
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())


def login_password(secret: bytes, database: str, kind: str) -> str:
    return hmac.new(secret, f"login:{database}:{kind}".encode(), hashlib.sha256).hexdigest()


def ensure_roles(connection: psycopg.Connection, secret: bytes) -> None:
    """Create or refresh the group and login roles of this database; safe to repeat and to race."""
    connection.execute("SELECT pg_advisory_lock(884201)")
    try:
        for last in range(TRIES, 0, -1):
            try:
                _ensure_all(connection, secret)
            except RACES:
                if last == 1:
                    raise
                time.sleep(WAIT_SECONDS)
            else:
                break
    except psycopg.errors.InsufficientPrivilege as error:
        raise SetupError(
            f"The database user {connection.info.user!r} may not create roles ({error.diag.message_primary})."
            " Run `belvedere migrate` once with a DATABASE_URL of a superuser.",
            code="database_rights",
        ) from error
    finally:
        connection.execute("SELECT pg_advisory_unlock(884201)")


def _ensure_all(connection: psycopg.Connection, secret: bytes) -> None:
    database = connection.info.dbname
    for name, options in GROUPS.items():
        _create_role(connection, name, sql.SQL(options))
    for kind in LOGINS:
        _ensure_login(connection, database, kind, login_password(secret, database, kind))
    _grant_membership(connection)


def _create_role(connection: psycopg.Connection, name: str, options: sql.SQL) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    if known is None:
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), options))


def _ensure_login(connection: psycopg.Connection, database: str, kind: str, password: str) -> None:
    login = LOGINS[kind]
    name = sql.Identifier(login_name(database, kind))
    _create_role(connection, login_name(database, kind), sql.SQL("LOGIN"))
    inherit = sql.SQL("INHERIT" if login.inherits else "NOINHERIT")
    connection.execute(sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(name, inherit, sql.Literal(password)))
    for group in login.groups:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))
    if kind == "psql":
        connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(name))
        connection.execute(sql.SQL("ALTER ROLE {} SET search_path = watch, core, public").format(name))


def _grant_membership(connection: psycopg.Connection) -> None:
    database = sql.Identifier(connection.info.dbname)
    # The migrating user becomes the owner, and the owner hands functions to the three roles that may run them.
    connection.execute("GRANT owner_r TO CURRENT_USER")
    connection.execute("GRANT authz_r, vault_r, auditor_r TO owner_r")
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        # Lets the loader check foreign keys by set; without it the server checks each row, which is only slower.
        connection.execute("GRANT SET ON PARAMETER session_replication_role TO loader")
    connection.execute(sql.SQL("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO owner_r").format(database))
    connection.execute(
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO worker_scoped, service_role").format(database)
    )
