"""Options that select sessions and runs; each becomes a part of a filter."""

import datetime as dt
from typing import Annotated

import typer

from household_filters.values import network
from householdctl.cli.completion import live_fields, live_profiles, live_runs, live_users
from householdctl.values.moments import parse_moment


def address_argument(text: str) -> str:
    """Return an address or a network in the form of filters."""
    try:
        made = network(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return str(made.network_address if made.prefixlen == made.max_prefixlen else made)


def moment_argument(text: str) -> dt.datetime:
    """Return a moment, see :func:`householdctl.values.moments.parse_moment`."""
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
        help="Only sessions that match: profile = jake AND state = QUIET AND sent_bytes > 10MB. "
        "Fields: householdctl explain sessions",
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
        help="Only clients of this address or network, such as 192.0.2.0/24.",
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option("--user", metavar="USER", autocompletion=live_users, help="Only sessions of this user."),
]
LiveRunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="TEST_ID", autocompletion=live_runs, help="Only sessions of this run."),
]
KeptRunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="Only this run: its id, the beginning of its id, or its test id."),
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
        help="Only from this moment on: a date, a time, today, yesterday, or an age such as 2d.",
    ),
]
UntilOption = Annotated[
    dt.datetime | None,
    typer.Option("--until", parser=moment_argument, metavar="MOMENT", help="Only before this moment; as --since."),
]


def check_order(since: dt.datetime | None, until: dt.datetime | None) -> None:
    """Raise BadParameter unless ``until`` is after ``since``."""
    if since is not None and until is not None and until <= since:
        raise typer.BadParameter("must be after --since", param_hint="--until")
