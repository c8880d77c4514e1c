"""Asking before something is destroyed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable


def require_consent(action: str, *, yes: bool, count: Callable[[], int], where: str = "", none: str = "") -> None:
    """Returns when the operator agrees: by ``--yes``, or by answering the question on the terminal.

    ``count`` gives the number of sessions that would be hit; it is called only for the question, and the question is
    asked without a number when the daemon does not say. ``where`` names the daemons, if there are several. ``none`` is
    the error where the number is 0; without it the question is asked all the same. Raises CommandError when there is
    nobody to ask, no consent, or nothing to do.
    """
    if yes:
        return
    require_terminal(action)
    try:
        number = count()
        hit = f"{number} session{'s' * (number != 1)}"
    except CommandError as error:
        number, hit = None, f"sessions, nobody knows how many ({error.message})"
    if none and number == 0:
        raise CommandError(ExitCode.NOT_FOUND, none)
    action = f"{action} at {where}" if where else action
    _ask(f"{action}: this hits {hit}. Go ahead?")


def require_agreement(action: str, *, yes: bool, where: str = "") -> None:
    """Return when the operator agrees to ``action``, which ends no session. Raises CommandError as require_consent."""
    if yes:
        return
    require_terminal(action)
    _ask(f"{action} at {where}?" if where else f"{action}?")


def require_terminal(action: str) -> None:
    """Raise CommandError when there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise CommandError(
            ExitCode.USAGE,
            f"{action}: standard input is not a terminal, so there is nobody to ask",
            "add --yes to go ahead",
        )


def _ask(question: str) -> None:
    if not typer.confirm(question, err=True):
        raise CommandError(ExitCode.FAILURE, "not confirmed; nothing was changed")
