"""Text that a terminal may be given."""

import sys


def printable(text: str) -> str:
    """The text with control characters spelled out: user ids and agents come from clients, and terminals obey them."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def note(text: str) -> None:
    """A line on stderr that is not part of the data."""
    print(printable(text), file=sys.stderr)


def warn(text: str) -> None:
    """A line on stderr about what the data does not show."""
    note(f"warning: {text}")


def note_dry_run() -> None:
    """Say that nothing was changed."""
    note("dry run: nothing was changed")
