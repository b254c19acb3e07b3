"""What the sandbox was told to do wrong, on which platform and how often."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from belvedere.core.errors import Invalid


class Target(StrEnum):
    OMNISEND = "omnisend"
    SHOPIFY = "shopify"
    SHOP = "shop"
    DISCORD = "discord"
    SMTP = "smtp"
    HOOKS = "hooks"


class Mode(StrEnum):
    """How a platform fails; see the package's README for what each looks like on each platform."""

    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    DUPLICATE_PAGES = "duplicate_pages"
    REORDERED_PAGES = "reordered_pages"
    EMPTY = "empty"
    GARBAGE = "garbage"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    AUTH = "auth"
    REJECT = "reject"
    NONE = "none"


PAGE_MODES = frozenset({Mode.DUPLICATE_PAGES, Mode.REORDERED_PAGES, Mode.EMPTY})


@dataclass(slots=True)
class Fault:
    """`times` None lasts until cleared. `seconds`: longest silence. `retry_after`: what a 429 asks for."""

    target: Target
    mode: Mode
    times: int | None = None
    path_contains: str = ""
    seconds: float = 60.0
    retry_after: float = 1.0
    is_global: bool = False
    used: int = 0

    def shown(self) -> dict[str, Any]:
        return asdict(self)


class FaultPlan:
    """Armed faults, oldest first; the first that fits a request is the one that happens."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """`none` clears the target instead."""
        if fault.times is not None and fault.times < 1:
            raise Invalid("'times' is at least 1; leave it out to go on until it is cleared.")
        if fault.mode is Mode.NONE:
            self.faults = [one for one in self.faults if one.target is not fault.target]
        else:
            self.faults.append(fault)

    def take(self, target: Target, path: str, *, only: Mode | None = None) -> Fault | None:
        """The fault that happens now, if any; `only` leaves those of other modes for later."""
        for fault in self.faults:
            if only not in (None, fault.mode):
                continue
            if fault.target is target and fault.path_contains in path:
                fault.used += 1
                if fault.times is not None and fault.used >= fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self.faults.clear()


def parse_fault(wanted: dict[str, Any]) -> Fault:
    """Reads the body of `POST /control/misbehave`; says which word is unknown."""
    try:
        target, mode = Target(str(wanted.get("target"))), Mode(str(wanted.get("mode")))
    except ValueError as error:
        raise Invalid(
            f"{error}. Targets: {', '.join(Target)}. Modes: {', '.join(Mode)}.",
        ) from error
    times = wanted.get("times")
    try:
        return Fault(
            target=target,
            mode=mode,
            times=int(times) if times not in (None, "") else None,
            path_contains=str(wanted.get("path_contains") or ""),
            seconds=float(wanted.get("seconds") or 60.0),
            retry_after=float(wanted.get("retry_after") or 1.0),
            is_global=bool(wanted.get("global")),
        )
    except (TypeError, ValueError) as error:
        raise Invalid("'times', 'seconds' and 'retry_after' are numbers.") from error
