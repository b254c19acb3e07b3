"""Rate limits of the platforms; the present moment (monotonic seconds) is always an argument."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class SlidingWindow:
    """At most `limit` calls in any `seconds`. Refused calls do not count."""

    limit: int
    seconds: float
    calls: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> float:
        """0.0 when the call may pass, else the seconds until one may."""
        while self.calls and self.calls[0] <= now - self.seconds:
            self.calls.popleft()
        if len(self.calls) >= self.limit:
            return self.calls[0] + self.seconds - now
        self.calls.append(now)
        return 0.0


@dataclass(slots=True)
class CostBucket:
    """A leaky bucket: `size` points at most, `restored` points come back each second."""

    size: float
    restored: float
    points: float = -1.0
    seen: float = 0.0

    def available(self, now: float) -> float:
        points = self.size if self.points < 0 else self.points + (now - self.seen) * self.restored
        self.points, self.seen = min(self.size, points), now
        return self.points

    def take(self, cost: float, now: float) -> bool:
        if self.available(now) < cost:
            return False
        self.points -= cost
        return True


@dataclass(slots=True)
class RouteBucket:
    """Discord's kind: `limit` calls, then none until the window that began with the first has passed."""

    limit: int
    seconds: float
    remaining: int = 0
    resets_at: float = 0.0

    def take(self, now: float) -> float:
        """0.0 when the call may pass, else the seconds until the window resets."""
        if now >= self.resets_at:
            self.remaining, self.resets_at = self.limit, now + self.seconds
        if self.remaining == 0:
            return self.resets_at - now
        self.remaining -= 1
        return 0.0
