"""explain."""

from enum import StrEnum
from typing import Annotated

import typer

from householdctl.cli.options import with_output_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError, ExitCode


class Subject(StrEnum):
    """Things that filters select."""

    SESSIONS = "sessions"
    HISTORY = "history"
    RUNS = "runs"


def _field_names(ctx: typer.Context, incomplete: str) -> list[str]:
    from householdctl.views.fields import fields_of

    subject = ctx.params.get("subject") or Subject.SESSIONS
    return [name for name in fields_of(subject) if name.startswith(incomplete)]


@with_output_options
def explain(
    options: Options,
    subject: Annotated[Subject, typer.Argument(metavar="SUBJECT", help="sessions, history or runs.")],
    name: Annotated[
        str | None, typer.Argument(metavar="FIELD", autocompletion=_field_names, help="Only this field.")
    ] = None,
) -> None:
    """List the fields of filters, with an example of each.

    sessions are live sessions, history are ended ones. Values may be typed as tables print them. = compares with the
    precision typed: 3.1 MB matches 3.05 to 3.15 MB. Text takes =, != and : (contains); words and addresses take = and
    !=; other values also take < <= > >=. AND, OR, NOT and parentheses combine comparisons.
    """
    from household_filters.fields import named
    from householdctl.output import printer
    from householdctl.output.tables import Table
    from householdctl.views.fields import COLUMNS, document_of, fields_of, rows_of

    fields = fields_of(subject)
    if name is not None:
        try:
            fields = {name: named(name, fields)}
        except ValueError as error:
            raise CommandError(ExitCode.NOT_FOUND, str(error)) from None
    rows = rows_of(subject, fields)
    documents = [document_of(row) for row in rows]
    printer.show(options, {"fields": documents}, Table(COLUMNS, rows), lines=documents)
