"""What each rule of a plan says, checked before anything is written: the check that saving it makes, as far as the rule
alone tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.core.errors import Conflict, Invalid
from belvedere.watchtower import rule_rows
from belvedere.watchtower.code_format import Columns, RuleText
from belvedere.watchtower.code_plan import DELETE, Plan
from belvedere.watchtower.code_shelf import Shelf
from belvedere.watchtower.code_yaml import place_problem
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.drafts import RuleDraft, rule_of
from belvedere.watchtower.fields import FieldPlace, parse_field
from belvedere.watchtower.rule_check import KnownField, check_values

NAMES = (
    "parent_rule_id",
    "overrides_rule_id",
    "webhook_channel_id",
    "discord_channel_id",
    "dependency_condition",
)
"""Columns that name something else; the plan has found what they name."""
_NOBODY = UUID(int=0)


async def check_plan(session: ReadSession, plan: Plan, shelf: Shelf) -> None:
    """Raise Invalid at the first rule whose values do not hold, with its line and the field."""
    known: dict[tuple[str, UUID | None, int], KnownField] = {}
    for step in plan.steps:
        for row in step.rule.rows if step.action != DELETE else ():
            with said_at(step.rule):
                rule = _rule(row, step.client_id, shelf)
                ref = parse_field(rule.field_name)
                name = ref.name if ref.place in (None, FieldPlace.METRIC) else ""
                key = (name, rule.source_id, rule.client_id)
                if key not in known:
                    known[key] = await rule_rows.find_known_field(session, *key)
                check_values(rule, ref, known[key])


def _rule(row: Columns, client_id: int, shelf: Shelf) -> Rule:
    values = {
        **row,
        **dict.fromkeys(NAMES),
        "source_id": shelf.sources.get(row["source_id"]) if row["source_id"] else None,
        "email_recipients": tuple(row["email_recipients"] or ()),
    }
    return rule_of(RuleDraft(**values, client_id=client_id or None), _NOBODY)


@contextmanager
def said_at(rule: RuleText) -> Iterator[None]:
    """A refusal says which rule of which file it is about."""
    try:
        yield
    except Invalid as error:
        problems = [
            place_problem(
                rule.file,
                rule.line,
                f"{rule.shown}: {item.detail}",
                f"/rules/{rule.slug}{item.pointer}",
                item.code,
            )
            for item in error.errors
        ]
        detail = problems[0].detail if problems else f"{rule.shown}: {error.detail}"
        raise Invalid(detail, errors=problems, code=error.code) from error
    except Conflict as error:
        raise Conflict(f"{rule.shown}: {error.detail}", code=error.code) from error
