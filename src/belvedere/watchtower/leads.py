"""Which condition of a group an alert speaks of: the first of those between two ORs that all hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from belvedere.watchtower.compose import NO_DATA, Batch
from belvedere.watchtower.contracts import ConditionReason, Finding, LogicOperator
from belvedere.watchtower.judged import Findings
from belvedere.watchtower.wording import shown


def lead_of(finding: Finding) -> ConditionReason:
    """The condition that holds; the first where none is known to."""
    found = finding.conditions
    return found[_lead([(reason.joined_by, reason.result) for reason in found])]


def lead_document(documents: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The same of conditions as an alert keeps them."""
    if not documents:
        return None
    return documents[_lead([(one.get("joined_by"), one.get("result")) for one in documents])]


def _lead(parts: Sequence[tuple[str | None, bool | None]]) -> int:
    begin, holds = 0, True
    for at, (joined_by, result) in enumerate(parts):
        if at and joined_by == LogicOperator.OR:
            if holds:
                return begin
            begin, holds = at, True
        holds = holds and result is True
    return begin if holds else 0


def with_leads(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Alerts of groups with an OR keep the value of the condition that holds."""
    for batch in batches:
        if batch.kind != NO_DATA and _has_or(batch.findings):
            leads = [lead_of(finding) for finding in batch.findings]
            batch.columns["current_value"] = [shown(lead.value) for lead in leads]
            batch.columns["previous_value"] = [shown(lead.previous) for lead in leads]
        yield batch


def _has_or(findings: Sequence[Finding]) -> bool:
    """Asked of the columns where there are some: single findings are made only for those who need each."""
    if isinstance(findings, Findings):
        joins = [reasons.base.joined_by for reasons in findings.hits.conditions]
    else:
        joins = [reason.joined_by for reason in findings[0].conditions]
    return LogicOperator.OR in joins[1:]
