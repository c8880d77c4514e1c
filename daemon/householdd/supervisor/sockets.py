"""TCP sockets that the daemon listens on."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import resource
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from householdd.clients.addresses import Address
from householdd.config.settings import Settings
from householdd.supervisor.activation import Adopted
from householdd.supervisor.errors import DaemonError

log = structlog.get_logger("supervisor")

BACKLOG = 4096
"""Connections that the kernel holds until a worker accepts them; the kernel's somaxconn may allow fewer."""


@dataclass(frozen=True)
class ClientSockets:
    """Listening sockets for clients, shared by all workers."""

    listen: socket.socket
    redirect: socket.socket | None
    """Plain HTTP, which is sent to HTTPS; None where it is not served."""
    legacy: socket.socket | None
    """Pages of the earlier system; None where they are not served."""
    url: str
    """URL of the page, as a browser on the network finds it."""

    @property
    def https_port(self) -> int:
        """TCP port of ``listen``."""
        port: int = self.listen.getsockname()[1]
        return port


@contextlib.contextmanager
def client_sockets(settings: Settings, adopted: Adopted) -> Iterator[ClientSockets]:
    """Open the sockets for clients, or use those of systemd. Raise DaemonError."""
    with contextlib.ExitStack() as stack:
        if adopted.listen is None:
            sock = stack.enter_context(listen(settings.listen, settings.congestion_control))
        else:
            sock = prepare(adopted.listen, settings.congestion_control)
            log.info("listening on the socket of systemd; the setting listen is not used")
        redirect = adopted.redirect
        if redirect is None and settings.redirect_listen is not None:
            redirect = stack.enter_context(bind(settings.redirect_listen, "redirect_listen"))
        if redirect is not None:
            if settings.no_tls:
                raise DaemonError("socket unit: the socket redirect sends browsers to HTTPS, and no_tls serves none")
            log.info("redirecting to HTTPS", address=str(Address(*redirect.getsockname()[:2])))
        legacy = None
        if (address := settings.legacy_address) is not None:
            legacy = stack.enter_context(bind(address, "legacy_listen"))
            port = legacy.getsockname()[1]
            log.info("listening for pages of the earlier system", address=str(Address(address.host, port)))
        yield ClientSockets(sock, redirect, legacy, _url(settings, sock, adopted=adopted.listen is not None))


class ReservedError(DaemonError):
    """The kernel reserves the congestion control for root."""


def listen(address: Address, congestion_control: str) -> socket.socket:
    """Return a listening socket whose connections use ``congestion_control``. Raise DaemonError.

    Two servers with different congestion control grade the same line differently, so the kernel's default is not used.
    """
    sock = bind(address)
    try:
        pin(sock, congestion_control)
    except DaemonError:
        sock.close()
        raise
    return sock


def prepare(sock: socket.socket, congestion_control: str) -> socket.socket:
    """Set up a socket of systemd like one from :func:`listen`. Raise DaemonError."""
    pin(sock, congestion_control)
    sock.listen(BACKLOG)
    return sock


def pin(sock: socket.socket, congestion_control: str) -> None:
    """Set the congestion control of ``sock`` and of the connections that it accepts. Raise DaemonError."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion_control.encode())
    except PermissionError:
        raise ReservedError(
            f"congestion_control {congestion_control}: the kernel keeps it for root. Allow it by the sysctl "
            "net.ipv4.tcp_allowed_congestion_control, or set TCPCongestion= in householdd.socket"
        ) from None
    except FileNotFoundError:
        raise DaemonError(
            f"congestion_control {congestion_control}: the kernel lacks it; it has {_available()}"
        ) from None
    except OSError as error:
        raise DaemonError(f"congestion_control {congestion_control}: {error.strerror}") from None


def _available() -> str:
    try:
        return Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().strip()
    except OSError:
        return "others, which cannot be listed here"


def bind(address: Address, key: str = "listen") -> socket.socket:
    """Return a listening TCP socket. Raise DaemonError that names ``key``, the setting."""
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server(
            (address.host, address.port),
            family=family,
            backlog=BACKLOG,
            dualstack_ipv6=family == socket.AF_INET6 and address.host == "::",
        )
    except OSError as error:
        raise DaemonError(
            f"{key} {address}: {os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror}"
        ) from None


def allow_many_connections() -> None:
    """Raise the soft limit of open files to the hard one, for this process and its workers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        # A hardened unit may forbid it, and sets the limit itself.
        log.warning("could not raise RLIMIT_NOFILE", limit=soft, problem=str(error))


def _url(settings: Settings, sock: socket.socket, *, adopted: bool) -> str:
    bound, port = sock.getsockname()[:2]
    host = bound if adopted else settings.listen.host
    try:
        if ipaddress.ip_address(host).is_unspecified:
            host = socket.gethostname()
    except ValueError:
        # A name, not an address.
        pass
    return f"{'http' if settings.no_tls else 'https'}://{Address(host, port)}/"
