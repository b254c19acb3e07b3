"""What a failed reading tells a person: what went wrong, and what to do or to wait for. Pure."""

from datetime import UTC, datetime

from belvedere.core.errors import BelvedereError, ExternalError

REFUSED_LOGIN = (401, 403)


def failure_message(
    error: BelvedereError, *, has_credential: bool, next_due_at: datetime | None, now: datetime
) -> str:
    """The error's own words, and the next step; `next_due_at` is None where nothing is read again by itself."""
    if not isinstance(error, ExternalError) or error.code == "credential_missing":
        return error.detail
    if error.status_code in REFUSED_LOGIN and has_credential:
        return (
            f"{error.provider} refused the credential ({error.status_code})."
            " Replace it under Settings → Credentials, then read again."
        )
    if error.permanent or next_due_at is None:
        return error.detail
    end = "" if error.detail.endswith((".", "!", "?")) else "."
    return f"{error.detail}{end} It is read again {_when(next_due_at, now)}."


def _when(at: datetime, now: datetime) -> str:
    at, today = at.astimezone(UTC), now.astimezone(UTC).date()
    return f"at {at:%H:%M} UTC" if at.date() == today else f"on {at:%Y-%m-%d} at {at:%H:%M} UTC"
