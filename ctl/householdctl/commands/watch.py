"""sessions watch."""

from typing import Annotated

import typer

from householdctl.cli.completion import live_fields
from householdctl.cli.options import with_options
from householdctl.cli.selection_options import AddressOption, LiveRunOption, ProfileOption, UserOption
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.formats import Format


@with_options
def watch_sessions(
    options: Options,
    query: Annotated[
        str,
        typer.Option(
            "--filter",
            metavar="FILTER",
            autocompletion=live_fields,
            help='Only sessions that match, by fields that do not change: user_id : "7932"',
        ),
    ] = "",
    profile: ProfileOption = None,
    address: AddressOption = None,
    user: UserOption = None,
    run: LiveRunOption = None,
) -> None:
    """Print live sessions, then every change.

    Ends on Ctrl-C, or with the daemon.
    """
    if options.output is Format.JSON:
        raise CommandError(ExitCode.USAGE, "--output json does not fit a watch, which has no end", "use --output jsonl")
    from householdctl.sessions.matching import require_profile
    from householdctl.sessions.watch_events import print_events
    from householdctl.values import filters

    matching = filters.live(query, profile=profile, address=address, user=user, run=run)
    require_profile(options, profile)
    print_events(options, matching)
