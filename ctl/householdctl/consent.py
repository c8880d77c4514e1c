"""Asking before something is destroyed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from householdctl.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable


def require_consent(action: str, *, yes: bool, count: Callable[[], int], where: str = "") -> None:
    """Returns when the operator agrees: by ``--yes``, or by answering the question on the terminal.

    ``count`` gives the number of sessions that would be hit; it is called only for the question, and the question is
    asked without a number when the daemon does not say. ``where`` names the daemons, if there are several. Raises
    CommandError when there is nobody to ask, or no consent.
    """
    if yes:
        return
    _require_terminal(action)
    try:
        number = count()
        hit = f"{number} session{'s' * (number != 1)}"
    except CommandError as error:
        hit = f"sessions, nobody knows how many ({error.message})"
    action = f"{action} at {where}" if where else action
    _ask(f"{action}: this hits {hit}. Go ahead?")


def require_agreement(action: str, *, yes: bool, where: str = "") -> None:
    """Return when the operator agrees to ``action``, which ends no session. Raises CommandError as require_consent."""
    if yes:
        return
    _require_terminal(action)
    _ask(f"{action} at {where}?" if where else f"{action}?")


def _require_terminal(action: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError(
            ExitCode.USAGE,
            f"{action}: standard input is not a terminal, so there is nobody to ask",
            "add --yes to go ahead",
        )


def _ask(question: str) -> None:
    if not typer.confirm(question, err=True):
        raise CommandError(ExitCode.FAILURE, "not confirmed; nothing was changed")
