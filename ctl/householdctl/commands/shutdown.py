"""shutdown: the emergency stop, at the top and below sessions."""

from typing import Annotated

import typer

from householdctl.consent import require_consent
from householdctl.options import DRY_RUN, DryRunOption, Options, RequestIdOption, YesOption, with_options
from householdctl.terminal import note


@with_options
def shutdown(
    options: Options,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="Told to the clients and logged; 1 to 200 characters.")
    ],
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Emergency: end all traffic within a second and stop the daemon."""
    from householdctl.multi_target import ask, count_sessions, names

    if dry_run:
        note(DRY_RUN)
    else:
        require_consent("shut down householdd", where=names(options), yes=yes, count=lambda: count_sessions(options))
    from household.v1.server_service_pb2 import ShutdownServerRequest

    request = ShutdownServerRequest(reason=reason, validate_only=dry_run, request_id=request_id)
    answers = ask(options, lambda client: client.shutdown(request))
    from householdctl import output
    from householdctl.views.server import SHUTDOWN_COLUMNS, shutdown_facts
    from householdctl.views.tables import Facts, Table

    if answers.several:
        results = [answers.tag(target, answer) for target, answer in answers]
        document = {"results": results, "unreachable_targets": answers.unreachable}
        output.show(options, document, Table(answers.columns(SHUTDOWN_COLUMNS), results), lines=results)
    else:
        output.show(options, answers.only, Facts(shutdown_facts(answers.only)))
    answers.warn()
    answers.finish()
