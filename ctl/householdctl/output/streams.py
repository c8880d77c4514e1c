"""Standard input, output and error that hold in any state: closed, on a full disk, of a poor encoding."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import TextIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class OutputError(Exception):
    """Standard output took no more. ``error`` is the system's reason."""

    def __init__(self, error: OSError) -> None:
        """Hold the reason."""
        super().__init__(error.strerror)
        self.error = error

    @property
    def reader_left(self) -> bool:
        """Whether the program that reads our pipe has ended, as in ``| head``: nothing that anybody wants to hear."""
        return self.error.errno == errno.EPIPE


class _Output(io.TextIOWrapper):
    """Standard output, whose failures are told apart from any other OSError."""

    def write(self, text: str, /) -> int:
        """Write the text. Raises OutputError."""
        try:
            return super().write(text)
        except OSError as error:
            raise OutputError(error) from None

    def flush(self) -> None:
        """Write out what waits. Raises OutputError."""
        try:
            super().flush()
        except OSError as error:
            raise OutputError(error) from None


class _Notes(io.TextIOWrapper):
    """Standard error: where it takes nothing there is no other place to say so, and the exit code still counts."""

    def write(self, text: str, /) -> int:
        """Write the text where that is possible."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Write out what waits where that is possible."""
        try:
            super().flush()
        except OSError:
            return


def prepare() -> None:
    """Make the three streams usable, whatever this process was started with.

    A descriptor that is closed would otherwise be taken by the next socket or file. ASCII is widened to UTF-8, as
    Python itself does in the C locale; text that another encoding lacks is spelled out: a backslash and its number.
    """
    # In order: each takes the lowest descriptor that is free. Writing to one that is only readable fails as to a
    # closed one.
    for descriptor, mode in ((_STDIN, os.O_RDONLY), (_STDOUT, os.O_RDONLY), (_STDERR, os.O_WRONLY)):
        if not _is_open(descriptor):
            os.open(os.devnull, mode)
    if sys.stdin is None:
        sys.stdin = open(_STDIN, closefd=False)  # noqa: SIM115 - a descriptor has no path, and stays open
    sys.stdout = _stream(_Output, _STDOUT, sys.stdout)
    sys.stderr = _stream(_Notes, _STDERR, sys.stderr)


def abandon_output() -> None:
    """Let nothing be written any more, so that the end of the process does not fail at it once more."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, _STDOUT)
    os.close(descriptor)


def _is_ascii(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "ascii"


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _stream(kind: type[io.TextIOWrapper], descriptor: int, before: TextIO | None) -> io.TextIOWrapper:
    return kind(
        io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False)),
        encoding="utf-8" if before is None or _is_ascii(before.encoding) else before.encoding,
        errors="backslashreplace",
        line_buffering=descriptor == _STDERR or os.isatty(descriptor),
    )
