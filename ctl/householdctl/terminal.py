"""Text that a terminal may be given."""


def printable(text: str) -> str:
    """The text with control characters spelled out: user ids and agents come from clients, and terminals obey them."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
