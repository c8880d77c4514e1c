"""config: show, get, set, reset."""

from typing import Annotated

import typer

from householdctl.cli.command_tree import App
from householdctl.cli.completion import setting_assignments, setting_keys
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
    help="See and change settings of the running daemon.\n\nTimeouts, limits, rates of profiles, log level.",
    epilog=example("householdctl config show", "householdctl config set log_level=debug"),
)


@app.command(
    "show",
    epilog=example(
        "householdctl config show",
        "householdctl config show limits",
        "householdctl config show -o json | jq -r .etag",
    ),
)
@with_options
def show_config(
    options: Options,
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY",
            autocompletion=setting_keys,
            help="Settings, or groups such as limits.  [default: all]",
        ),
    ] = None,
) -> None:
    """Show settings with their sources and allowed values."""
    from householdctl.daemon import config_update
    from householdctl.views import config as config_views

    config_update.show(options, config_views.COLUMNS, keys or ())


@app.command("get", epilog=example("householdctl config get limits.max_sessions"))
@with_options
def get_config(
    options: Options,
    keys: Annotated[
        list[str],
        typer.Argument(metavar="KEY", autocompletion=setting_keys, help="Settings, or groups such as limits."),
    ],
) -> None:
    """Print the value of a setting alone, for scripts.

    In the form that config set takes; one line for each setting and daemon.
    """
    from householdctl.daemon import config_update

    config_update.print_values(options, keys)


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
        list[str],
        typer.Argument(
            metavar="KEY=VALUE", autocompletion=setting_assignments, help="Keys and values as config show prints them."
        ),
    ],
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Change settings, all of them or none."""
    from household.v1.config_service_pb2 import UpdateRuntimeConfigRequest
    from householdctl.daemon import config_update
    from householdctl.values import settings
    from householdctl.views import config as config_views

    config, paths = settings.parse_assignments(assignments)
    request = UpdateRuntimeConfigRequest(
        config=config, validate_only=dry_run, etag=etag, request_id=request_id, reason=reason
    )
    request.update_mask.paths.extend(paths)
    config_update.update(options, request, config_views.CHANGE_COLUMNS, config_views.changes)


@app.command("reset", epilog=example("householdctl config reset limits log_level", "householdctl config reset --yes"))
@with_options
def reset_config(
    options: Options,
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY", autocompletion=setting_keys, help="Settings, or groups such as limits.  [default: all]"
        ),
    ] = None,
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Reset settings to their values at launch.

    Without a KEY resets all settings, after asking for confirmation.
    """
    from householdctl.control.multi_target import names

    if not keys:
        require_agreement("reset all settings", yes=yes or dry_run, where=names(options))
    from household.v1.config_service_pb2 import ResetRuntimeConfigRequest
    from householdctl.daemon import config_update
    from householdctl.views import config as config_views

    request = ResetRuntimeConfigRequest(validate_only=dry_run, etag=etag, request_id=request_id, reason=reason)
    request.update_mask.paths.extend(dict.fromkeys(keys or ()))
    config_update.reset(options, request, config_views.CHANGE_COLUMNS, config_views.changes)
