"""Text that is safe for a terminal, and notes on stderr."""

import sys


def printable(text: str) -> str:
    """Return the text with control characters escaped: ids and user agents come from clients."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def note(text: str) -> None:
    """Print a line that is not data, on stderr."""
    print(printable(text), file=sys.stderr)


def warn(text: str) -> None:
    """Print a warning on stderr."""
    note(f"warning: {text}")


def note_dry_run() -> None:
    """Say that nothing was changed."""
    note("dry run: nothing was changed")
