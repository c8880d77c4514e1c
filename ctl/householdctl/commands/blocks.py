"""sessions blocks, block and unblock: addresses from which no new sessions are accepted."""

from typing import TYPE_CHECKING, Annotated

import typer

from householdctl.exits import CommandError, ExitCode
from householdctl.options import DRY_RUN, DryRunOption, Options, positive_duration_argument, with_options
from householdctl.terminal import note, warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from household.v1.session_service_pb2 import UnreachableWorker


@with_options
def list_blocks(options: Options) -> None:
    """List the addresses that are kept out, why and for how long."""
    with options.connect() as client:
        answer = client.list_blocks()
    from household.v1.session_service_pb2 import Block
    from householdctl import output, session_views
    from householdctl.tables import Table

    output.show(options, answer, Table(session_views.BLOCK_COLUMNS, answer.blocks), lines=answer.blocks, row=Block)


@with_options
def block(
    options: Options,
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS...", help="Addresses, or prefixes such as 198.51.100.0/24.")
    ],
    length: Annotated[
        float, typer.Option("--for", parser=positive_duration_argument, metavar="DURATION", help="For how long: 10m.")
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Told to the client and logged; 1 to 200 characters.")],
    dry_run: DryRunOption = False,
) -> None:
    """Refuse new sessions from addresses for a while.

    Live sessions go on; sessions kill --block ends them too.
    """
    from household.v1.session_service_pb2 import Block, BlockAddressesRequest
    from householdctl.units import to_duration

    request = BlockAddressesRequest(
        addresses=addresses, duration=to_duration(length), reason=reason, validate_only=dry_run
    )
    with options.connect() as client:
        answer = client.block_addresses(request)
    from householdctl import output, session_views
    from householdctl.tables import Table

    output.show(options, answer, Table(session_views.BLOCK_COLUMNS, answer.blocks), lines=answer.blocks, row=Block)
    _end(answer.unreachable_workers, dry_run=dry_run)


@with_options
def unblock(
    options: Options,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESSES]...", help="As sessions blocks shows them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every address that is blocked.")] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Let addresses in again."""
    if everything == bool(addresses):
        raise CommandError(ExitCode.USAGE, "say which addresses, in one way: ADDRESSES or --all")
    from household.v1.session_service_pb2 import Block, UnblockAddressesRequest

    request = UnblockAddressesRequest(addresses=addresses or (), all=everything, validate_only=dry_run)
    with options.connect() as client:
        answer = client.unblock_addresses(request)
    from householdctl import output, session_views
    from householdctl.tables import Table

    output.show(options, answer, Table(session_views.BLOCK_COLUMNS, answer.blocks), lines=answer.blocks, row=Block)
    for address in answer.not_blocked:
        warn(f"{address} was not blocked")
    _end(answer.unreachable_workers, dry_run=dry_run)
    if answer.not_blocked:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _end(unreachable: "Iterable[UnreachableWorker]", *, dry_run: bool) -> None:
    if dry_run:
        note(DRY_RUN)
    for worker in unreachable:
        warn(f"worker {worker.worker} did not answer and is told when it does: {worker.reason}")
