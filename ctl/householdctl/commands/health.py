"""health."""

from typing import Annotated

import typer

from householdctl.cli.options import with_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode

_THRESHOLD = "NAME is sessions, loop_gap, last_pass, restarts, download or upload: sessions=800, loop_gap=1s."


@with_options
def health(
    options: Options,
    check: Annotated[
        bool,
        typer.Option("--check", help="Act as a Nagios or Icinga plug-in: one line, exit codes 0 (OK) to 3 (UNKNOWN)."),
    ] = False,
    warning: Annotated[
        list[str] | None,
        typer.Option("--warning", metavar="NAME=VALUE", help=f"With --check: limit for WARNING. {_THRESHOLD}"),
    ] = None,
    critical: Annotated[
        list[str] | None, typer.Option("--critical", metavar="NAME=VALUE", help="With --check: limit for CRITICAL.")
    ] = None,
) -> None:
    """Show whether the daemon serves, its workers and totals.

    Exit code 8 for a daemon with problems, or with --check those of a monitoring plug-in. Several daemons get one line
    each.
    """
    if check:
        from householdctl.daemon.plugin import run_plugin

        raise typer.Exit(run_plugin(options, warning or (), critical or ()))
    if warning or critical:
        raise CommandError(ExitCode.USAGE, "--warning and --critical need --check")
    from householdctl.daemon.health import show_health

    if not show_health(options):
        raise typer.Exit(ExitCode.UNHEALTHY)
