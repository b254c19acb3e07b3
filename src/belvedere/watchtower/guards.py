"""Records that are not judged yet, or not worth judging: too little volume, or too fresh to be final."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from belvedere.watchtower.fields import FieldPlace, FieldRef
from belvedere.watchtower.reading import Reading
from belvedere.watchtower.threshold import Threshold
from belvedere.watchtower.values import Mask

RECORD_DATE = FieldRef("record_date", FieldPlace.COLUMN)


@dataclass(frozen=True, slots=True)
class Guard:
    """What a record must meet before a rule looks at it."""

    volume: FieldRef | None = None
    least: Decimal | None = None
    lag_minutes: int | None = None

    @property
    def is_open(self) -> bool:
        return self.volume is None and not self.lag_minutes

    def judged(self, reading: Reading, clock: datetime) -> Mask:
        """Rows that may be judged. A record without the volume's field is not; one without a date is."""
        allowed = Mask.all(reading.size)
        if self.volume is not None and self.least is not None:
            limit = Threshold(text=str(self.least), number=self.least)
            enough = reading.values(self.volume).ordered(">=", limit)
            allowed = Mask.at(enough.hits, reading.size)
        if self.lag_minutes:
            line = Threshold(text="", instant=clock - timedelta(minutes=self.lag_minutes))
            fresh = reading.values(RECORD_DATE).ordered(">", line)
            allowed = allowed.without(Mask.at(fresh.hits, reading.size))
        return allowed
