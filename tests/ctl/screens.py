"""householdctl on a terminal of its own, read as a person would read it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE_S = 30.0


class Terminal:
    """A terminal, and the program on it."""

    def __init__(self, *arguments: str, program: Sequence[str], columns: int, lines: int) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._controller, terminal = pty.openpty()
        self._resize(columns, lines)
        self.modes = termios.tcgetattr(terminal)
        environ = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.process = subprocess.Popen(
            # In a session of its own, with the terminal that keys like Ctrl-C come from.
            ["setsid", "--ctty", sys.executable, *program, *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**environ, "TERM": "xterm-256color"},
        )
        self._terminal = terminal

    @property
    def text(self) -> str:
        """What is on the screen."""
        self._take(0.0)
        return "\n".join(line.rstrip() for line in self.screen.display)

    def types(self, keys: str) -> None:
        os.write(self._controller, keys.encode())

    def resizes(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self._resize(columns, lines)

    def waits_for(self, *wanted: str, without: str = "") -> str:
        """The screen as soon as all of ``wanted`` is on it, and ``without`` is not."""
        return self.waits_until(
            lambda shown: all(each in shown for each in wanted) and not (without and without in shown),
            f"{wanted} not there, or {without!r} still there",
        )

    def waits_until(self, seen: Callable[[str], bool], problem: str) -> str:
        """The screen as soon as it is as ``seen`` wants it; ``problem`` is said of one that never is."""
        end = time.monotonic() + PATIENCE_S
        while not seen(shown := self.text):
            assert time.monotonic() < end, f"{problem}:\n{shown}"
            self._take(0.1)
        return shown

    def ends(self) -> int:
        """The exit code, when the program has ended by itself."""
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < end, self.text
            # A program cannot end while its terminal does not take what it writes.
            self._take(0.1)
        self._take(0.0)
        return self.process.returncode

    @property
    def restored(self) -> bool:
        """Whether the terminal's modes are as they were, and what is typed is seen again."""
        self._take(0.0)
        cursor_hidden = bool(self.screen.cursor.hidden)
        return termios.tcgetattr(self._terminal) == self.modes and not cursor_hidden

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._terminal)
        os.close(self._controller)

    def _take(self, timeout_s: float) -> None:
        while select.select([self._controller], [], [], timeout_s)[0]:
            self._stream.feed(os.read(self._controller, 65536))
            timeout_s = 0.0

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._controller, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextmanager
def terminal(
    *arguments: str, program: Sequence[str] = ("-m", "householdctl"), columns: int = 160, lines: int = 24
) -> Iterator[Terminal]:
    """A terminal on which householdctl runs; it is ended at the end."""
    opened = Terminal(*arguments, program=program, columns=columns, lines=lines)
    try:
        yield opened
    finally:
        opened.close()
