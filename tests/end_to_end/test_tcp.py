"""The control API over TCP: certificates on both sides, and the roles that their names have."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import grpc
import pytest
import trustme

from household.v1 import server_service_pb2, session_service_pb2
from householdd.supervisor.gate.forwarding import PREFACE
from tests.daemon import Daemon, Stubs, running, wait_until
from tests.end_to_end.strangers import ADDRESSES, BEGINNINGS, crowd

LIST = session_service_pb2.ListSessionsRequest()
KILL = session_service_pb2.KillSessionsRequest(all=True, reason="a test")

OPERATOR, VIEWER, STRANGER = "noc.isp.example", "watcher@isp.example", "elsewhere.example"


class Site:
    """A daemon that serves the control API over TCP, and the authority behind all certificates."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(directory / "ca.pem")
        self.renew()
        for name in (OPERATOR, VIEWER, STRANGER):
            issued = self.authority.issue_cert(name)
            issued.private_key_and_cert_chain_pem.write_to_path(directory / f"{name}.pem")
        (directory / "toml").write_text(f"""
[access.tcp]
listen = "127.0.0.1:0"
cert = "{directory / "server.pem"}"
key = "{directory / "server.key"}"
client_ca = "{directory / "ca.pem"}"
[access.tcp.roles]
"DNS:{OPERATOR}" = "operator"
"email:{VIEWER}" = "viewer"
""")
        self.daemon: Daemon
        self.port = 0

    def renew(self) -> bytes:
        """Puts a new certificate where the daemon reads it; the certificate."""
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(self.directory / "server.pem")
        issued.private_key_pem.write_to_path(self.directory / "server.key")
        return issued.cert_chain_pems[0].bytes()

    def channel(self, name: str) -> grpc.Channel:
        """A channel whose client has the certificate of ``name``."""
        mine = (self.directory / f"{name}.pem").read_bytes()
        credentials = grpc.ssl_channel_credentials((self.directory / "ca.pem").read_bytes(), mine, mine)
        return grpc.secure_channel(f"localhost:{self.port}", credentials)

    def handshake(self, context: ssl.SSLContext) -> tuple[bytes, bytes]:
        """The server's certificate, PEM, and the first bytes that it sends."""
        context.load_verify_locations(self.directory / "ca.pem")
        with (
            socket.create_connection(("127.0.0.1", self.port), 10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            secured.sendall(PREFACE)
            served = ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"").encode()
            return served, secured.recv(1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    with running(made.directory, "--config", str(made.directory / "toml")) as daemon:
        made.daemon = daemon
        (line,) = daemon.events("control API over TCP")
        made.port = int(line["address"].rpartition(":")[2])
        yield made


def denial(error: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    status = cast("grpc.Call", error.value)
    assert status.code() is grpc.StatusCode.PERMISSION_DENIED
    return status.details() or ""


def test_names_in_certificates_have_roles(site: Site) -> None:
    with site.channel(OPERATOR) as channel:
        Stubs(channel).sessions.KillSessions(KILL, timeout=10)
    with site.channel(VIEWER) as channel:
        Stubs(channel).sessions.ListSessions(LIST, timeout=10)
        with pytest.raises(grpc.RpcError) as denied:
            Stubs(channel).sessions.KillSessions(KILL, timeout=10)
        assert denial(denied).endswith(f"needs the role operator; email:{VIEWER} has the role viewer")
    with site.channel(STRANGER) as channel, pytest.raises(grpc.RpcError) as denied:
        Stubs(channel).server.GetServer(server_service_pb2.GetServerRequest(), timeout=10)
    assert denial(denied).endswith(f"DNS:{STRANGER} has no role")
    (line,) = site.daemon.events("change")
    assert line["actor"] == f"DNS:{OPERATOR}"
    assert line["via"].startswith("tcp, 127.0.0.1:")


def test_householdctl_reaches_it(site: Site) -> None:
    target = ("--target", f"localhost:{site.port}", "--ca", str(site.directory / "ca.pem"))
    mine = str(site.directory / f"{VIEWER}.pem")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "householdctl", *target, "--cert", mine, "--key", mine),
            *("drain", "--reason", "a test", "--yes"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "needs the role operator" in done.stderr


def begun(site: Site, context: ssl.SSLContext) -> bool:
    """Whether a client gets as far as HTTP/2. With TLS 1.3 it learns of a refusal only when it reads."""
    try:
        return site.handshake(context)[1] != b""
    except (ssl.SSLError, ConnectionError):
        return False


def test_without_a_certificate_that_is_trusted_nobody_gets_in(site: Site) -> None:
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.set_alpn_protocols(["h2"])
    assert not begun(site, bare)
    foreign = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    foreign.set_alpn_protocols(["h2"])
    trustme.CA().issue_cert(OPERATOR).configure_cert(foreign)
    assert not begun(site, foreign)
    with socket.create_connection(("127.0.0.1", site.port), 10) as plain:
        plain.sendall(PREFACE)
        # At most an alert of TLS, then the end.
        assert not plain.recv(100).startswith(b"\0")
        assert plain.recv(100) == b""


def test_certificates_are_renewed_without_a_restart(site: Site) -> None:
    mine = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    mine.set_alpn_protocols(["h2"])
    mine.load_cert_chain(site.directory / f"{VIEWER}.pem")
    assert begun(site, mine)
    before = len(site.daemon.events("reloaded"))
    with site.channel(VIEWER) as channel:
        Stubs(channel).sessions.ListSessions(LIST, timeout=10)
        renewed = site.renew()
        assert site.handshake(mine)[0] != renewed
        site.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(site.daemon.events("reloaded")) > before, "the reload")
        assert site.handshake(mine)[0] == renewed
        # The connection from before goes on.
        Stubs(channel).sessions.ListSessions(LIST, timeout=10)
    (site.directory / "server.key").write_text("nonsense")
    site.daemon.process.send_signal(signal.SIGHUP)
    refusal = "not reloaded; the old configuration stays in force"
    wait_until(lambda: site.daemon.events(refusal), "the refusal")
    assert "access.tcp: " in site.daemon.events(refusal)[0]["problem"]
    assert site.handshake(mine)[0] == renewed


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("where", ADDRESSES)
def test_strangers_never_keep_an_operator_out(site: Site, beginning: str, where: str) -> None:
    with crowd(site.port, ADDRESSES[where], BEGINNINGS[beginning]), site.channel(OPERATOR) as channel:
        Stubs(channel).server.GetServer(server_service_pb2.GetServerRequest(), timeout=10)
