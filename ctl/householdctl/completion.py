"""What the shell offers when an operator presses Tab."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from householdctl.exits import CommandError

if TYPE_CHECKING:
    from household.v1.session_pb2 import Session

# A shell that hangs on Tab feels broken; in seconds.
PATIENCE_S = 1.0


def live_session_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of live sessions that begin as typed, each with its user; none of a daemon that does not answer."""
    found = [(session.id, f"{session.user_id}, {session.profile}") for session in _live_sessions(ctx)]
    return [each for each in found if each[0].startswith(incomplete)]


def live_profiles(ctx: typer.Context, incomplete: str) -> list[str]:
    """Profiles of live sessions that begin as typed."""
    return [
        name for name in sorted({session.profile for session in _live_sessions(ctx)}) if name.startswith(incomplete)
    ]


def context_names(incomplete: str) -> list[str]:
    """Names of contexts that begin as typed; none when their file cannot be read."""
    from householdctl.contexts import load, location

    try:
        known = load(location(os.environ))
    except CommandError:
        return []
    return [name for name in sorted(known.contexts) if name.startswith(incomplete)]


def _live_sessions(ctx: typer.Context) -> list[Session]:
    from householdctl.options import resolve

    try:
        options = replace(resolve(ctx, ctx.params), timeout=PATIENCE_S)
        from householdctl.several import ask

        answers = ask(options, lambda client: client.list_sessions())
    except CommandError:
        return []
    return [session for _, answer in answers for session in answer.sessions]
