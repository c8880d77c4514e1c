"""config: show, set, reset."""

from typing import Annotated

import typer

from householdctl.options import DRY_RUN, DryRunOption, Options, example, with_options
from householdctl.terminal import note, warn

app = typer.Typer(
    help="See and change settings of the running daemon.\n\nTimeouts, limits, rates of profiles, log level.",
    epilog=example("householdctl config show", "householdctl config set log_level=debug"),
    rich_markup_mode=None,
    no_args_is_help=True,
)

EtagOption = Annotated[
    str,
    typer.Option("--etag", metavar="ETAG", help="Change only what config show -o json showed with this etag."),
]


@app.command("show", epilog=example("householdctl config show", "householdctl config show -o json | jq -r .etag"))
@with_options
def show_config(options: Options) -> None:
    """Show every setting, where it comes from, and what is allowed."""
    with options.connect() as client:
        answer = client.get_config()
    from householdctl import config_views, output
    from householdctl.tables import Table

    output.show(options, answer, Table(config_views.COLUMNS, answer.settings), lines=answer.settings)


@app.command(
    "set",
    epilog=example(
        "householdctl config set limits.max_sessions=500 profiles.computer.download_mbps=100 --dry-run",
        "householdctl config set log_level=debug",
    ),
)
@with_options
def set_config(
    options: Options,
    assignments: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="As config show names and writes them.")
    ],
    dry_run: DryRunOption = False,
    etag: EtagOption = "",
) -> None:
    """Change settings: all that are named, or none."""
    from householdctl import config_input, config_views, output
    from householdctl.tables import Table

    config, paths = config_input.parse_assignments(assignments)
    with options.connect() as client:
        before = client.get_config().settings
        answer = client.update_config(config, paths, validate_only=dry_run, etag=etag)
    output.show(options, answer, Table(config_views.CHANGE_COLUMNS, config_views.changes(before, answer.config, paths)))
    for worker in answer.unreachable_workers:
        warn(f"worker {worker.worker} did not answer and is told when it does: {worker.reason}")
    if dry_run:
        note(DRY_RUN)


@app.command("reset", epilog=example("householdctl config reset", "householdctl config reset limits log_level"))
@with_options
def reset_config(
    options: Options,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEYS]...", help="Settings or groups; all when none is named.")
    ] = None,
    dry_run: DryRunOption = False,
    etag: EtagOption = "",
) -> None:
    """Put settings back to what is configured."""
    from householdctl import config_views, output
    from householdctl.tables import Table

    paths = list(dict.fromkeys(keys or ()))
    with options.connect() as client:
        before = client.get_config().settings
        answer = client.reset_config(paths, validate_only=dry_run, etag=etag)
    output.show(options, answer, Table(config_views.CHANGE_COLUMNS, config_views.changes(before, answer.config, paths)))
    for worker in answer.unreachable_workers:
        warn(f"worker {worker.worker} did not answer and is told when it does: {worker.reason}")
    if dry_run:
        note(DRY_RUN)
