"""test."""

from pathlib import Path
from typing import Annotated

import typer

from householdctl.cli.options import positive_duration_argument, with_options
from householdctl.control.options import Options
from householdctl.exit_codes import ExitCode


@with_options
def play_test(
    options: Options,
    url: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="https://HOST:PORT/  [default: where the chosen daemon listens]"),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(parser=positive_duration_argument, metavar="DURATION", help="Length of the load.  [default: 30s]"),
    ] = None,
    computer: Annotated[
        float | None,
        typer.Option(
            "--computer",
            metavar="MBIT/S",
            min=1,
            max=1000,
            help="What the Computer asks for.  [default: what the warm-up finds and half as much again, 300 at most]",
        ),
    ] = None,
    warm_up: Annotated[
        bool,
        typer.Option("--warmup/--no-warmup", help="Measure first what the line carries; never with --computer."),
    ] = True,
    share: Annotated[
        bool, typer.Option("--share/--no-share", help="Let the server keep the run, and print where it shows it.")
    ] = True,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Accept any certificate; without --ca so for loopback addresses anyway.")
    ] = False,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="PEM file of the authority to trust.", show_default=False),
    ] = None,
    token: Annotated[
        str,
        typer.Option(
            "--token",
            metavar="TOKEN",
            envvar="HOUSEHOLDCTL_TEST_TOKEN",
            help="Access token, if the server requires one.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Play the household from here and show what each person gets.

    Over this machine's line, as the page does.

    Five seconds of idle line, four of warm-up, the load, three seconds of recovery. Delay is measured on connections
    of its own.
    Exit code 0 for a run that counts, 1 for one that does not.
    """
    from householdctl.data_plane.test_run import run_test
    from householdctl.views.test_run import progress_display, show

    with progress_display(options) as tell:
        run = run_test(
            url,
            duration=30.0 if duration is None else duration,
            computer_mbps=computer,
            warm_up=warm_up,
            share=share,
            insecure=insecure,
            ca_file=ca,
            token=token,
            options=options,
            tell=tell,
        )
    show(options, run)
    if not run.report.valid:
        raise typer.Exit(ExitCode.FAILURE)
