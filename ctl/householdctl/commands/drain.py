"""drain and resume."""

from typing import Annotated

import typer

from householdctl.consent import require_consent
from householdctl.options import Options, duration_argument, with_options


@with_options
def drain(
    options: Options,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Logged and shown by health; 1 to 200 characters.")],
    deadline: Annotated[
        float | None,
        typer.Option(
            parser=duration_argument,
            metavar="DURATION",
            help="Close what is left after this long, such as 60s.  [default: the drain timeout, see timeouts get]",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the last session has ended.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Refuse new sessions and let the live ones end; at the deadline the rest is closed."""
    from householdctl.several import ask, count_sessions, names

    require_consent("drain householdd", where=names(options), yes=yes, count=lambda: count_sessions(options))
    from householdctl import draining

    answers = ask(options, lambda client: draining.begin(client, reason, deadline))
    if wait:
        draining.wait_for_all(options, answers)
    draining.show(options, answers)


@with_options
def resume(options: Options) -> None:
    """Accept new sessions again."""
    from householdctl.several import ask

    answers = ask(options, lambda client: client.resume())
    from householdctl import draining

    draining.show(options, answers)
