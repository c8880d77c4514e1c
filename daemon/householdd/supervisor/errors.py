"""Why the daemon cannot run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class DaemonError(Exception):
    """The daemon cannot run; the message says what and where."""

    status = 1
    """Exit status of the process."""


class UnusableSettingError(DaemonError):
    """A setting cannot be used on this machine; another try would not help."""

    status = 2


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Raise DaemonError that names ``what`` when the system refuses something in the block."""
    try:
        yield
    except OSError as error:
        raise DaemonError(f"{what}: {error.strerror or error}") from None
    except RuntimeError as error:
        # gRPC's, for a socket that it cannot have.
        raise DaemonError(f"{what}: {error}") from None
