"""Every ability the watch tower must have stands on its page, with an example that is run or checked."""

import pytest

from belvedere.web.guide import anchor
from tests.docs.pages import DOCS, Fence, fences, tokens

PAGE = DOCS / "howto" / "watch-tower.md"
MUST = {
    "state per entity": "state-per-entity",
    "operators beyond = > < contains": "conditions",
    "changed, new and removed rows": "changed-added-removed",
    "compound AND/OR": "compound-rules",
    "dependencies": "dependencies",
    "for-duration, N in a row": "only-when-it-lasts",
    "hysteresis, keep-firing": "ends-only-when-it-is-well-over",
    "dedup while open, repeat interval": "one-alert-while-it-is-open",
    "grouping of notifications": "one-message-for-many-alerts",
    "acknowledge": "acknowledge",
    "auto-resolve with reason": "resolves-by-itself-with-a-reason",
    "silence, snooze": "silence-and-snooze",
    "no-data policy": "missing-data",
    "stale-source alert": "sources-that-stay-away",
    "data-lag, incomplete-day guard": "days-that-are-not-over",
    "percent change": "change-in-percent",
    "minimum-volume guard": "least-volume",
    "message templates": "messages-in-your-words",
    "recipient and channel from the client": "the-client-s-own-channel",
    "channels": "channels",
    "digests": "digests",
    "delivery: retry, dead letter, no doubles": "messages-that-arrive-once",
    "audit trail": "who-did-what",
    "roles, tenancy, row level security": "who-sees-what",
    "rules as code": "rules-in-files",
    "metrics about itself": "figures-about-itself",
    "ready rule packs": "ready-packs",
}


def sections() -> dict[str, list[Fence]]:
    """Fences of the page by the heading they stand under, headings as their anchors."""
    starts = [
        ((token.map or [0])[0] + 1, anchor(line.content))
        for token, line in zip(tokens(PAGE), tokens(PAGE)[1:], strict=False)
        if token.type == "heading_open" and token.tag == "h2"
    ]
    found: dict[str, list[Fence]] = {name: [] for _, name in starts}
    for fence in fences():
        if fence.page == PAGE:
            name = [name for line, name in starts if line < fence.line][-1]
            found[name].append(fence)
    return found


def test_the_page_holds_these_abilities_and_no_others():
    assert sorted(sections()) == sorted(MUST.values())


@pytest.mark.parametrize("ability", MUST)
def test_an_ability_has_its_example(ability):
    """Fences of rules are played by test_docs and test_examples_live, command lines and requests checked by test_docs."""
    found = sections()[MUST[ability]]
    assert [fence.language for fence in found if fence.language in ("yaml", "sh")], ability
