"""A peer's listening socket and certificate, same as the daemon's, so that only the servers differ."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext

from bench import cores
from householdd.config import certificates

CONGESTION_CONTROL = b"cubic"
"""The daemon's default; the kernel's may differ."""


@dataclass(frozen=True)
class Peer:
    """A running peer."""

    address: tuple[str, int]
    pid: int


@contextlib.contextmanager
def peer(module: str, kind: str, state_dir: Path | None, *arguments: str) -> Iterator[Peer]:
    """Run a peer on the server's core for a block, with the certificate in ``state_dir``; without TLS if None."""
    command = [*cores.ON_SERVER_CORE, sys.executable, "-m", f"bench.peers.{module}", kind, str(state_dir or "-")]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"the peer did not start: {' '.join(command)}")
            yield Peer(("127.0.0.1", int(line)), process.pid)
        finally:
            process.kill()


def free_port() -> int:
    """Return a port of the loopback address that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def listener() -> socket.socket:
    """Return a socket on a free loopback port, which is printed for the parent process."""
    # uvloop warns for each write when a client leaves within a frame.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, CONGESTION_CONTROL)
    print(sock.getsockname()[1], flush=True)
    return sock


def tls(state_dir: str) -> SSLContext | None:
    """Return the daemon's TLS context; None for ``-``."""
    if state_dir == "-":
        return None
    return certificates.tls_context(Path(state_dir) / "dev-cert.pem", Path(state_dir) / "dev-key.pem")
