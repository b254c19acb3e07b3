"""Rules of files that would wait for each other, found before anything is written."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower.code_format import RuleText
from belvedere.watchtower.code_shelf import EVERY, Shelf
from belvedere.watchtower.code_yaml import place_problem
from belvedere.watchtower.dependencies import chain_problem

Key = tuple[str | None, str]
_SPACE = UUID(int=0)


def refuse_circles(wanted: Iterable[RuleText], shelf: Shelf) -> None:
    """Raise Invalid at each rule whose parents lead back to it, or lie too deep."""
    files = {rule.key: rule for rule in wanted}
    standing = {(stored.said.client, stored.said.slug): stored.said for stored in shelf.rules.values()}
    rules = {**standing, **files}
    parent_of = {
        _id(key): _id(parent) for key, rule in rules.items() if (parent := _parent(rule, rules)) is not None
    }
    problems: list[FieldProblem] = []
    for key, rule in files.items():
        parent_id = parent_of.get(_id(key))
        reason = chain_problem(_id(key), parent_id, parent_of) if parent_id is not None else None
        if reason:
            detail = f"{rule.shown}: {reason}"
            problems.append(
                place_problem(rule.file, rule.line, detail, f"/rules/{rule.slug}/parent_rule_id", "cycle")
            )
    if problems:
        raise Invalid(problems[0].detail, errors=problems, code="rules_file")


def _parent(rule: RuleText, rules: dict[Key, RuleText]) -> Key | None:
    word = rule.rows[0]["parent_rule_id"]
    if not word:
        return None
    bare = word.removeprefix(EVERY)
    owners = (None,) if word != bare else (rule.client, None)
    return next(((owner, bare) for owner in owners if (owner, bare) in rules), None)


def _id(key: Key) -> UUID:
    return uuid5(_SPACE, f"{key[0] or ''}/{key[1]}")
