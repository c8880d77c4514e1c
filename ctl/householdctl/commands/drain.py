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
    with options.connect() as client:
        require_consent("drain householdd", yes=yes, count=client.count_sessions)
        from householdctl import draining, output, server_views
        from householdctl.tables import Facts

        server = draining.begin(client, reason, deadline)
        if wait:
            server = draining.wait(client, server)
    output.show(options, server, Facts(server_views.drain_facts(server)))


@with_options
def resume(options: Options) -> None:
    """Accept new sessions again."""
    with options.connect() as client:
        server = client.resume()
    from householdctl import output, server_views
    from householdctl.tables import Facts

    output.show(options, server, Facts(server_views.drain_facts(server)))
