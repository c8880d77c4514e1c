"""How a command ends: the exit codes, and the one exception that carries them."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from householdctl.output.terminal import printable


class ExitCode(IntEnum):
    """What the shell is told; scripts rely on these numbers."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        """Makes a member from its number and its line in ``--help``."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done"
    FAILURE = 1, "any other failure; not confirmed; check leaks: a leak; test: a run that does not count"
    USAGE = 2, "wrong usage, or a value that the daemon refused"
    UNREACHABLE = 3, "the daemon, or a worker of it, cannot be reached"
    NOT_FOUND = 4, "nothing matched: no such session, run, profile, block, setting or context"
    DENIED = 5, "not allowed"
    CONFLICT = 6, "the daemon's state does not allow it; a wider block still holds; a context's name is taken"
    DEADLINE = 7, "no answer in time"
    UNHEALTHY = 8, "health: not serving, a worker not ready, or another problem that it names"
    PARTIAL = 9, "some of several daemons did it, others cannot be reached or refused"
    INTERRUPTED = 130, "stopped by Ctrl-C"


class CommandError(Exception):
    """A command cannot go on.

    ``message`` is one line; each of ``hints`` is one that says where, what is allowed, or what to do next.
    """

    def __init__(self, code: ExitCode, message: str, *hints: str) -> None:
        """Holds what the operator is to be told."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hints = hints

    def __str__(self) -> str:
        """The message and its hints, a line each."""
        return "\n  ".join(printable(line) for line in (self.message, *self.hints))
