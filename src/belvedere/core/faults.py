"""Named places where a test may make the program die or fail; off unless BELVEDERE_FAULTS names them.

`BELVEDERE_FAULTS="delivery.sent=kill,snapshot.stored=error@3"`: at the named point the process kills itself
(`kill`), raises (`error`) or stops itself (`stop`, SIGSTOP); `@n` waits for the n-th hit of the point.
"""

import os
import signal
from collections import Counter
from dataclasses import dataclass, field

ALERT_POINTS = (
    "snapshot.fetched",
    "snapshot.storing",
    "snapshot.stored",
    "evaluation.judged",
    "evaluation.committed",
    "delivery.claimed",
    "delivery.sending",
    "delivery.sent",
    "delivery.acknowledged",
)
"""Those that an alert passes, in order."""

CLOCK_POINTS = (
    "tick.told",
    "tick.committed",
    "storm.told",
    "storm.committed",
    "digest.written",
    "digest.committed",
)
"""Those of what time alone sets off: before the transaction ends, and after."""

KNOWN_POINTS = (*ALERT_POINTS, *CLOCK_POINTS)
"""Every fault point of the program."""


class FaultInjected(RuntimeError):
    """Raised at a fault point that was armed with `error`."""


@dataclass
class _Plan:
    actions: dict[str, tuple[str, int]] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)


def parse_plan(spec: str) -> dict[str, tuple[str, int]]:
    """Read a BELVEDERE_FAULTS value into point -> (action, n-th hit); raises ValueError on an unknown point or action."""
    actions: dict[str, tuple[str, int]] = {}
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        point, _, action = part.partition("=")
        action, _, nth = action.partition("@")
        wrong = point not in KNOWN_POINTS or action not in ("kill", "error", "stop")
        if wrong or not (nth or "1").isdecimal():
            raise ValueError(
                f"BELVEDERE_FAULTS: no such fault point or action: {part!r}. Points: {', '.join(KNOWN_POINTS)};"
                " written POINT=kill, POINT=error or POINT=stop, with @n for the n-th time."
            )
        actions[point] = (action, int(nth or 1))
    return actions


_plan = _Plan(parse_plan(os.environ.get("BELVEDERE_FAULTS", "")))


def arm(spec: str) -> None:
    """Replace the plan inside this process; an empty text disarms all points."""
    _plan.actions = parse_plan(spec)
    _plan.hits.clear()


def faultpoint(name: str) -> None:
    """Do what the plan says for this point; nothing in production."""
    if not _plan.actions or name not in _plan.actions:
        return
    _plan.hits[name] += 1
    action, nth = _plan.actions[name]
    if _plan.hits[name] != nth:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
        return
    raise FaultInjected(f"fault injected at {name}")
