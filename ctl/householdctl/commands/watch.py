"""sessions watch."""

from typing import Annotated

import typer

from householdctl.exits import CommandError, ExitCode
from householdctl.options import Format, Options, ProfileOption, with_options


@with_options
def watch_sessions(
    options: Options,
    query: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help='On what does not change, such as: user_id : "7932"')
    ] = "",
    profile: ProfileOption = None,
) -> None:
    """Print the live sessions, then every change.

    Until Ctrl-C, or until the daemon ends.
    """
    if options.output is Format.JSON:
        raise CommandError(
            ExitCode.USAGE, "--output json: a watch has no end, so it is no single document", "use --output jsonl"
        )
    from householdctl.filters import joined
    from householdctl.watching import print_events

    print_events(options, joined(query, profile))
