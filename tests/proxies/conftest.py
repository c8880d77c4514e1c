"""The example configurations of docs/, run by the real proxies on loopback."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.daemon import Daemon, running, wait_until

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"


@dataclass(frozen=True)
class Proxy:
    """A proxy in front of a daemon."""

    daemon: Daemon
    port: int
    tls: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/"

    @property
    def ws_url(self) -> str:
        return f"wss://127.0.0.1:{self.port}/ws/virtual-household/"


def adapted(example: str, server: str, backends: list[str], changes: dict[str, str]) -> str:
    """An example with other addresses and files, each of which is in it; a line for each backend instead of the one."""
    text = (EXAMPLES / example).read_text()
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    line, *last = [each for each in text.splitlines() if server in each and not each.startswith("#")]
    lines = [
        line.replace(server, backend).replace(" householdd ", f" householdd{number} ")
        for number, backend in enumerate(backends)
    ]
    for each in last:
        text = text.replace(each, each.replace(server, backends[0]))
    return text.replace(line, "\n".join(lines))


def nginx(directory: Path, backends: list[str], port: int) -> list[str]:
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/speed.example.crt": f"{directory}/tls.crt",
        "/etc/ssl/private/speed.example.key": f"{directory}/tls.key",
    }
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {directory}/{kind};" for kind in kinds)
    (directory / "example.conf").write_text(adapted("nginx.conf", "127.0.0.1:8080", backends, changes))
    (directory / "nginx.conf").write_text(
        f"daemon off; pid {directory}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {places} include {directory}/example.conf; }}\n"
    )
    return ["nginx", "-c", f"{directory}/nginx.conf", "-e", "stderr"]


def haproxy(directory: Path, backends: list[str], port: int) -> list[str]:
    (directory / "both.pem").write_bytes((directory / "tls.crt").read_bytes() + (directory / "tls.key").read_bytes())
    changes = {
        "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/ssl/private/speed.example.pem": f"{directory}/both.pem",
    }
    (directory / "haproxy.cfg").write_text(adapted("haproxy.cfg", "127.0.0.1:8080", backends, changes))
    return ["haproxy", "-db", "-f", f"{directory}/haproxy.cfg"]


def haproxy_tcp(directory: Path, backends: list[str], port: int) -> list[str]:
    changes = {"bind :443": f"bind 127.0.0.1:{port}"}
    (directory / "haproxy.cfg").write_text(adapted("haproxy-tcp.cfg", "127.0.0.1:8443", backends, changes))
    return ["haproxy", "-db", "-f", f"{directory}/haproxy.cfg"]


COMMANDS: dict[str, Callable[[Path, list[str], int], list[str]]] = {"nginx": nginx, "haproxy": haproxy}


def certificate(directory: Path) -> ssl.SSLContext:
    """Makes a certificate for a proxy; a context that trusts it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(directory / "tls.key")
    issued.cert_chain_pems[0].write_to_path(directory / "tls.crt")
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return tls


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@pytest.fixture(params=COMMANDS, scope="module")
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy with TLS in front of a daemon without."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed (Debian: sudo apt-get install {name})")
    tmp_path = tmp_path_factory.mktemp(name)
    tls = certificate(tmp_path)
    port = free_port()
    (tmp_path / "daemon").mkdir()
    env = {"HOUSEHOLDD_TRUSTED_PROXIES": '["127.0.0.1"]'}
    with (
        running(tmp_path / "daemon", "--no-tls", env=env) as daemon,
        started(COMMANDS[name](tmp_path, [daemon.url.split("/")[2]], port), port, tmp_path / "proxy.log"),
    ):
        yield Proxy(daemon, port, tls)


@pytest.fixture(scope="module")
def passing_through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """HAProxy without TLS in front of a daemon that has it."""
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed (Debian: sudo apt-get install haproxy)")
    tmp_path = tmp_path_factory.mktemp("haproxy-tcp")
    port = free_port()
    (tmp_path / "daemon").mkdir()
    env = {"HOUSEHOLDD_TRUSTED_PROXIES": '["127.0.0.1"]', "HOUSEHOLDD_PROXY_PROTOCOL": "required"}
    with (
        running(tmp_path / "daemon", env=env) as daemon,
        started(haproxy_tcp(tmp_path, [daemon.url.split("/")[2]], port), port, tmp_path / "proxy.log"),
    ):
        yield Proxy(daemon, port, daemon.tls)


@contextlib.contextmanager
def started(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: _serves(process, port, log), f"the port of {command[0]}")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _serves(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    if process.poll() is not None:
        raise AssertionError(log.read_text())
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
