"""drain and resume."""

from typing import Annotated

import typer

from householdctl.cli.consent import require_consent
from householdctl.cli.options import (
    DryRunOption,
    NoteOption,
    RequestIdOption,
    SpreadOption,
    YesOption,
    duration_argument,
    with_options,
)
from householdctl.control.options import Options
from householdctl.output.terminal import note_dry_run


@with_options
def drain(
    options: Options,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Logged and shown by health; 1 to 200 characters.")
    ],
    deadline: Annotated[
        float | None,
        typer.Option(
            parser=duration_argument,
            metavar="DURATION",
            help="Close remaining sessions after this time: 60s.  [default: the drain timeout, see timeouts get]",
        ),
    ] = None,
    spread: SpreadOption = None,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="Wait until the last session has ended, or fail with exit code 7 after --timeout, if given. "
            "Ctrl-C ends the waiting, not the drain.",
        ),
    ] = False,
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Refuse new runs and let live ones end.

    A run that has begun may open the rest of its sessions. Remaining sessions are closed at the deadline, or spread
    before it. To end the drain: householdctl resume.
    """
    from householdctl.control.multi_target import ask, count_sessions, names

    if not dry_run:
        require_consent("drain householdd", where=names(options), yes=yes, count=lambda: count_sessions(options))
    from household.v1.server_service_pb2 import DrainServerRequest
    from householdctl.daemon import drain_progress
    from householdctl.values.units import to_duration

    order = DrainServerRequest(
        reason=reason,
        deadline=None if deadline is None else to_duration(deadline),
        spread=None if spread is None else to_duration(spread),
        validate_only=dry_run,
        request_id=request_id,
    )
    answers = ask(options, lambda client: client.drain(order))
    if dry_run:
        note_dry_run()
    elif wait:
        drain_progress.wait_for_all(options, answers)
    drain_progress.show(options, answers)


@with_options
def resume(
    options: Options,
    reason: NoteOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Accept new runs again."""
    from household.v1.server_service_pb2 import ResumeServerRequest
    from householdctl.control.multi_target import ask
    from householdctl.daemon import drain_progress

    request = ResumeServerRequest(reason=reason, validate_only=dry_run, request_id=request_id)
    answers = ask(options, lambda client: client.resume(request))
    if dry_run:
        note_dry_run()
    drain_progress.show(options, answers)
