"""Read keys from a terminal."""

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

# In both cursor modes.
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
    """Pass on keys at once without an echo; Ctrl-C still interrupts."""
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
        """Return characters, or names such as ``up`` and ``enter``; None at the end.

        Terminals send a sequence at once, so a single escape is the Escape key.
        """
        chunk = os.read(self._descriptor, 1024)
        if not chunk:
            return None
        found = (match for match in _KEY.finditer(self._decoder.decode(chunk)))
        keys = [_SEQUENCES.get(key[1], "") if key[1] else _NAMES.get(key[0], key[0]) for key in found]
        # Unknown sequences and control characters are ignored.
        return [key for key in keys if key and key.isprintable()]
