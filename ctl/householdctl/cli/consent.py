"""Ask for confirmation before sessions are closed or settings reset."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable


def require_consent(action: str, *, yes: bool, count: Callable[[], int], where: str = "", none: str = "") -> None:
    """Return when the operator agrees to ``action``, by ``yes`` or on the terminal.

    ``count`` returns the number of affected sessions for the question. ``where`` names several daemons. ``none`` is the
    error for 0 sessions; without it the question is asked anyway. Raises CommandError without a terminal, without
    consent, and for 0 sessions with ``none``.
    """
    if yes:
        return
    require_terminal(action)
    try:
        number = count()
        affected = f"This affects {number} session{'s' * (number != 1)}."
    except CommandError as error:
        number, affected = None, f"The number of affected sessions is unknown ({error.message})."
    if none and number == 0:
        raise CommandError(ExitCode.NOT_FOUND, none)
    _ask(f"{_question(action, where)} {affected}")


def require_agreement(action: str, *, yes: bool, where: str = "") -> None:
    """Return when the operator agrees to ``action``, which closes no session. Raises CommandError."""
    if yes:
        return
    require_terminal(action)
    _ask(_question(action, where))


def require_terminal(action: str) -> None:
    """Raise CommandError without a terminal to ask on."""
    if not sys.stdin.isatty():
        raise CommandError(
            ExitCode.USAGE,
            f"{action}: standard input is not a terminal, so confirmation is impossible",
            "confirm with --yes",
        )


def _question(action: str, where: str) -> str:
    return f"{action[0].upper()}{action[1:]}{f' at {where}' if where else ''}?"


def _ask(question: str) -> None:
    if not typer.confirm(question, err=True):
        raise CommandError(ExitCode.FAILURE, "not confirmed; nothing was changed")
