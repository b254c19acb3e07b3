"""Searching texts by their words: every word of the search must begin a word of the text, in any order.

PostgreSQL's `simple` configuration knows no language and ships with every server. Marks part words, so that a part of
`meta_ads` or `Q4-2026` is found by itself.
"""

MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_JOINED = "-_./@:&<>~?=#+"
"""Marks that PostgreSQL's parser may keep within a word, a number, an address or a tag; all others part words anyway.
Replacing these one after the other costs a seventeenth of translating every mark.
"""
_APART = str.maketrans(dict.fromkeys(MARKS + "\x00", " "))


def words_of(text: str) -> str:
    """SQL of the words of the SQL expression `text`; an index over it must say exactly the same."""
    for mark in _JOINED:
        text = f"replace({text}, '{mark}', ' ')"
    return f"to_tsvector('simple', {text})"


def words_query(search: str | None) -> str | None:
    """The search as `to_tsquery('simple', …)` takes it; None without one."""
    words = (search or "").translate(_APART).split()
    if not words:
        return "" if (search or "").replace("\x00", "").strip() else None
    return " & ".join(f"'{word}':*" for word in words)
