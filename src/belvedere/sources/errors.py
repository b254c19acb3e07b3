"""What can go wrong with a reading, as a person sees it."""

from belvedere.core.errors import BelvedereError, Conflict


class ReadingFailed(BelvedereError):
    """The reading did not come about. `permanent`: trying again alone will not help; `retry_after` is in seconds."""

    status = 502
    code = "reading_failed"
    title = "The reading failed"

    def __init__(
        self, detail: str, *, code: str, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.permanent = permanent
        self.retry_after = retry_after


class AlreadyRunning(Conflict):
    """A reading of this account is on its way already."""

    code = "already_running"


class LeaseLost(Conflict):
    """Another worker has taken the reading over; what this one did is dropped."""

    code = "lease_lost"
