"""health."""

import typer

from householdctl.exits import ExitCode
from householdctl.options import Options, with_options
from householdctl.terminal import warn


@with_options
def health(options: Options) -> None:
    """Show whether the daemon serves, its workers and totals; exit code 8 when something is wrong."""
    with options.connect() as client:
        serving_status = client.serving_status()
        server = client.get_server()
    from householdctl import output, server_views
    from householdctl.tables import Facts, Sections, Table

    problems = server_views.problems(serving_status, server)
    document = {"healthy": not problems, "problems": problems, "serving_status": serving_status, "server": server}
    view = Sections(
        Facts(server_views.facts(serving_status, server)), Table(server_views.WORKER_COLUMNS, server.workers)
    )
    output.show(options, document, view)
    if problems:
        for problem in problems:
            warn(problem)
        raise typer.Exit(ExitCode.UNHEALTHY)
