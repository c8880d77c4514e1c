"""Why the daemon cannot run."""


class DaemonError(Exception):
    """The daemon cannot run; the message says what and where."""

    status = 1
    """Exit status of the process."""
