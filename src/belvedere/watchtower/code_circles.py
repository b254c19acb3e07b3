"""Rules of files that would wait for each other, found before anything is written."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower.code_format import RuleText
from belvedere.watchtower.code_shelf import EVERY, Shelf
from belvedere.watchtower.code_yaml import place_problem
from belvedere.watchtower.dependencies import STAND_IN_CIRCLE, chain_problem, closes_circle

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
    places = _stand_ins(rules)
    problems: list[FieldProblem] = []
    for key, rule in files.items():
        parent_id = parent_of.get(_id(key))
        reason = chain_problem(_id(key), parent_id, parent_of) if parent_id is not None else None
        if parent_id is not None and reason is None and _circles_at_a_client(key, parent_of, places):
            reason = STAND_IN_CIRCLE
        if reason:
            detail = f"{rule.shown}: {reason}"
            problems.append(
                place_problem(rule.file, rule.line, detail, f"/rules/{rule.slug}/parent_rule_id", "cycle")
            )
    if problems:
        raise Invalid(problems[0].detail, errors=problems, code="rules_file")


def _stand_ins(rules: dict[Key, RuleText]) -> dict[str | None, dict[UUID, UUID]]:
    """By client: the rule for every client → the one that stands in for it there."""
    found: dict[str | None, dict[UUID, UUID]] = {}
    for (client, slug), rule in rules.items():
        head = rule.rows[0]
        if head["overrides_rule_id"] and head["is_active"]:
            bare = head["overrides_rule_id"].removeprefix(EVERY)
            found.setdefault(client, {})[_id((None, bare))] = _id((client, slug))
    return found


def _circles_at_a_client(
    key: Key, parent_of: dict[UUID, UUID], places: dict[str | None, dict[UUID, UUID]]
) -> bool:
    client = key[0]
    here = places.values() if client is None else [places.get(client, {})]
    return any(closes_circle(_id(key), parent_of, stand_ins) for stand_ins in here)


def _parent(rule: RuleText, rules: dict[Key, RuleText]) -> Key | None:
    word = rule.rows[0]["parent_rule_id"]
    if not word:
        return None
    bare = word.removeprefix(EVERY)
    owners = (None,) if word != bare else (rule.client, None)
    return next(((owner, bare) for owner in owners if (owner, bare) in rules), None)


def _id(key: Key) -> UUID:
    return uuid5(_SPACE, f"{key[0] or ''}/{key[1]}")
