"""audit."""

from pathlib import Path
from typing import Annotated

import typer

from householdctl.cli.options import with_options
from householdctl.cli.selection_options import SinceOption, UntilOption, check_order
from householdctl.control.options import Options
from householdctl.output.terminal import note


@with_options
def audit(
    options: Options,
    since: SinceOption = None,
    until: UntilOption = None,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Only changes by this user: a name or a user id.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, metavar="N", help="Only the latest N entries."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Read this log instead of the journal; - is standard input."),
    ] = None,
) -> None:
    """Show who changed what, and refused attempts.

    Reads the journal of this machine, or a file with the daemon's log as JSON. Does not ask the daemon.
    """
    check_order(since, until)
    if options.choice.on_command_line:
        note("--target and --context are not used: audit reads a log of this machine")
    from householdctl.control import audit_log
    from householdctl.output import printer
    from householdctl.output.tables import Table
    from householdctl.views import audit as audit_views

    entries = audit_log.read(file, audit_log.AuditSelection(since, until, actor, limit))
    rows = [{field: entry.get(field) for field in audit_log.FIELDS} for entry in entries]
    printer.show(options, {"entries": rows}, Table(audit_views.COLUMNS, rows), lines=rows)
    if not rows:
        note("no entry of this log matches")
