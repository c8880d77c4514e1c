"""top."""

from typing import Annotated

import typer

from householdctl.options import FilterOption, Options, ProfileOption, positive_duration_argument, with_options


@with_options
def top(
    options: Options,
    query: FilterOption = "",
    profile: ProfileOption = None,
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
    from householdctl.filters import joined
    from householdctl.top.run import run_top

    run_top(options, joined(query, profile), interval or 1.0)
