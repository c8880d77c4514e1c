"""The server of Measurement Lab's ndt7 tests, in Go: ``ndt-server`` on the PATH, built from its sources."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench import cores
from bench.peers.listening import Peer, free_port

REQUEST = (
    b"GET /ndt/v7/download HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\nUser-Agent: bench\r\n\r\n"
)
"""Opening handshake of a download, which lasts 10 s."""

START_S = 2.0
"""Time until it listens."""

_OTHER_LISTENERS = (
    "ndt7_addr_cleartext",
    "ndt5_addr",
    "ndt5_ws_addr",
    "ndt5_wss_addr",
    "health_addr",
    "prometheusx.listen-address",
)


def executable() -> str | None:
    """Return the path of ``ndt-server``; None if there is none."""
    return shutil.which("ndt-server")


@contextlib.contextmanager
def ndt_server(path: str, directory: Path) -> Iterator[Peer]:
    """Run it on the server's core for a block, with the certificate of the daemon in ``directory``."""
    port, state = free_port(), directory / "state"
    prefix = directory / "uuid-prefix"
    prefix.write_text("bench")
    options = {
        "cert": state / "dev-cert.pem",
        "key": state / "dev-key.pem",
        "datadir": directory / "ndt-data",
        "uuid-prefix-file": prefix,
        "ndt7_addr": f"127.0.0.1:{port}",
        **dict.fromkeys(_OTHER_LISTENERS, "127.0.0.1:0"),
    }
    command = [*cores.ON_SERVER_CORE, path, *(f"-{name}={value}" for name, value in options.items())]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory) as process:
        try:
            time.sleep(START_S)
            yield Peer(("127.0.0.1", port), process.pid)
        finally:
            process.kill()
