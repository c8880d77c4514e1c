"""breakers: list and reset circuit breakers, which refuse clients whose sessions keep failing."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.completion import broken_addresses
from householdctl.cli.options import DryRunOption, NoteOption, RequestIdOption, example, with_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.terminal import note, note_dry_run, warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from household.v1.session_service_pb2 import Breaker
    from householdctl.control.multi_target import TargetAnswers
    from householdctl.output.tables import Column

app = App(
    help="See and reset circuit breakers.\n\nThey refuse clients whose sessions keep failing.",
    epilog=example("householdctl breakers list", "householdctl breakers reset 192.0.2.7"),
)


@app.command("list", epilog=example("householdctl breakers list", "householdctl breakers list -o json"))
@with_options
def list_breakers(options: Options) -> None:
    """List open and half-open circuit breakers."""
    from householdctl.control.multi_target import ask
    from householdctl.views import sessions as session_views

    answers = ask(options, lambda client: client.list_breakers())
    _show(options, answers, answers.document("breakers", "unreachable_workers"), session_views.BREAKER_COLUMNS)
    if not answers.items("breakers"):
        note("no breaker is open")
    _warn(answers)
    answers.finish()


@app.command(
    "reset",
    epilog=example("householdctl breakers reset 192.0.2.7", 'householdctl breakers reset --all --reason "ticket 4711"'),
)
@with_options
def reset_breakers(
    options: Options,
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ADDRESS",
            autocompletion=broken_addresses,
            help="Addresses as breakers list shows them, or networks such as 192.0.2.0/24.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All breakers.")] = False,
    reason: NoteOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Close circuit breakers and forget the failures that opened them."""
    if everything == bool(addresses):
        raise CommandError(ExitCode.USAGE, "give either ADDRESSES or --all")
    from household.v1.session_service_pb2 import ResetBreakersRequest
    from householdctl.control.multi_target import ask
    from householdctl.views import sessions as session_views

    request = ResetBreakersRequest(
        addresses=addresses or (), all=everything, reason=reason, validate_only=dry_run, request_id=request_id
    )
    answers = ask(options, lambda client: client.reset_breakers(request))
    # One of several daemons is enough to have had the breaker open.
    nowhere = [
        address
        for address in dict.fromkeys(each for _, answer in answers for each in answer.not_open)
        if all(address in answer.not_open for _, answer in answers)
    ]
    document = answers.document("breakers", "unreachable_workers")
    columns = session_views.reset_columns(dry_run=dry_run)
    _show(options, answers, {**document, "not_open": nowhere} if answers.several else document, columns)
    if everything and not answers.items("breakers"):
        note("no breaker is open")
    for address in nowhere:
        warn(f"{address} had no open breaker")
    if dry_run:
        note_dry_run()
    _warn(answers)
    answers.finish()
    if nowhere:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _show(
    options: Options, answers: "TargetAnswers[Any]", document: object, columns: "Sequence[Column[Breaker]]"
) -> None:
    from household.v1.session_service_pb2 import Breaker
    from householdctl.output import printer
    from householdctl.output.tables import Table

    breakers = answers.items("breakers")
    table = Table(answers.columns(columns), breakers)
    printer.show(options, document, table, lines=breakers, row=Breaker)


def _warn(answers: "TargetAnswers[Any]") -> None:
    for target, answer in answers:
        for worker in answer.unreachable_workers:
            warn(f"worker {worker.worker}{answers.at(target)} did not answer: {worker.reason}")
    answers.warn()
