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
            help="Settings, or groups such as limits; all by default.",
        ),
    ] = None,
) -> None:
    """Show settings, where they come from, and what is allowed."""
    from householdctl.daemon import config_update
    from householdctl.views import config as config_views

    config_update.show(options, config_views.COLUMNS, keys or ())


@app.command("get", epilog=example("householdctl config get limits.max_sessions"))
@with_options
def get_config(
    options: Options,
    keys: Annotated[
        list[str],
        typer.Argument(metavar="KEY", autocompletion=setting_keys, help="Settings or groups, as in config show."),
    ],
) -> None:
    """Print the bare value of a setting, for scripts.

    As config set reads it; of several settings or daemons a line each.
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
            metavar="KEY=VALUE", autocompletion=setting_assignments, help="As config show names and writes them."
        ),
    ],
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
) -> None:
    """Change settings: all that are named, or none."""
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
        typer.Argument(metavar="KEY", autocompletion=setting_keys, help="Settings or groups; all when none is named."),
    ] = None,
    reason: NoteOption = "",
    etag: EtagOption = "",
    dry_run: DryRunOption = False,
    request_id: RequestIdOption = "",
    yes: YesOption = False,
) -> None:
    """Put settings back to what is configured.

    Without a KEY it asks first, since every setting is reset.
    """
    from householdctl.control.multi_target import names

    if not keys:
        require_agreement("reset every setting", yes=yes or dry_run, where=names(options))
    from household.v1.config_service_pb2 import ResetRuntimeConfigRequest
    from householdctl.daemon import config_update
    from householdctl.views import config as config_views

    request = ResetRuntimeConfigRequest(validate_only=dry_run, etag=etag, request_id=request_id, reason=reason)
    request.update_mask.paths.extend(dict.fromkeys(keys or ()))
    config_update.reset(options, request, config_views.CHANGE_COLUMNS, config_views.changes)
