"""What every connector offers and what travels between a connector and its caller."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict

from belvedere.core.budgets import Budget
from belvedere.core.egress import HttpAnswer, HttpClient
from belvedere.core.errors import ExternalError

__all__ = [
    "Budget",
    "Connector",
    "ConnectorSettings",
    "CredentialField",
    "ErrorClass",
    "HttpAnswer",
    "HttpClient",
    "Page",
    "RowProblem",
    "SendError",
    "classify_external",
    "rate_budget",
]


class ErrorClass(StrEnum):
    """What a failure asks for: try again, mend the credential, mend the settings, or it is no more."""

    RETRY = "retry"
    AUTH = "auth"
    PERMANENT = "permanent"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that could not be read, where it stands (1 is the first line or element) and how to mend it.

    `ends_reading` says that nothing after it could be read either, so that the reading is not a full one.
    """

    row_number: int
    code: str
    field: str | None
    detail: str
    payload: str
    ends_reading: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of one reading: parsed rows, or the raw document; `next_cursor` resumes after this page.

    `expected_total` is what the platform says the whole reading holds, when it says so.
    """

    rows: list[dict[str, Any]] | None
    raw: bytes | None
    next_cursor: str | None
    expected_total: int | None
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One secret a person has to enter: `name` is its key in the credential, the rest is for the form."""

    name: str
    label: str
    help: str


class ConnectorSettings(BaseModel):
    """Base of every connector's settings; the web renders its fields and their descriptions as a form."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SettingsT = TypeVar("SettingsT", bound=ConnectorSettings)


@runtime_checkable
class Connector(Protocol[SettingsT]):
    """One endpoint of one platform, read page by page."""

    @property
    def provider(self) -> str: ...

    @property
    def endpoint(self) -> str: ...

    @property
    def display_name(self) -> str: ...

    @property
    def settings_model(self) -> type[SettingsT]: ...

    @property
    def credential_fields(self) -> tuple[CredentialField, ...]: ...

    @property
    def mapping_name(self) -> str:
        """Name of the shipped mapping that turns rows into records."""
        ...

    def budget(self, settings: SettingsT) -> Budget:
        """The rate that one account of this platform allows."""
        ...

    def pages(
        self, http: HttpClient, settings: SettingsT, credential: Mapping[str, str], cursor: str | None
    ) -> AsyncIterator[Page]:
        """Read from the start, or from where `cursor` (a `Page.next_cursor`) left off."""
        ...

    def classify(self, error: ExternalError) -> ErrorClass:
        """Say what a failure of `pages` asks for."""
        ...


def rate_budget(provider: str, account: str, *, requests: int, seconds: float) -> Budget:
    """A budget that keeps any window of `seconds` within `requests`.

    A full bucket and what drips in during the window add up to the limit, so a fifth is kept for bursts.
    """
    burst = max(1, requests // 5)
    return Budget(provider, account, capacity=burst, refill_per_second=max(1, requests - burst) / seconds)


class SendError(ExternalError):
    """A message could not be handed over; `outcome_known` is False when it may have arrived all the same."""

    def __init__(
        self,
        detail: str,
        *,
        provider: str,
        permanent: bool,
        code: str | None = None,
        status_code: int | None = None,
        retry_after: float | None = None,
        outcome_known: bool = True,
    ) -> None:
        super().__init__(
            detail,
            provider=provider,
            permanent=permanent,
            code=code,
            status_code=status_code,
            retry_after=retry_after,
        )
        self.outcome_known = outcome_known


def classify_external(error: ExternalError) -> ErrorClass:
    """The common reading of an outside failure: 401 and 403 ask for a credential, 410 says gone."""
    if error.status_code in {401, 403}:
        return ErrorClass.AUTH
    if error.status_code == 410:
        return ErrorClass.GONE
    return ErrorClass.PERMANENT if error.permanent else ErrorClass.RETRY
