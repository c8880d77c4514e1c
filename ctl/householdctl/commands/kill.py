"""sessions kill."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from householdctl.cli.completion import live_fields, live_session_ids
from householdctl.cli.consent import require_consent, require_terminal
from householdctl.cli.options import (
    DryRunOption,
    RequestIdOption,
    SpreadOption,
    YesOption,
    positive_duration_argument,
    with_options,
)
from householdctl.cli.selection_options import AddressOption, LiveRunOption, ProfileOption, UserOption
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.terminal import note, note_dry_run, warn

if TYPE_CHECKING:
    from household.v1.session_service_pb2 import KillSessionsResponse
    from householdctl.control.multi_target import TargetAnswers


@with_options
def kill_sessions(
    options: Options,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Shown to the client and logged; 1 to 200 characters.")
    ],
    session_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", autocompletion=live_session_ids, help="Ids, or their beginnings."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="FILTER",
            autocompletion=live_fields,
            help="All live sessions that match, as in sessions list.",
        ),
    ] = None,
    profile: ProfileOption = None,
    address: AddressOption = None,
    user: UserOption = None,
    run: LiveRunOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All live sessions.")] = False,
    block: Annotated[
        float | None,
        typer.Option(
            parser=positive_duration_argument,
            metavar="DURATION",
            help="Refuse new sessions from their addresses for this long, such as 10m.",
        ),
    ] = None,
    spread: SpreadOption = None,
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Close sessions and show the outcome of each."""
    filtered = any(each is not None for each in (query, profile, address, user, run))
    if (bool(session_ids), filtered, everything).count(True) != 1:
        raise CommandError(
            ExitCode.USAGE,
            "select sessions in one way: IDS, or --filter, --profile, --address, --user and --run, or --all",
        )
    if query is not None and not query.strip():
        raise CommandError(
            ExitCode.USAGE, "--filter is empty, which matches all sessions", "to kill all sessions: --all"
        )
    from householdctl.control.multi_target import ask, count_sessions, names
    from householdctl.sessions.ids import whole_sessions
    from householdctl.sessions.matching import nothing, require_profile
    from householdctl.values import filters

    action = "kill sessions"
    if not (yes or dry_run):
        require_terminal(action)
    matching = filters.live(query or "", profile=profile, address=address, user=user, run=run)
    require_profile(options, profile)
    ids = whole_sessions(options, session_ids or ())
    require_consent(
        action,
        where=names(options),
        yes=yes or dry_run,
        count=lambda: len(ids) or count_sessions(options, matching),
        none="" if everything else nothing(matching),
    )
    from household.v1.session_service_pb2 import KillSessionsRequest
    from householdctl.values.units import to_duration
    from householdctl.views.sessions import not_found

    order = KillSessionsRequest(
        reason=reason,
        request_id=request_id,
        validate_only=dry_run,
        block_address=to_duration(block) if block else None,
        spread=to_duration(spread) if spread else None,
    )
    if everything:
        order.all = True
    elif matching:
        order.filter = matching
    answers = ask(options, lambda client: client.kill_sessions(order, ids))
    results = _show(options, answers, dry_run=dry_run)
    if not results:
        # Not an error for --all.
        note(nothing(matching))
    _note_what_else(answers, dry_run=dry_run)
    answers.finish()
    if any(answer.unreachable_workers for _, answer in answers):
        raise typer.Exit(ExitCode.UNREACHABLE)
    if not_found(results) or not (results or everything):
        raise typer.Exit(ExitCode.NOT_FOUND)


def _show(options: Options, answers: "TargetAnswers[KillSessionsResponse]", *, dry_run: bool) -> list[Any]:
    """Print the outcome of each session, and return the results."""
    from household.v1.session_service_pb2 import KillResult
    from householdctl.control import merge
    from householdctl.output import printer
    from householdctl.output.tables import Table
    from householdctl.views import sessions as session_views

    results = merge.merge_kills(answers) if answers.several else list(answers.only.results)
    document: Any = answers.only
    if answers.several:
        document = {
            "results": results,
            "unreachable_workers": answers.items("unreachable_workers"),
            "unreachable_targets": answers.unreachable,
        }
    table = Table(answers.columns(session_views.kill_columns(dry_run=dry_run)), results)
    printer.show(options, document, table, lines=results, row=KillResult)
    return results


def _note_what_else(answers: "TargetAnswers[KillSessionsResponse]", *, dry_run: bool) -> None:
    for target, answer in answers:
        if answer.blocks:
            addresses = ", ".join(dict.fromkeys(block.address for block in answer.blocks))
            note(f"{'would block' if dry_run else 'blocked'}{answers.at(target)}: {addresses}")
    if dry_run:
        note_dry_run()
    answers.warn()
    for target, answer in answers:
        for worker in answer.unreachable_workers:
            whose = f"worker {worker.worker}{answers.at(target)}"
            warn(f"sessions of {whose} may still live, it did not answer: {worker.reason}")
