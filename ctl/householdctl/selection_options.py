"""The options by which commands choose sessions and runs; each becomes a part of a filter."""

import datetime as dt
from typing import Annotated

import typer

from household_filters.values import network
from householdctl.moments import parse_moment


def address_argument(text: str) -> str:
    """Read an address or a network as filters take it."""
    try:
        made = network(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return str(made.network_address if made.prefixlen == made.max_prefixlen else made)


def moment_argument(text: str) -> dt.datetime:
    """Read a moment as :func:`householdctl.moments.parse_moment` does."""
    try:
        return parse_moment(text, dt.datetime.now(dt.UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def live_fields(incomplete: str) -> list[str]:
    """Complete a filter of live sessions."""
    from household_filters.fields import LIVE_FIELDS
    from householdctl.completion import filter_of

    return filter_of(LIVE_FIELDS, incomplete)


def order_fields(incomplete: str) -> list[str]:
    """Complete an order of live sessions."""
    from household_filters.fields import LIVE_FIELDS
    from householdctl.completion import order_of

    return order_of(LIVE_FIELDS, incomplete)


def history_fields(incomplete: str) -> list[str]:
    """Complete a filter of ended sessions."""
    from household_filters.fields import HISTORY_FIELDS
    from householdctl.completion import filter_of

    return filter_of(HISTORY_FIELDS, incomplete)


def run_fields(incomplete: str) -> list[str]:
    """Complete a filter of runs."""
    from household_filters.fields import RUN_FIELDS
    from householdctl.completion import filter_of

    return filter_of(RUN_FIELDS, incomplete)


def _live_users(ctx: typer.Context, incomplete: str) -> list[str]:
    from householdctl.completion import live_users

    return live_users(ctx, incomplete)


def _live_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    from householdctl.completion import live_runs

    return live_runs(ctx, incomplete)


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
    typer.Option("--user", metavar="USER", autocompletion=_live_users, help="Only sessions with this label."),
]
LiveRunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="TEST_ID", autocompletion=_live_runs, help="Only sessions of this run."),
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
