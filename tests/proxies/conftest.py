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


def adapted(example: str, changes: dict[str, str]) -> str:
    """An example with other addresses and files; each of them is in it."""
    text = (EXAMPLES / example).read_text()
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


def nginx(directory: Path, backend: str, port: int) -> list[str]:
    changes = {
        "127.0.0.1:8080": backend,
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/speed.example.crt": f"{directory}/tls.crt",
        "/etc/ssl/private/speed.example.key": f"{directory}/tls.key",
    }
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {directory}/{kind};" for kind in kinds)
    (directory / "example.conf").write_text(adapted("nginx.conf", changes))
    (directory / "nginx.conf").write_text(
        f"daemon off; pid {directory}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {places} include {directory}/example.conf; }}\n"
    )
    return ["nginx", "-c", f"{directory}/nginx.conf", "-e", "stderr"]


def haproxy(directory: Path, backend: str, port: int) -> list[str]:
    (directory / "both.pem").write_bytes((directory / "tls.crt").read_bytes() + (directory / "tls.key").read_bytes())
    changes = {
        "127.0.0.1:8080": backend,
        "bind :443": f"bind 127.0.0.1:{port}",
        "/etc/ssl/private/speed.example.pem": f"{directory}/both.pem",
    }
    (directory / "haproxy.cfg").write_text(adapted("haproxy.cfg", changes))
    return ["haproxy", "-db", "-f", f"{directory}/haproxy.cfg"]


def haproxy_tcp(directory: Path, backend: str, port: int) -> list[str]:
    changes = {"127.0.0.1:8443": backend, "bind :443": f"bind 127.0.0.1:{port}"}
    (directory / "haproxy.cfg").write_text(adapted("haproxy-tcp.cfg", changes))
    return ["haproxy", "-db", "-f", f"{directory}/haproxy.cfg"]


COMMANDS: dict[str, Callable[[Path, str, int], list[str]]] = {"nginx": nginx, "haproxy": haproxy}


@pytest.fixture(params=COMMANDS, scope="module")
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy with TLS in front of a daemon without."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed (Debian: sudo apt-get install {name})")
    tmp_path = tmp_path_factory.mktemp(name)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "daemon").mkdir()
    env = {"HOUSEHOLDD_TRUSTED_PROXIES": '["127.0.0.1"]'}
    with (
        running(tmp_path / "daemon", "--no-tls", env=env) as daemon,
        _started(COMMANDS[name](tmp_path, daemon.url.split("/")[2], port), port, tmp_path / "proxy.log"),
    ):
        yield Proxy(daemon, port, tls)


@pytest.fixture(scope="module")
def passing_through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """HAProxy without TLS in front of a daemon that has it."""
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed (Debian: sudo apt-get install haproxy)")
    tmp_path = tmp_path_factory.mktemp("haproxy-tcp")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "daemon").mkdir()
    env = {"HOUSEHOLDD_TRUSTED_PROXIES": '["127.0.0.1"]', "HOUSEHOLDD_PROXY_PROTOCOL": "required"}
    with (
        running(tmp_path / "daemon", env=env) as daemon,
        _started(haproxy_tcp(tmp_path, daemon.url.split("/")[2], port), port, tmp_path / "proxy.log"),
    ):
        yield Proxy(daemon, port, daemon.tls)


@contextlib.contextmanager
def _started(command: list[str], port: int, log: Path) -> Iterator[None]:
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
