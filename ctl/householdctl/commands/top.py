"""top."""

from typing import Annotated

import typer

from householdctl.options import FilterOption, Options, ProfileOption, positive_duration_argument, with_options
from householdctl.selection_options import AddressOption, LiveRunOption, UserOption


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
            "--interval", parser=positive_duration_argument, metavar="DURATION", help="Between looks.  [default: 1s]"
        ),
    ] = None,
) -> None:
    """Watch sessions, rates, latency and workers live.

    Fills the terminal. Sorts, filters, pauses, and kills the selected session; the key ? shows how.
    """
    from householdctl import filters
    from householdctl.matching import require_profile
    from householdctl.top.run import run_top

    matching = filters.live(query, profile=profile, address=address, user=user, run=run)
    require_profile(options, profile)
    run_top(options, matching, interval or 1.0)
