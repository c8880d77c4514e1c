"""Exit codes, and the exception that carries them."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from householdctl.output.terminal import printable


class ExitCode(IntEnum):
    """Exit codes of householdctl; scripts rely on the numbers."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        """Make a member of its number and its line in ``--help``."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done"
    FAILURE = 1, "any other failure; not confirmed; check leaks: a leak; test: a run that does not count"
    USAGE = 2, "wrong usage, or a value refused by the daemon"
    UNREACHABLE = 3, "the daemon or one of its workers cannot be reached"
    NOT_FOUND = 4, "nothing matched: no such session, run, profile, block, setting or context"
    DENIED = 5, "not allowed"
    CONFLICT = 6, "not possible in the daemon's state; a wider block still applies; the context exists"
    DEADLINE = 7, "no answer in time"
    UNHEALTHY = 8, "health: not serving, a worker not ready, or another problem"
    PARTIAL = 9, "done by some of several daemons; others refused or cannot be reached"
    INTERRUPTED = 130, "stopped by Ctrl-C"


class CommandError(Exception):
    """A command failed.

    ``message`` is one line. Each of ``hints`` is a line that says where, what is allowed, or what to type next.
    """

    def __init__(self, code: ExitCode, message: str, *hints: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = hints

    def __str__(self) -> str:
        """Return the message and its hints, a line each."""
        return "\n  ".join(printable(line) for line in (self.message, *self.hints))
