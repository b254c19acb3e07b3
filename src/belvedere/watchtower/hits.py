"""Findings as columns: what the alerts of one rule share is worked out once, however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from json.encoder import encode_basestring
from uuid import UUID

import orjson

from belvedere.watchtower.contracts import ConditionReason, Finding


@dataclass(frozen=True, slots=True)
class Reasons:
    """One condition over many entities; `base` is what they share, without value, previous and result."""

    base: ConditionReason
    values: list[str | None]
    previous: list[str | None]
    results: list[bool | None]

    def each(self) -> list[ConditionReason]:
        base = self.base
        return [
            ConditionReason(
                base.rule_id, base.name, base.field, base.label, base.condition, base.limit,
                value, previous, base.unit, result, base.joined_by, base.entity,
            )
            for value, previous, result in zip(self.values, self.previous, self.results, strict=True)
        ]  # fmt: skip

    def documents(self) -> list[str]:
        """Each as JSON."""
        shared = self.base.document()
        for name in ("value", "previous", "result"):
            del shared[name]
        head = orjson.dumps(shared).decode().removesuffix("}")
        return [
            f'{head},"value":{value},"previous":{previous},"result":{_WORDS[result]}}}'
            for value, previous, result in zip(
                quoted(self.values), quoted(self.previous), self.results, strict=True
            )
        ]


@dataclass(frozen=True, slots=True)
class Hits:
    """Entities that a rule fired on, row by row; `conditions` has one column for each row of its group."""

    external_ids: list[str]
    record_ids: list[str | None]
    names: list[str | None]
    conditions: tuple[Reasons, ...]

    def findings(self) -> list[Finding]:
        columns = zip(*(reasons.each() for reasons in self.conditions), strict=True)
        return [
            Finding(external_id, UUID(record_id) if record_id else None, name, conditions)
            for external_id, record_id, name, conditions in zip(
                self.external_ids, self.record_ids, self.names, columns, strict=True
            )
        ]


_WORDS = {True: "true", False: "false", None: "null"}


def quoted(texts: Iterable[str | None]) -> list[str]:
    """Texts as JSON."""
    return ["null" if text is None else encode_basestring(text) for text in texts]


def hits_of(finding: Finding) -> Hits:
    """One finding as columns of one row."""
    return Hits(
        [finding.external_id],
        [str(finding.record_id) if finding.record_id else None],
        [finding.entity_name],
        tuple(
            Reasons(
                replace(reason, value=None, previous=None, result=None),
                [reason.value],
                [reason.previous],
                [reason.result],
            )
            for reason in finding.conditions
        ),
    )
