"""What is known around a rule when it is checked, and what its author is told."""

from collections.abc import Collection, Sequence
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


def invalid(name: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{name}", code, detail)], code=f"rule_{code}")
