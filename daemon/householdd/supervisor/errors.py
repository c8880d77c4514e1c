"""Errors that end the daemon."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class DaemonError(Exception):
    """The daemon cannot run; the message says what and where."""

    status = 1
    """Exit status of the process."""


class UnusableSettingError(DaemonError):
    """A setting cannot be used on this machine; a restart would not help."""

    status = 2


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Turn an error of the system in the block into a DaemonError that names ``what``."""
    try:
        yield
    except OSError as error:
        raise DaemonError(f"{what}: {error.strerror or error}") from None
    except RuntimeError as error:
        # gRPC's, for a socket that it cannot have.
        raise DaemonError(f"{what}: {error}") from None
