"""Shapes of what is asked of history."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower.schemas import ClientId, RuleCreate

MOST_DAYS = 400
USUAL_DAYS = 30


class TryRule(BaseModel):
    """A rule to try: `rule_id` names a stored one; `rule` is a draft of one row, `rows` one of several. A draft beside
    a `rule_id` is a change of that rule that is not saved yet.
    """

    model_config = ConfigDict(extra="forbid")

    rule_id: UUID | None = None
    rule: RuleCreate | None = None
    rows: Annotated[list[RuleCreate], Field(min_length=1, max_length=20)] | None = None
    client_ids: Annotated[list[ClientId], Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="Only these clients; all in reach if left out."
    )

    def drafts(self) -> list[RuleCreate]:
        """The rows of the draft; empty where the stored rule is asked about."""
        if self.rule is not None and self.rows is not None:
            raise _misfit("rows", "twice", "Give `rule` for one row or `rows` for several, not both.")
        found = self.rows or ([self.rule] if self.rule is not None else [])
        if not found and self.rule_id is None:
            raise _misfit("rule", "required", "Give a `rule_id`, a `rule` or `rows` to try.")
        return found


class BacktestAsk(TryRule):
    """A stretch of data time: the last `days`, or `start` to `end`."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    start: datetime | None = None
    end: datetime | None = None
    heed_parent: bool = Field(
        default=False, description="Let the rule's parent hold it back, as it would live."
    )
    sweep: bool = Field(
        default=False, description="Also answer for other thresholds, with the metric's course."
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = 200

    def stretch(self, now: datetime) -> tuple[datetime, datetime]:
        """Both ends; Invalid names what does not fit."""
        if self.days is not None and self.start is not None:
            raise _misfit("days", "twice", "Give `days` or `start`, not both.")
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None and value.tzinfo is None:
                raise _misfit(name, "no_zone", "Name the zone of the time, such as 2026-11-20T12:00:00Z.")
        end = self.end or now
        try:
            start = self.start or end - timedelta(days=self.days or USUAL_DAYS)
        except OverflowError as error:
            raise _misfit("end", "range", "That time is too long ago.") from error
        if start >= end:
            raise _misfit("start", "range", "The start must be before the end.")
        if end - start > timedelta(days=MOST_DAYS):
            raise _misfit("start", "range", f"At most {MOST_DAYS} days at once. Ask for fewer.")
        return start, end


def _misfit(name: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{name}", code, detail)], code=f"backtest_{code}")
