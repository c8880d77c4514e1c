"""Text safe for a terminal, and notes on stderr."""

import sys


def printable(text: str) -> str:
    """Escape control characters: ids and user agents come from clients."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def note(text: str) -> None:
    print(printable(text), file=sys.stderr)


def warn(text: str) -> None:
    note(f"warning: {text}")


def note_dry_run() -> None:
    note("dry run: nothing was changed")
