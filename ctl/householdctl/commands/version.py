"""version."""

from typing import TYPE_CHECKING

from householdctl.cli.options import with_options
from householdctl.control.options import Options
from householdctl.exit_codes import CommandError

if TYPE_CHECKING:
    from householdctl.control.client import Client


@with_options
def version(options: Options) -> None:
    """Show the versions of householdctl and the daemon.

    Exit code 0 even if the daemon cannot be reached. Several daemons get one line each.
    """
    from importlib.metadata import version as installed_version

    from householdctl.control.multi_target import ask
    from householdctl.output import printer
    from householdctl.output.tables import Column, Facts, Table

    mine = installed_version("householdd")
    answers = ask(options, _of_daemon)
    documents = [{"householdctl": mine, "householdd": known, "target": target} for target, (known, _) in answers]
    shown = [known or f"unknown: {reason}" for _, (known, reason) in answers]
    if answers.several:
        rows = list(zip((target for target, _ in answers), shown, strict=True))
        columns: tuple[Column[tuple[str, str]], ...] = (
            Column("TARGET", lambda row: row[0]),
            Column("HOUSEHOLDD", lambda row: row[1]),
            Column("HOUSEHOLDCTL", lambda _: mine),
        )
        printer.show(options, {"versions": documents}, Table(columns, rows), lines=documents)
    else:
        printer.show(options, documents[0], Facts([("householdctl", mine), ("householdd", shown[0])]))


def _of_daemon(client: "Client") -> tuple[str | None, str]:
    """Return the daemon's version, or None and the reason."""
    try:
        return client.get_server().version, ""
    except CommandError as error:
        return None, error.message
