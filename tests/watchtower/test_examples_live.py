"""The examples of the guide and the tests of the packs on a real database: they open and resolve what they say."""

import pytest
from tests.docs.pages import DOCS, fences
from tests.watchtower.live import Live, record

from belvedere.watchtower.code_format import parse_book
from belvedere.watchtower.packs import list_packs

PAGES = (
    DOCS / "howto" / "watch-tower.md",
    DOCS / "howto" / "rules-as-code.md",
    DOCS / "howto" / "write-rules.md",
)
BOOKS = {
    **{
        fence.place: fence.text
        for fence in fences("yaml")
        if fence.page in PAGES and "\ntests:" in fence.text
    },
    **{f"{pack.name}.yaml": pack.text for pack in list_packs()},
}
CASES = [
    pytest.param(name, number, id=f"{name.rpartition('/')[2]}-{number}")
    for name, text in BOOKS.items()
    for number in range(len(parse_book({name: text}).tests))
]


@pytest.mark.parametrize(("name", "number"), CASES)
async def test_what_a_file_expects_happens_in_the_database_too(world, name, number):
    await Live(world, record(parse_book({name: BOOKS[name]}), number)).play()
