"""When a daily or weekly digest is due: boundaries on the wall clock of a zone. Pure: the moment is an argument.

A boundary is the instant at which clocks in the zone show the time of day. Where the spring change leaves that time
out, it is the first instant after the gap; where the autumn change repeats it, it is the first of the two. So each
local day (or week) has exactly one, and the time between two of them is 23, 24 or 25 hours on a daily schedule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim

from belvedere.core.zones import utc, zone_names
from belvedere.watchtower.contracts import NotifySchedule

DEFAULT_TIME = time(9)
MONDAY = 1
"""Days count from Sunday, which is 0, as PostgreSQL and cron count them."""

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_RUN_UP = {NotifySchedule.DAILY: timedelta(days=3), NotifySchedule.WEEKLY: timedelta(days=15)}


@dataclass(frozen=True, slots=True)
class Schedule:
    """One time of day, each day or on one day of the week, in one zone. `day` says nothing for a daily one."""

    kind: NotifySchedule
    clock: time = DEFAULT_TIME
    zone: str = "UTC"
    day: int = MONDAY

    @classmethod
    def of(cls, kind: NotifySchedule, clock: time | None, day: int | None, zone: str) -> "Schedule":
        """From a rule's settings: 09:00 and Monday where it says nothing, and whole minutes."""
        at = DEFAULT_TIME if clock is None else time(clock.hour, clock.minute)
        return cls(kind, at, zone, MONDAY if day is None or kind is NotifySchedule.DAILY else day)

    @property
    def expression(self) -> str:
        """As a line of cron."""
        day = str(self.day) if self.kind is NotifySchedule.WEEKLY else "*"
        return f"{self.clock.minute} {self.clock.hour} * * {day}"

    @property
    def words(self) -> str:
        """`Daily at 09:00` or `Mondays at 09:00`."""
        at = self.clock.strftime("%H:%M")
        return f"Daily at {at}" if self.kind is NotifySchedule.DAILY else f"{WEEKDAYS[self.day]}s at {at}"


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """The zone that counts; `note` says which name before it is not known."""

    name: str
    note: str | None = None


def choose_zone(*names: str | None) -> ZoneChoice:
    """The first known zone of the rule's, the client's and the agency's, else UTC."""
    broken: list[str] = []
    for name in (*names, "UTC"):
        word = (name or "").strip()
        if word and word in zone_names():
            return ZoneChoice(word, _note(broken, word))
        if word:
            broken.append(word)
    return ZoneChoice("UTC", _note(broken, "UTC"))


def _note(broken: list[str], used: str) -> str | None:
    if not broken:
        return None
    names = " and ".join(f"“{name}”" for name in broken)
    verb = "is not a time zone" if len(broken) == 1 else "are not time zones"
    return f"{names} {verb}; {used} counts instead."


def next_boundary(schedule: Schedule, moment: datetime) -> datetime:
    """The first boundary after `moment` (UTC)."""
    return _around(schedule, utc(moment))[1]


def last_boundary(schedule: Schedule, moment: datetime) -> datetime:
    """The newest boundary that is not after `moment` (UTC): `moment` itself when it is one."""
    return _around(schedule, utc(moment))[0]


def boundary_before(schedule: Schedule, boundary: datetime) -> datetime:
    """The boundary before this one, so that (that, this] is its window."""
    return last_boundary(schedule, boundary - timedelta(microseconds=1))


def boundaries_after(schedule: Schedule, moment: datetime) -> Iterator[datetime]:
    """Every boundary after `moment`, in order and without end."""
    found = next_boundary(schedule, moment)
    while True:
        yield found
        found = next_boundary(schedule, found)


def latest_of(schedules: Iterable[Schedule], moment: datetime) -> datetime:
    """The newest boundary of any of the schedules that is not after `moment`."""
    return max(last_boundary(schedule, moment) for schedule in schedules)


@lru_cache(maxsize=4096)
def _around(schedule: Schedule, moment: datetime) -> tuple[datetime, datetime]:
    """The boundaries before (or at) and after the moment."""
    zone = ZoneInfo(schedule.zone)
    start = (moment - _RUN_UP[schedule.kind]).astimezone(zone)
    # From noon, where no zone changes its clocks: a walk that begins within a repeated hour would see it twice.
    walk = CronSim(schedule.expression, start.replace(hour=12, minute=0, second=0, microsecond=0, fold=0))
    before = next(walk).astimezone(UTC)
    for local in walk:
        found = local.astimezone(UTC)
        if found > moment:
            return before, found
        before = found
    raise ValueError(f"{schedule.expression} never comes")
