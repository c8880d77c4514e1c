"""shutdown: the emergency stop, at the top and below sessions."""

from typing import Annotated

import typer

from householdctl.consent import require_consent
from householdctl.options import Options, with_options


@with_options
def shutdown(
    options: Options,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Told to the clients and logged; 1 to 200 characters.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Emergency: end all traffic within a second and stop the daemon."""
    with options.connect() as client:
        require_consent("shut down householdd", yes=yes, count=client.count_sessions)
        answer = client.shutdown(reason)
    from householdctl import output
    from householdctl.tables import Facts

    killed = ", ".join(answer.killed_workers) or "none"
    facts = [("sessions closed", str(answer.sessions_closed)), ("workers killed", killed)]
    output.show(options, answer, Facts(facts))
