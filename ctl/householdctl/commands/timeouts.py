"""timeouts: get, set, reset."""

from typing import Annotated

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.completion import timeout_assignments, timeout_names
from householdctl.cli.consent import require_agreement
from householdctl.cli.options import (
    DryRunOption,
    EtagOption,
    NoteOption,
    RequestIdOption,
    YesOption,
    example,
    with_options,
)
from householdctl.control.options import Options

app = App(
    help="See and change the deadlines of sessions.",
    epilog=example("householdctl timeouts get", "householdctl timeouts set inactivity=45s"),
)


_NAMES = typer.Argument(metavar="NAME", autocompletion=timeout_names, help="Timeouts.  [default: all]")


@app.command("get", epilog=example("householdctl timeouts get", "householdctl timeouts get inactivity"))
@with_options
def get_timeouts(options: Options, names: Annotated[list[str] | None, _NAMES] = None) -> None:
    """Show timeouts and their allowed values."""
    from householdctl.daemon import config_update
    from householdctl.values import timeouts
    from householdctl.views import timeouts as timeout_views

    config_update.show(options, timeout_views.COLUMNS, timeouts.mask_paths(names or ()))


# The name that config uses.
app.command("show", hidden=True, epilog=example("householdctl timeouts show"))(get_timeouts)


@app.command(
    "set", epilog=example("householdctl timeouts set inactivity=45s max_duration=10m probe_failures=5 --dry-run")
)
@with_options
def set_timeouts(
    options: Options,
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=VALUE",
            autocompletion=timeout_assignments,
            help="Units are ms, s, m, h, d; a plain number is in seconds.",
        ),
    ],
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Change timeouts, all of them or none.

    Live sessions follow at the next control pass.
    """
    from household.v1.config_service_pb2 import UpdateRuntimeConfigRequest
    from householdctl.daemon import config_update
    from householdctl.values import timeouts
    from householdctl.views import timeouts as timeout_views

    config, paths = timeouts.parse_assignments(assignments)
    request = UpdateRuntimeConfigRequest(
        config=config, validate_only=dry_run, etag=etag, request_id=request_id, reason=reason
    )
    request.update_mask.paths.extend(paths)
    config_update.update(options, request, timeout_views.CHANGE_COLUMNS, timeout_views.changes)


@app.command(
    "reset", epilog=example("householdctl timeouts reset inactivity drain", "householdctl timeouts reset --yes")
)
@with_options
def reset_timeouts(
    options: Options,
    names: Annotated[list[str] | None, _NAMES] = None,
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Reset timeouts to their values at launch.

    Without a NAME resets all timeouts, after asking for confirmation.
    """
    from householdctl.control import multi_target

    if not names:
        require_agreement("reset all timeouts", yes=yes or dry_run, where=multi_target.names(options))
    from household.v1.config_service_pb2 import ResetRuntimeConfigRequest
    from householdctl.daemon import config_update
    from householdctl.values import timeouts
    from householdctl.views import timeouts as timeout_views

    paths = timeouts.mask_paths(names or ())
    request = ResetRuntimeConfigRequest(validate_only=dry_run, etag=etag, request_id=request_id, reason=reason)
    request.update_mask.paths.extend(paths)
    config_update.reset(options, request, timeout_views.CHANGE_COLUMNS, timeout_views.changes)
