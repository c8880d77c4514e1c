"""What the shell offers when an operator presses Tab."""

from dataclasses import replace

import typer

from householdctl.exits import CommandError
from householdctl.options import COMMON, resolve

# A shell that hangs on Tab feels broken; in seconds.
PATIENCE_S = 1.0


def live_session_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of live sessions that begin as typed, each with its user; none when the daemon does not answer."""
    given = {name: ctx.params.get(name) or ctx.find_root().params.get(name) for name in COMMON}
    try:
        options = resolve(ctx, given)
        with replace(options, timeout=PATIENCE_S).connect() as client:
            listing = client.list_sessions()
    except CommandError:
        return []
    return [(s.id, f"{s.user_id}, {s.profile}") for s in listing.sessions if s.id.startswith(incomplete)]
