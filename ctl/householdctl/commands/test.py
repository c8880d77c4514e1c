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
        typer.Argument(metavar="URL", help="https://HOST:PORT/  [default: that of the selected daemon]"),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            parser=positive_duration_argument,
            metavar="DURATION",
            help="Length of the load in total.  [default: 39s; 30s with --download-only]",
        ),
    ] = None,
    download_only: Annotated[
        bool, typer.Option("--download-only", help="Load the line downwards only, which is shorter and misses uploads.")
    ] = False,
    computer: Annotated[
        float | None,
        typer.Option(
            "--computer",
            metavar="MBIT/S",
            min=1,
            max=1000,
            help="Rate that the Computer asks for in each direction."
            "  [default: 1.5 times that of the warm-up, at most 300]",
        ),
    ] = None,
    warm_up: Annotated[
        bool,
        typer.Option("--warmup/--no-warmup", help="Measure the rate of the line first; never with --computer."),
    ] = True,
    share: Annotated[
        bool, typer.Option("--share/--no-share", help="Ask the server to store the run, and print its URL.")
    ] = True,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Do not verify the certificate (never verified for loopback without --ca)."),
    ] = False,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Certificate authority to trust, in PEM format.", show_default=False),
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

    The same test as on the page, over this machine's line, in about a minute: five seconds idle, six of warm-up in
    each direction (ten on a long path), the load, three of recovery. Separate connections measure the delay.

    All people are online during the load, which has three stretches of equal length: the Computer downloads, then it
    backs up photos (an upload), then it does both. Each stretch has a grade. The run has that of the worst, and its
    verdict names the direction: "uploads are what hurts: +480 ms".

    A load of less than 36 s tests downloads only, because each stretch needs 100 pings of each person; so does a server
    that is too old for uploads.

    Pings of the gateway tell whether the load adds delay at home (Wi-Fi or home network) or on the line beyond. They
    need a group of this user in the sysctl net.ipv4.ping_group_range.

    Exit code 0 for a run that counts, 1 for one that does not.
    """
    from householdctl.data_plane.test_run import run_test
    from householdctl.views.test_run import progress_display, show

    with progress_display(options) as tell:
        run = run_test(
            url,
            duration=duration,
            download_only=download_only,
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
