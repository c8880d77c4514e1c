"""shutdown: the emergency stop, at the top and below sessions."""

from typing import Annotated

import typer

from householdctl.cli.consent import require_consent
from householdctl.cli.options import DryRunOption, RequestIdOption, YesOption, with_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.output.terminal import note_dry_run

WITHOUT_AN_ANSWER = (
    "its workers stop without it, on its machine: systemctl kill -s USR2 householdd, "
    "or touch /run/householdd/emergency-stop"
)


@with_options
def shutdown(
    options: Options,
    reason: Annotated[
        str,
        typer.Option("--reason", "-r", metavar="TEXT", help="Shown to the clients and logged; 1 to 200 characters."),
    ],
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Emergency: end all traffic within a second and stop the daemon.

    A daemon that does not answer is stopped on its machine: systemctl kill -s USR2 householdd
    """
    from householdctl.control.multi_target import ask, count_sessions, names
    from householdctl.output import printer

    if dry_run:
        note_dry_run()
    else:
        require_consent("shut down householdd", where=names(options), yes=yes, count=lambda: count_sessions(options))
    from household.v1.server_service_pb2 import ShutdownServerRequest

    request = ShutdownServerRequest(reason=reason, validate_only=dry_run, request_id=request_id)
    try:
        answers = ask(options, lambda client: client.shutdown(request))
    except CommandError as error:
        if error.code is not ExitCode.DEADLINE:
            raise
        raise CommandError(error.code, error.message, WITHOUT_AN_ANSWER, *error.hints) from None
    from householdctl.output.tables import Facts, Table
    from householdctl.views.server import SHUTDOWN_COLUMNS, shutdown_facts

    if answers.several:
        results = [answers.tag(target, answer) for target, answer in answers]
        document = {"results": results, "unreachable_targets": answers.unreachable}
        printer.show(options, document, Table(answers.columns(SHUTDOWN_COLUMNS), results), lines=results)
    else:
        printer.show(options, answers.only, Facts(shutdown_facts(answers.only)))
    answers.warn()
    answers.finish()
