"""Keys of a terminal, one at a time."""

from __future__ import annotations

import codecs
import os
import re
import termios
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What terminals send, in both of their cursor modes.
_SEQUENCES = {
    "[A": "up",
    "OA": "up",
    "[B": "down",
    "OB": "down",
    "[C": "right",
    "OC": "right",
    "[D": "left",
    "OD": "left",
    "[5~": "page up",
    "[6~": "page down",
    "[H": "home",
    "OH": "home",
    "[1~": "home",
    "[F": "end",
    "OF": "end",
    "[4~": "end",
}
_NAMES = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x1b": "escape"}
_KEY = re.compile(r"\x1b(\[[0-9;]*[A-Za-z~]|O[A-Z])|.", re.DOTALL)


@contextmanager
def unbuffered(descriptor: int) -> Iterator[None]:
    """The terminal gives each key at once and shows none, until the end; Ctrl-C stays what it is."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)


class Keyboard:
    """Reads keys from a terminal that is :func:`unbuffered`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def read(self) -> list[str] | None:
        """The keys that wait: characters, or names such as ``up`` and ``enter``; None when the terminal is gone.

        A terminal sends what a key stands for in one go, so an escape alone is the Escape key.
        """
        chunk = os.read(self._descriptor, 1024)
        if not chunk:
            return None
        found = (match for match in _KEY.finditer(self._decoder.decode(chunk)))
        keys = [_SEQUENCES.get(key[1], "") if key[1] else _NAMES.get(key[0], key[0]) for key in found]
        # A sequence that is not known, and a control character, is no key for anything here.
        return [key for key in keys if key and key.isprintable()]
