"""timeouts: get, set, reset."""

from typing import Annotated

import typer

from householdctl.options import (
    DryRunOption,
    EtagOption,
    NoteOption,
    Options,
    RequestIdOption,
    example,
    with_options,
)

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
    from householdctl import changing, timeout_views, timeouts_input

    changing.show(options, timeout_views.COLUMNS, timeouts_input.PREFIX)


@app.command(
    "set", epilog=example("householdctl timeouts set inactivity=45s max_duration=10m probe_failures=5 --dry-run")
)
@with_options
def set_timeouts(
    options: Options,
    assignments: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE", help="Units are ms, s, m, h; a plain number is seconds.")
    ],
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Change timeouts: all that are named, or none.

    When one is refused, nothing changes. Live sessions follow at the next control pass.
    """
    from household.v1.config_service_pb2 import UpdateRuntimeConfigRequest
    from householdctl import changing, timeout_views, timeouts_input

    config, paths = timeouts_input.parse_assignments(assignments)
    request = UpdateRuntimeConfigRequest(
        config=config, validate_only=dry_run, etag=etag, request_id=request_id, reason=reason
    )
    request.update_mask.paths.extend(paths)
    changing.update(options, request, timeout_views.CHANGE_COLUMNS, timeout_views.changes)


@app.command("reset", epilog=example("householdctl timeouts reset", "householdctl timeouts reset inactivity drain"))
@with_options
def reset_timeouts(
    options: Options,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Which; all when none is named.")] = None,
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Put timeouts back to what is configured."""
    from household.v1.config_service_pb2 import ResetRuntimeConfigRequest
    from householdctl import changing, timeout_views, timeouts_input

    paths = [timeouts_input.mask_path(name) for name in dict.fromkeys(names or ())] or [timeouts_input.GROUP]
    request = ResetRuntimeConfigRequest(validate_only=dry_run, etag=etag, request_id=request_id, reason=reason)
    request.update_mask.paths.extend(paths)
    changing.reset(options, request, timeout_views.CHANGE_COLUMNS, timeout_views.changes)
