"""sessions blocks, block and unblock: addresses whose new sessions are refused."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from householdctl.cli.completion import blocked_addresses
from householdctl.cli.options import DryRunOption, NoteOption, RequestIdOption, positive_duration_argument, with_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.terminal import note, note_dry_run, warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from household.v1.session_service_pb2 import Block
    from householdctl.control.multi_target import TargetAnswers
    from householdctl.output.tables import Column


@with_options
def list_blocks(options: Options) -> None:
    """List blocked addresses, the reasons and the time left."""
    from householdctl.control.multi_target import ask

    answers = ask(options, lambda client: client.list_blocks())
    _show(options, answers, answers.document("blocks"))
    if not answers.items("blocks"):
        note("no address is blocked")
    answers.warn()
    answers.finish()


@with_options
def block(
    options: Options,
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS", help="Addresses, or networks such as 198.51.100.0/24.")
    ],
    length: Annotated[
        float,
        typer.Option(
            "--for", parser=positive_duration_argument, metavar="DURATION", help="Length of the block, such as 10m."
        ),
    ],
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Shown to the client and logged; 1 to 200 characters.")
    ],
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Refuse new sessions from addresses for a while.

    Live sessions continue. To close them too: householdctl sessions kill --block.
    """
    from household.v1.session_service_pb2 import BlockAddressesRequest
    from householdctl.control.multi_target import ask
    from householdctl.values.units import to_duration

    request = BlockAddressesRequest(
        addresses=addresses,
        duration=to_duration(length),
        reason=reason,
        validate_only=dry_run,
        request_id=request_id,
    )
    answers = ask(options, lambda client: client.block_addresses(request))
    _show(options, answers, answers.document("blocks", "unreachable_workers"))
    if dry_run:
        blocked = dict.fromkeys(each.address for _, answer in answers for each in answer.blocks)
        note(f"would block: {', '.join(blocked)}")
    _note_what_else(answers, dry_run=dry_run)
    answers.finish()


@with_options
def unblock(
    options: Options,
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ADDRESS", autocompletion=blocked_addresses, help="Addresses as sessions blocks lists them."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All blocked addresses.")] = False,
    reason: NoteOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Lift the blocks of addresses."""
    if everything == bool(addresses):
        raise CommandError(ExitCode.USAGE, "give either ADDRESSES or --all")
    from household.v1.session_service_pb2 import UnblockAddressesRequest
    from householdctl.control.multi_target import ask
    from householdctl.views.sessions import lifted_columns

    request = UnblockAddressesRequest(
        addresses=addresses or (), all=everything, reason=reason, validate_only=dry_run, request_id=request_id
    )
    answers = ask(options, lambda client: client.unblock_addresses(request))
    # One of several daemons is enough to have had the address blocked.
    nowhere = [
        address
        for address in dict.fromkeys(each for _, answer in answers for each in answer.not_blocked)
        if all(address in answer.not_blocked for _, answer in answers)
    ]
    document: Any = answers.document("blocks", "unreachable_workers")
    if answers.several:
        document = {**document, "not_blocked": nowhere, "still_blocked": answers.items("still_blocked")}
    _show(options, answers, document, lifted_columns(dry_run=dry_run))
    if everything and not answers.items("blocks"):
        note("no address is blocked")
    _warn_of_others(answers, nowhere)
    _note_what_else(answers, dry_run=dry_run)
    answers.finish()
    if nowhere:
        raise typer.Exit(ExitCode.NOT_FOUND)
    if answers.items("still_blocked"):
        raise typer.Exit(ExitCode.CONFLICT)


def _warn_of_others(answers: "TargetAnswers[Any]", nowhere: list[str]) -> None:
    """Warn of addresses that had no block, and of wider blocks that still apply."""
    from householdctl.values.units import format_age, seconds

    held = [(target, each) for target, answer in answers for each in answer.still_blocked]
    for address in nowhere:
        if address not in (each.address for _, each in held):
            warn(f"{address} was not blocked")
    for target, each in held:
        wider = each.block
        how = "has no block of its own, but is" if each.address in nowhere else "is still"
        warn(
            f"{each.address} {how} blocked{answers.at(target)} by the block of {wider.address}, "
            f"{format_age(seconds(wider.left))} left ({wider.reason}); householdctl sessions unblock {wider.address}"
        )


def _show(
    options: Options, answers: "TargetAnswers[Any]", document: object, columns: "Sequence[Column[Block]] | None" = None
) -> None:
    from household.v1.session_service_pb2 import Block
    from householdctl.output import printer
    from householdctl.output.tables import Table
    from householdctl.views import sessions as session_views

    blocks = answers.items("blocks")
    table = Table(answers.columns(columns or session_views.BLOCK_COLUMNS), blocks)
    printer.show(options, document, table, lines=blocks, row=Block)


def _note_what_else(answers: "TargetAnswers[Any]", *, dry_run: bool) -> None:
    if dry_run:
        note_dry_run()
    answers.warn_of_workers()
    answers.warn()
