"""health."""

import typer

from householdctl.exits import ExitCode
from householdctl.options import Format, Options, with_options


@with_options
def health(options: Options) -> None:
    """Show whether the daemon serves, its workers and totals; exit code 8 when something is wrong."""
    with options.connect() as client:
        serving_status = client.serving_status()
        server = client.get_server()
    from householdctl import output, server_views

    problems = server_views.problems(serving_status, server)
    if options.output is Format.TABLE:
        output.print_facts(server_views.facts(serving_status, server))
        output.print_line("")
        output.print_table(server_views.WORKER_COLUMNS, [server_views.worker_row(worker) for worker in server.workers])
    else:
        document = {
            "healthy": not problems,
            "problems": problems,
            "serving_status": serving_status,
            "server": output.to_dict(server),
        }
        (output.print_json if options.output is Format.JSON else output.print_json_line)(document)
    if problems:
        for problem in problems:
            output.warn(problem)
        raise typer.Exit(ExitCode.UNHEALTHY)
