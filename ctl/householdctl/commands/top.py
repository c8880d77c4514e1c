"""top."""

from typing import Annotated

import typer

from householdctl.cli.options import positive_duration_argument, with_options
from householdctl.cli.selection_options import AddressOption, FilterOption, LiveRunOption, ProfileOption, UserOption
from householdctl.control.options import Options


@with_options
def top(
    options: Options,
    query: FilterOption = "",
    profile: ProfileOption = None,
    address: AddressOption = None,
    user: UserOption = None,
    run: LiveRunOption = None,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            parser=positive_duration_argument,
            metavar="DURATION",
            help="Time between updates.  [default: 1s]",
        ),
    ] = None,
) -> None:
    """Watch sessions, rates, latency and workers live.

    Fills the terminal. Sorts, filters, pauses, and kills the selected session; ? shows the keys.
    """
    from householdctl.sessions.matching import require_profile
    from householdctl.top.run import run_top
    from householdctl.values import filters

    matching = filters.live(query, profile=profile, address=address, user=user, run=run)
    require_profile(options, profile)
    run_top(options, matching, interval or 1.0)
