"""Records and rules for benchmarks of watching: four metrics, a status and tags, and rules that hit few of them."""

import random
from dataclasses import dataclass

import polars as pl

from belvedere.sources.contracts import Frames

FIELDS = ("open_rate", "click_rate", "revenue", "roas")
RARE = ("failed", "blocked", "bounced", "expired", "rejected")
TAGS = 2000
UNIT = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """One rule; the rows of a group share its number and must all hold."""

    number: int
    group: int | None
    field: str
    condition: str
    limit: str | None


class Mix:
    """Records, and the reading before, from which one value in a thousand moved."""

    def __init__(self, size: int) -> None:
        chance = random.Random(11)
        self.size = size
        self.now = {
            field: [round(chance.lognormvariate(3 + 0.3 * place, 0.8) * UNIT) for _ in range(size)]
            for place, field in enumerate(FIELDS)
        }
        self.status = [self._word(chance.random()) for _ in range(size)]
        self.tags = [
            sorted({f"tag-{chance.randrange(TAGS):04d}" for _ in range(chance.randrange(3))})
            for _ in range(size)
        ]
        self.before = {
            field: [value + 777 * (chance.random() < 0.001) for value in values]
            for field, values in self.now.items()
        }
        self.status_before = ["paused" if chance.random() < 0.001 else word for word in self.status]

    @staticmethod
    def _word(draw: float) -> str:
        return RARE[int(draw * 1000)] if draw < 0.005 else "draft" if draw > 0.7 else "sent"

    def frames(self, ids: pl.Series, *, before: bool) -> Frames:
        metrics, status = (self.before, self.status_before) if before else (self.now, self.status)
        number = pl.int_range(self.size, eager=True).cast(pl.String)

        def nothing(kind: pl.DataType | type[pl.DataType]) -> pl.Series:
            return pl.repeat(None, self.size, dtype=kind, eager=True)

        records = pl.DataFrame(
            {
                "id": ids,
                "external_id": "ext-" + number,
                "name": "Campaign " + number,
                "email": nothing(pl.String),
                "status": status,
                "category": nothing(pl.String),
                "tags": pl.Series(self.tags, dtype=pl.List(pl.String)),
                "amount": nothing(pl.Decimal(15, 4)),
                "quantity": nothing(pl.Int32),
                "record_date": nothing(pl.Datetime("us", "UTC")),
                "extra": pl.repeat("{}", self.size, dtype=pl.String, eager=True),
            }
        )
        parts = [
            pl.DataFrame(
                {
                    "record_id": ids,
                    "metric_name": pl.repeat(field, self.size, eager=True),
                    "metric_value": (pl.Series(metrics[field]) / UNIT).cast(pl.Decimal(20, 6)),
                    "metric_unit": nothing(pl.String),
                }
            )
            for field in FIELDS
        ]
        return Frames(records, pl.concat(parts))


def plan_rules(mix: Mix, count: int) -> list[Plan]:
    """35 % above, 25 % below, 15 % equal, 10 % containing, 15 % changed, about 0.1 % hits each; a fifth of all in pairs
    joined by AND, of which each half hits 5 %.
    """
    chance = random.Random(23)
    ranked = {field: sorted(values) for field, values in mix.now.items()}

    def at(field: str, share: float) -> str:
        value = ranked[field][min(int(share * mix.size), mix.size - 1)]
        return f"{value // UNIT}.{value % UNIT:04d}"

    simple = count - 2 * (count // 10)
    plans = []
    for number in range(simple):
        field, draw = chance.choice(FIELDS), chance.random()
        if draw < 0.35:
            plans.append(Plan(number, None, field, "greater_than", at(field, 1 - 0.002 * chance.random())))
        elif draw < 0.60:
            plans.append(Plan(number, None, field, "less_than", at(field, 0.002 * chance.random())))
        elif draw < 0.75:
            plans.append(Plan(number, None, "status", "equals", chance.choice(RARE)))
        elif draw < 0.85:
            plans.append(Plan(number, None, "tags", "contains", f"tag-{chance.randrange(TAGS):04d}"))
        else:
            plans.append(Plan(number, None, chance.choice([*FIELDS, "status"]), "changed", None))
    for group in range(count // 10):
        above, below = chance.sample(FIELDS, 2)
        number = simple + 2 * group
        over, under = at(above, 0.95 - 0.01 * chance.random()), at(below, 0.05 + 0.01 * chance.random())
        plans.append(Plan(number, group, above, "greater_than", over))
        plans.append(Plan(number + 1, group, below, "less_than", under))
    return plans
