"""Writes every manual page into the directory that is named."""

import sys
from pathlib import Path

from man.pages import pages


def main() -> None:
    """Makes the directory where it is missing; pages of commands that are gone are removed."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("household*.[158]"):
        old.unlink()
    for name, text in pages().items():
        (directory / name).write_text(text)


if __name__ == "__main__":
    main()
