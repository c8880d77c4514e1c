"""version."""

from householdctl.exits import CommandError
from householdctl.options import Options, with_options


@with_options
def version(options: Options) -> None:
    """Show the versions of householdctl and the daemon.

    Exit code 0 also when the daemon cannot be reached.
    """
    from importlib.metadata import version as installed_version

    from householdctl import output
    from householdctl.tables import Facts

    client_version, daemon_version, reason = installed_version("householdd"), None, ""
    try:
        with options.connect() as client:
            daemon_version = client.get_server().version
    except CommandError as error:
        reason = error.message
    document = {"householdctl": client_version, "householdd": daemon_version, "target": options.target.name}
    facts = [("householdctl", client_version), ("householdd", daemon_version or f"unknown: {reason}")]
    output.show(options, document, Facts(facts))
