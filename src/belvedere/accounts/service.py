"""The door for other domains, pages and commands: every use case of accounts. None of them commits."""

from belvedere.accounts.api_tokens import create_token, list_tokens, revoke_token
from belvedere.accounts.clients import (
    archive_client,
    change_client,
    create_client,
    get_client,
    list_clients,
    must_find_clients,
)
from belvedere.accounts.first_run import create_first_owner, ensure_demo_owner, is_first_run
from belvedere.accounts.idempotent import sweep_keys
from belvedere.accounts.keyring import KeyRing, installed_keyring, load_keyring, use_keyring
from belvedere.accounts.logins import (
    change_password,
    list_sessions,
    log_in,
    log_out,
    revoke_session,
    step_up,
)
from belvedere.accounts.names import name_people
from belvedere.accounts.people import (
    change_oneself,
    change_person,
    create_person,
    deactivate_person,
    get_person,
    list_people,
    remove_membership,
    set_membership,
    set_person_password,
)
from belvedere.accounts.throttle import sweep_throttles
from belvedere.accounts.vault import (
    Rotation,
    delete_credential,
    get_credential,
    list_credentials,
    open_credential,
    rotate_keys,
    store_credential,
)

__all__ = [
    "KeyRing",
    "Rotation",
    "archive_client",
    "change_client",
    "change_oneself",
    "change_password",
    "change_person",
    "create_client",
    "create_first_owner",
    "create_person",
    "create_token",
    "deactivate_person",
    "delete_credential",
    "ensure_demo_owner",
    "get_client",
    "get_credential",
    "get_person",
    "installed_keyring",
    "is_first_run",
    "list_clients",
    "list_credentials",
    "list_people",
    "list_sessions",
    "list_tokens",
    "load_keyring",
    "log_in",
    "log_out",
    "must_find_clients",
    "name_people",
    "open_credential",
    "remove_membership",
    "revoke_session",
    "revoke_token",
    "rotate_keys",
    "set_membership",
    "set_person_password",
    "step_up",
    "store_credential",
    "sweep_keys",
    "sweep_throttles",
    "use_keyring",
]
