"""sessions kill."""

from typing import TYPE_CHECKING, Annotated

import typer

from householdctl.completion import live_session_ids
from householdctl.consent import require_consent
from householdctl.exits import CommandError, ExitCode
from householdctl.options import (
    DRY_RUN,
    DryRunOption,
    Options,
    ProfileOption,
    RequestIdOption,
    SpreadOption,
    YesOption,
    positive_duration_argument,
    with_options,
)
from householdctl.terminal import note, warn

if TYPE_CHECKING:
    from household.v1.session_service_pb2 import KillSessionsResponse
    from householdctl.several import Answers


@with_options
def kill_sessions(
    options: Options,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Shown to the client and logged; 1 to 200 characters.")
    ],
    session_ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", autocompletion=live_session_ids, help="UUIDs.")
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--filter", metavar="FILTER", help="Every live session that matches, as in sessions list."),
    ] = None,
    profile: ProfileOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Every live session.")] = False,
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
    """Close sessions and say for each what happened."""
    ids = list(dict.fromkeys(session_ids or ()))
    if (bool(ids), query is not None or profile is not None, everything).count(True) != 1:
        raise CommandError(
            ExitCode.USAGE, "say which sessions, in one way: IDS, --filter FILTER and --profile NAME, or --all"
        )
    if query is not None and not query.strip():
        raise CommandError(ExitCode.USAGE, "--filter: empty, which would match every session", "use --all for that")
    from householdctl.filters import joined
    from householdctl.several import ask, count_sessions, names

    matching = joined(query or "", profile)
    require_consent(
        "kill sessions",
        where=names(options),
        yes=yes or dry_run,
        count=lambda: len(ids) if ids else count_sessions(options, matching),
    )
    from household.v1.session_service_pb2 import KillResult, KillSessionsRequest
    from householdctl.units import to_duration

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
    from householdctl import merging, output, session_views
    from householdctl.tables import Table

    results = merging.merge_kills(answers) if answers.several else list(answers.only.results)
    unreachable = [answers.tag(target, worker) for target, answer in answers for worker in answer.unreachable_workers]
    document = (
        answers.only
        if not answers.several
        else {
            "results": results,
            "unreachable_workers": unreachable,
            "unreachable_targets": answers.unreachable,
        }
    )
    output.show(
        options,
        document,
        Table(answers.columns(session_views.KILL_COLUMNS), results),
        lines=results,
        row=KillResult,
    )
    _note_what_else(answers, dry_run=dry_run)
    answers.warn()
    for target, answer in answers:
        for worker in answer.unreachable_workers:
            whose = f"worker {worker.worker}{answers.at(target)}"
            warn(f"sessions of {whose} may live on, it did not answer: {worker.reason}")
    answers.finish()
    if unreachable:
        raise typer.Exit(ExitCode.UNREACHABLE)
    if session_views.not_found(results):
        raise typer.Exit(ExitCode.NOT_FOUND)


def _note_what_else(answers: "Answers[KillSessionsResponse]", *, dry_run: bool) -> None:
    for target, answer in answers:
        if answer.blocks:
            note(f"blocked{answers.at(target)}: {', '.join(dict.fromkeys(block.address for block in answer.blocks))}")
    if dry_run:
        note(DRY_RUN)
