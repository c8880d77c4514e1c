"""The daemon's claims on the machine: its listening socket and its runtime directory."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import ipaddress
import os
import pwd
import resource
import socket
import stat
from pathlib import Path
from typing import IO, NoReturn

import structlog

from householdd.clients.addresses import Address
from householdd.config.settings import Settings
from householdd.supervisor import directories
from householdd.supervisor.errors import DaemonError, UnusableSettingError

log = structlog.get_logger("supervisor")

BACKLOG = 4096
"""Connections that the kernel holds until a worker accepts them; the kernel's somaxconn may allow fewer."""

MAX_SOCKET_PATH_BYTES = 107
"""Bytes of a unix socket's path on Linux, unix(7)."""


def _available() -> str:
    try:
        return Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().strip()
    except OSError:
        return "others, which cannot be listed here"


class ReservedError(DaemonError):
    """The kernel lets only root choose the congestion control."""


def listen(address: Address, congestion_control: str) -> socket.socket:
    """A listening socket, whose connections use ``congestion_control``. Raises DaemonError.

    Without a choice of its own a server uses the kernel's default, and two servers grade the same line differently.
    """
    sock = bind(address)
    try:
        pin(sock, congestion_control)
    except DaemonError:
        sock.close()
        raise
    return sock


def prepare(sock: socket.socket, congestion_control: str) -> socket.socket:
    """Gives a socket that systemd opened what one of our own has. Raises DaemonError."""
    pin(sock, congestion_control)
    sock.listen(BACKLOG)
    return sock


def pin(sock: socket.socket, congestion_control: str) -> None:
    """Has the connections of ``sock`` use ``congestion_control``. Raises DaemonError."""
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


def bind(address: Address, key: str = "listen") -> socket.socket:
    """A listening TCP socket. Raises DaemonError, which names the ``key`` of the configuration."""
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


def check_group(gid: int | None) -> None:
    """Raise DaemonError when this process may not give a file to the group ``gid``."""
    if gid is None or os.geteuid() == 0 or gid in {os.getegid(), *os.getgroups()}:
        return
    try:
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(gid).gr_name
    except KeyError:
        user, group = str(os.geteuid()), str(gid)
    raise DaemonError(
        f"access.socket_group {group}: {user} is not in that group; type: sudo adduser {user} {group}, and restart"
    )


def set_mode(path: Path, mode: int) -> None:
    """Give the control socket that systemd made a mode. Raises DaemonError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)
    except OSError as error:
        raise UnusableSettingError(
            f"access.socket_mode: {path}: {error.strerror}, since systemd made it for another user; leave socket_mode "
            f"out and type: {edit_unit(f'SocketMode={mode:04o}')}"
        ) from None


def refuse_group(group: str | int) -> NoReturn:
    """Raise DaemonError: systemd made the control socket, and the daemon may not change the group of files."""
    raise UnusableSettingError(
        "access.socket_group: systemd makes the control socket and gives it its group; leave socket_group out and "
        f"type: {edit_unit(f'SocketGroup={group}')}"
    )


def edit_unit(line: str) -> str:
    """Return what to type for a ``line`` in the unit of the control socket."""
    return (
        f"sudo systemctl edit householdd-control.socket, with the lines [Socket] and {line}, and then: "
        "sudo systemctl restart householdd"
    )


def control_socket(path: Path, mode: int, gid: int | None) -> socket.socket:
    """A unix socket at ``path``, open to nobody else until it has its ``mode`` and group. Raises DaemonError.

    Whoever calls holds the lock of the runtime directory, so a socket that is there is stale.
    """
    check_group(gid)
    sock = socket.socket(socket.AF_UNIX)
    step = str(path)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
        if gid is not None:
            step = "access.socket_group"
            os.chown(path, -1, gid)
            step = str(path)
        path.chmod(mode)
    except OSError as error:
        sock.close()
        raise DaemonError(f"{step}: {error.strerror}") from None
    return sock


def allow_many_connections() -> None:
    """Raises the limit of open files as far as it goes, for this process and its workers; each client takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        # A hardened unit may forbid it, and sets the limit itself.
        log.warning("limit of open files stays", limit=soft, problem=str(error))


def url(settings: Settings, sock: socket.socket, *, adopted: bool = False) -> str:
    """Where a browser finds the page; a wildcard address is shown as the machine's name."""
    bound, port = sock.getsockname()[:2]
    host = bound if adopted else settings.listen.host
    try:
        if ipaddress.ip_address(host).is_unspecified:
            host = socket.gethostname()
    except ValueError:
        # A name, not an address.
        pass
    return f"{'http' if settings.no_tls else 'https'}://{Address(host, port)}/"


def claim(runtime_dir: Path) -> IO[str]:
    """Makes ``runtime_dir`` and takes its lock, which is held for as long as the result is open.

    Raises DaemonError when another daemon has it, or it cannot be made.
    """
    check_length(runtime_dir)
    private = runtime_dir / "private"
    directories.make(runtime_dir, 0o755, "runtime_dir")
    directories.make(private, 0o700, "runtime_dir")
    try:
        return _locked(private / "lock")
    except BlockingIOError:
        message = f"in use by another householdd (pid {_read(private / 'lock') or 'unknown'})"
        raise DaemonError(f"runtime_dir {runtime_dir}: {message}") from None
    except OSError as error:
        raise DaemonError(f"runtime_dir {private / 'lock'}: {error.strerror}") from None


def _locked(path: Path) -> IO[str]:
    """Open and lock a file, and write our process id into it. Raise BlockingIOError while another process has it."""
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(path.open("a+"))
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        stack.pop_all()
        return lock


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def check_length(runtime_dir: Path) -> None:
    """Raises DaemonError when the paths of the sockets in ``runtime_dir`` would be too long for the kernel."""
    socket_path = runtime_dir.absolute() / "private" / "worker-255.sock"
    if len(os.fsencode(socket_path)) > MAX_SOCKET_PATH_BYTES:
        raise DaemonError(
            f"runtime_dir {runtime_dir}: too long for the sockets in it ({MAX_SOCKET_PATH_BYTES} bytes in all)"
        )
