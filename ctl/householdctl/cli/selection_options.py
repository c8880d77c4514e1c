"""The options by which commands choose sessions and runs; each becomes a part of a filter."""

import datetime as dt
from typing import Annotated

import typer

from household_filters.values import network
from householdctl.cli.completion import live_fields, live_profiles, live_runs, live_users
from householdctl.values.moments import parse_moment


def address_argument(text: str) -> str:
    """Read an address or a network as filters take it."""
    try:
        made = network(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return str(made.network_address if made.prefixlen == made.max_prefixlen else made)


def moment_argument(text: str) -> dt.datetime:
    """Read a moment as :func:`householdctl.values.moments.parse_moment` does."""
    try:
        return parse_moment(text, dt.datetime.now(dt.UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


FilterOption = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="FILTER",
        autocompletion=live_fields,
        help="Such as: profile = jake AND state = QUIET AND sent_bytes > 10MB. Fields: householdctl explain sessions",
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", autocompletion=live_profiles, help="Only sessions of this profile."),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        parser=address_argument,
        metavar="ADDRESS",
        help="Only this client: 192.0.2.7, or a network such as 192.0.2.0/24.",
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option("--user", metavar="USER", autocompletion=live_users, help="Only sessions with this label."),
]
LiveRunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="TEST_ID", autocompletion=live_runs, help="Only sessions of this run."),
]
KeptRunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="Only this run: its id, the beginning of one, or its test id."),
]
EndedProfileOption = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Only sessions of this profile.")
]
SinceOption = Annotated[
    dt.datetime | None,
    typer.Option(
        "--since",
        parser=moment_argument,
        metavar="MOMENT",
        help="Only from here on: a date, a time, today, yesterday, or how long ago, such as 2d.",
    ),
]
UntilOption = Annotated[
    dt.datetime | None,
    typer.Option("--until", parser=moment_argument, metavar="MOMENT", help="Only before; as --since."),
]


def check_order(since: dt.datetime | None, until: dt.datetime | None) -> None:
    """Refuse an end that is not after the beginning."""
    if since is not None and until is not None and until <= since:
        raise typer.BadParameter("has to be after --since", param_hint="--until")
