"""config: show, set, reset."""

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
    help="See and change settings of the running daemon.\n\nTimeouts, limits, rates of profiles, log level.",
    epilog=example("householdctl config show", "householdctl config set log_level=debug"),
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("show", epilog=example("householdctl config show", "householdctl config show -o json | jq -r .etag"))
@with_options
def show_config(options: Options) -> None:
    """Show every setting, where it comes from, and what is allowed."""
    from householdctl import changing, config_views

    changing.show(options, config_views.COLUMNS)


@app.command(
    "set",
    epilog=example(
        "householdctl config set limits.max_sessions=500 profiles.computer.download_mbps=100 --dry-run",
        'householdctl config set log_level=debug --reason "ticket 4711"',
    ),
)
@with_options
def set_config(
    options: Options,
    assignments: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE", help="As config show names and writes them.")
    ],
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Change settings: all that are named, or none."""
    from household.v1.config_service_pb2 import UpdateRuntimeConfigRequest
    from householdctl import changing, config_input, config_views

    config, paths = config_input.parse_assignments(assignments)
    request = UpdateRuntimeConfigRequest(
        config=config, validate_only=dry_run, etag=etag, request_id=request_id, reason=reason
    )
    request.update_mask.paths.extend(paths)
    changing.update(options, request, config_views.CHANGE_COLUMNS, config_views.changes)


@app.command("reset", epilog=example("householdctl config reset", "householdctl config reset limits log_level"))
@with_options
def reset_config(
    options: Options,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Settings or groups; all when none is named.")
    ] = None,
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Put settings back to what is configured."""
    from household.v1.config_service_pb2 import ResetRuntimeConfigRequest
    from householdctl import changing, config_views

    request = ResetRuntimeConfigRequest(validate_only=dry_run, etag=etag, request_id=request_id, reason=reason)
    request.update_mask.paths.extend(dict.fromkeys(keys or ()))
    changing.reset(options, request, config_views.CHANGE_COLUMNS, config_views.changes)
