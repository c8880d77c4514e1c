"""Explains why nothing matched."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from householdctl.control.options import Options


def require_profile(options: Options, name: str | None) -> None:
    """Raise CommandError for a profile that no daemon has."""
    if name is None:
        return
    known = _profiles(options)
    if not known or name.lower() in (each.lower() for each in known):
        return
    near = difflib.get_close_matches(name.lower(), known, 1)
    hints = [f"did you mean {near[0]}?"] if near else []
    raise CommandError(ExitCode.NOT_FOUND, f"no profile {name!r}", *hints, f"profiles: {', '.join(known)}")


def nothing(query: str) -> str:
    """Return the note for an empty list."""
    return "no session matches" if query.strip() else "no session is live"


def _profiles(options: Options) -> list[str]:
    from householdctl.control.multi_target import ask

    answers = ask(options, lambda client: client.get_config())
    # An old daemon does not tell its profiles.
    if not all(answer.profiles for _, answer in answers):
        return []
    return list(dict.fromkeys(profile for _, answer in answers for profile in answer.profiles))
