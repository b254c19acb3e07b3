"""Business days: a day belongs to an IANA zone, and some days have 23 or 25 hours."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from belvedere.core.numerals import refuse

_MIDNIGHT = time(0)


def find_zone(name: str, *, pointer: str = "") -> ZoneInfo:
    """The zone of an IANA name; raises Invalid for an unknown one."""
    if name not in zone_names():
        refuse(
            f"“{name}” is not a time zone. Use a name like Europe/Vienna",
            code="unknown_zone",
            pointer=pointer,
        )
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA name this installation knows."""
    return frozenset(available_timezones())


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; raises ValueError when it has no zone, for then it is no instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def local(instant: datetime, zone: tzinfo) -> datetime:
    """What clocks in `zone` show; at the very edge of the years that a date can hold, what they show in UTC."""
    try:
        return utc(instant).astimezone(zone)
    except OverflowError:
        return utc(instant)


def business_day(instant: datetime, zone: ZoneInfo) -> date:
    """The day that the wall calendar in `zone` shows at the instant."""
    return utc(instant).astimezone(zone).date()


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant at which clocks in `zone` first show `clock` on `day`.

    A time that the spring change leaves out counts on from before the change: 02:30 becomes 03:30.
    """
    return datetime.combine(day, clock.replace(tzinfo=None, fold=0), tzinfo=zone).astimezone(UTC)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """First UTC instant of the local day; where the change skips midnight, the day begins at 01:00."""
    return at_local(day, _MIDNIGHT, zone)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """First UTC instant after the local day, so that `day_start <= t < day_end`."""
    return day_start(day + timedelta(days=1), zone)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start (inside) and end (outside) of the local day in UTC."""
    return day_start(day, zone), day_end(day, zone)


def day_length(day: date, zone: ZoneInfo) -> timedelta:
    """24 hours, but 23 or 25 at the changes of the clock."""
    return day_end(day, zone) - day_start(day, zone)
