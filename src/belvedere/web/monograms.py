"""Clients as monograms."""


def initials(name: str | None) -> str:
    """Two letters of a name for its monogram."""
    words = [word for word in (name or "").replace("&", " ").split() if word[0].isalnum()]
    if not words:
        return "–"
    return (words[0][0] + (words[1][0] if len(words) > 1 else words[0][1:2])).upper()
