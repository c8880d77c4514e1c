"""version."""

from householdctl.exits import CommandError
from householdctl.options import Format, Options, with_options


@with_options
def version(options: Options) -> None:
    """Show the version of householdctl and, when it can be reached, of the daemon."""
    from importlib.metadata import version as installed_version

    from householdctl import output

    client_version, daemon_version, reason = installed_version("householdd"), None, ""
    try:
        with options.connect() as client:
            daemon_version = client.get_server().version
    except CommandError as error:
        reason = error.message
    if options.output is Format.TABLE:
        output.print_facts([("householdctl", client_version), ("householdd", daemon_version or f"unknown: {reason}")])
    else:
        document = {"householdctl": client_version, "householdd": daemon_version, "target": str(options.target.path)}
        (output.print_json if options.output is Format.JSON else output.print_json_line)(document)
