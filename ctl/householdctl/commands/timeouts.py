"""timeouts: get, set, reset."""

from typing import Annotated

import typer

from householdctl.options import Options, example, with_options
from householdctl.terminal import note

app = typer.Typer(
    help="See and change the deadlines of sessions.",
    epilog=example("householdctl timeouts get", "householdctl timeouts set inactivity=45s"),
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("get", epilog=example("householdctl timeouts get"))
@with_options
def get_timeouts(options: Options) -> None:
    """Show every timeout, and what is allowed."""
    with options.connect() as client:
        answer = client.get_config()
    from householdctl import output, timeout_views, timeouts_input
    from householdctl.tables import Table

    settings = [setting for setting in answer.settings if setting.path.startswith(timeouts_input.PREFIX)]
    output.show(options, answer, Table(timeout_views.COLUMNS, settings), lines=settings)


@app.command(
    "set", epilog=example("householdctl timeouts set inactivity=45s max_duration=10m probe_failures=5 --dry-run")
)
@with_options
def set_timeouts(
    options: Options,
    assignments: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE...", help="Units are ms, s, m, h; a plain number is seconds.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Let the daemon check the values, change nothing.")
    ] = False,
) -> None:
    """Change timeouts: all that are named, or none.

    When one is refused, nothing changes. Live sessions follow at the next control pass.
    """
    from householdctl import output, timeout_views, timeouts_input
    from householdctl.tables import Table

    config, paths = timeouts_input.parse_assignments(assignments)
    with options.connect() as client:
        before = client.get_config().settings
        answer = client.update_config(config, paths, validate_only=dry_run)
    output.show(
        options, answer, Table(timeout_views.CHANGE_COLUMNS, timeout_views.changes(before, answer.config, paths))
    )
    if dry_run:
        note("dry run: nothing was changed")


@app.command("reset", epilog=example("householdctl timeouts reset", "householdctl timeouts reset inactivity drain"))
@with_options
def reset_timeouts(
    options: Options,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAMES]...", help="Which; all when none is named.")
    ] = None,
) -> None:
    """Put timeouts back to their values at launch."""
    from householdctl import output, timeout_views, timeouts_input
    from householdctl.tables import Table

    paths = [timeouts_input.mask_path(name) for name in dict.fromkeys(names or ())] or [timeouts_input.GROUP]
    with options.connect() as client:
        before = client.get_config().settings
        answer = client.reset_config(paths)
    output.show(
        options, answer, Table(timeout_views.CHANGE_COLUMNS, timeout_views.changes(before, answer.config, paths))
    )
