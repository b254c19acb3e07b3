"""What is known around a rule when it is checked, and what its author is told."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.sources.service import known_targets
from belvedere.watchtower.contracts import Place, Rule


@dataclass(frozen=True, slots=True)
class Note:
    """Something the author should know; the rule is saved all the same."""

    field: str
    code: str
    detail: str

    def document(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class KnownField:
    """Where data holds a name: as a metric (seen or defined, with its unit) or as a key of `extra`."""

    is_metric: bool = False
    unit: str | None = None
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is known around a rule: its source, its fields, the other rows of its group, the rule it replaces, the
    client's addresses. `silent_sources`: sources of the group that this client has no good reading of.
    `is_same_limit`: the rule is stored with this very limit, so that it can be switched off whatever is known by now.
    """

    source: Place | None = None
    known: KnownField = field(default_factory=KnownField)
    siblings: Sequence[Rule] = ()
    client_has_discord: bool = False
    client_has_email: bool = False
    is_every_client: bool = False
    known_volume: KnownField | None = None
    overridden: Rule | None = None
    overridden_group: Sequence[Rule] = ()
    targets: Collection[str] = field(default_factory=known_targets)
    silent_sources: Sequence[str] = ()
    is_same_limit: bool = False


Check = Callable[[], Sequence[Note] | None]


def run_checks(checks: Iterable[Check]) -> list[Note]:
    """All checks, each whatever the others say, so that every wrong field is named at once. Raises Invalid."""
    notes: list[Note] = []
    found: list[Invalid] = []
    for check in checks:
        try:
            notes += check() or ()
        except Invalid as error:
            found.append(error)
    if found:
        raise together(found)
    return notes


def together(found: Sequence[Invalid]) -> Invalid:
    """Several refusals as one, under the code of the first; of each field what was found first."""
    if len(found) == 1:
        return found[0]
    problems: dict[str, FieldProblem] = {}
    for problem in (problem for error in found for problem in error.errors):
        problems.setdefault(problem.pointer, problem)
    if len(problems) < 2:
        return found[0]
    return Invalid(
        f"{len(problems)} fields need a change.", errors=list(problems.values()), code=found[0].code
    )


def invalid(name: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{name}", code, detail)], code=f"rule_{code}")
