"""check: leaks."""

from pathlib import Path
from typing import Annotated

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.options import duration_argument, example, positive_duration_argument, with_options
from householdctl.control.options import Options
from householdctl.exit_codes import ExitCode

app = App(
    help="Check a server as its clients see it.",
    epilog=example("householdctl check leaks"),
)


@app.callback()
def check() -> None:
    """Check a server as its clients see it."""


@app.command(
    "leaks",
    epilog=example(
        "householdctl check leaks",
        "householdctl check leaks wss://test.example.net:8443 --ca /etc/ssl/our-ca.pem --duration 5s -o json",
    ),
)
@with_options
def leaks(
    options: Options,
    url: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="https://HOST:PORT/  [default: that of the selected daemon]"),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            parser=positive_duration_argument, metavar="DURATION", help="Length of the traffic.  [default: 3s]"
        ),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(
            parser=duration_argument, metavar="DURATION", help="Time for the server to clean up.  [default: 10s]"
        ),
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Do not verify the certificate (never verified for loopback without --ca)."),
    ] = False,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Certificate authority to trust, in PEM format.", show_default=False),
    ] = None,
) -> None:
    """Cut off a household of four and verify that nothing is left.

    Aborts the connections, then waits until the server has ended the sessions and their traffic.

    Works with any server that speaks the household protocol. Asks the control API or, without one, the server's public
    statistics. Exit code 0 only if nothing is left.
    """
    from householdctl.data_plane.leak_run import run_check
    from householdctl.data_plane.server_url import OPEN_TIMEOUT_S
    from householdctl.views.leaks import show

    report = run_check(
        url,
        target=options.target,
        target_named=options.target_named,
        timeout=options.timeout,
        open_timeout=options.given_timeout or OPEN_TIMEOUT_S,
        insecure=insecure,
        ca_file=ca,
        **{name: seconds for name, seconds in (("duration", duration), ("deadline", deadline)) if seconds is not None},
    )
    show(report, options)
    if not report.passed:
        raise typer.Exit(ExitCode.FAILURE)
