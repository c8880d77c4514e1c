"""Robust standard streams: closed ones, full disks, limited encodings."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import TextIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class OutputError(Exception):
    """Writing to stdout failed."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.error = error

    @property
    def reader_left(self) -> bool:
        """Whether the pipe's reader has ended, as in ``| head``."""
        return self.error.errno == errno.EPIPE


class _Output(io.TextIOWrapper):
    """Its failures are OutputErrors."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise OutputError(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise OutputError(error) from None


class _Notes(io.TextIOWrapper):
    """Its failures are ignored: the exit code still counts."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            return


def prepare() -> None:
    """Make the standard streams usable.

    Opens closed descriptors, which a socket or file would take. ASCII becomes UTF-8, as Python does in the C locale;
    other encodings escape.
    """
    # open() takes the lowest free descriptor. Writing to a readable one fails as for a closed one.
    for descriptor, mode in ((_STDIN, os.O_RDONLY), (_STDOUT, os.O_RDONLY), (_STDERR, os.O_WRONLY)):
        if not _is_open(descriptor):
            os.open(os.devnull, mode)
    if sys.stdin is None:
        sys.stdin = open(_STDIN, closefd=False)  # noqa: SIM115 - a descriptor has no path, and stays open
    sys.stdout = _stream(_Output, _STDOUT, sys.stdout)
    sys.stderr = _stream(_Notes, _STDERR, sys.stderr)


def abandon_output() -> None:
    """Discard further output, which would fail again at exit."""
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
