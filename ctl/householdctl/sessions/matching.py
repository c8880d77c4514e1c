"""What to say when nothing matched."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from householdctl.control.options import Options


def require_profile(options: Options, name: str | None) -> None:
    """Raise CommandError when no daemon that answers has the profile; ``name`` is None where none was asked for."""
    if name is None:
        return
    known = _profiles(options)
    if not known or name.lower() in (each.lower() for each in known):
        return
    near = difflib.get_close_matches(name.lower(), known, 1)
    hints = [f"did you mean {near[0]}?"] if near else []
    raise CommandError(ExitCode.NOT_FOUND, f"no profile {name!r}", *hints, f"profiles: {', '.join(known)}")


def nothing(query: str) -> str:
    """Return the words for no live session, where ``query`` is what was asked for."""
    return "no session matches" if query.strip() else "no session is live"


def _profiles(options: Options) -> list[str]:
    from householdctl.control.multi_target import ask

    answers = ask(options, lambda client: client.get_config())
    # A daemon that does not tell its profiles may have any.
    if not all(answer.profiles for _, answer in answers):
        return []
    return list(dict.fromkeys(profile for _, answer in answers for profile in answer.profiles))
