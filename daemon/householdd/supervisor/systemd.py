"""What systemd is told."""

from __future__ import annotations

import os
import socket

import structlog

log = structlog.get_logger("supervisor")


def notify(message: str) -> None:
    """Sends ``message`` to systemd, as sd_notify(3) does; does nothing where systemd did not start the daemon."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A leading @ stands for the zero byte of an abstract socket.
    path = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.settimeout(0)
        try:
            sock.sendto(message.encode(), path)
        except OSError as error:
            # The daemon serves all the same; systemd will say what it missed.
            log.warning("systemd was not told", message=message, problem=error.strerror)
