"""The clock by which a sender keeps its leases."""

import time


def steady_seconds() -> float:
    """A clock that also counts the time in which this machine slept."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
