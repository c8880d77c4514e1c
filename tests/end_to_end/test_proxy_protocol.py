"""Whom a proxy passes on is told before TLS; nobody else may say so."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import struct
from collections.abc import Iterator

import pytest

from household.v1 import server_service_pb2 as server_pb
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"
UPGRADE = (
    b"GET /ws/virtual-household/probe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    env = {"HOUSEHOLDD_TRUSTED_PROXIES": '["127.0.0.1"]', "HOUSEHOLDD_PROXY_PROTOCOL": "required"}
    with running(tmp_path_factory.mktemp("daemon"), env=env) as daemon:
        yield daemon


def names(client: str) -> bytes:
    """A header that names a client, with something behind the addresses."""
    address = ipaddress.ip_address(client)
    rest = address.packed * 2 + struct.pack(">HH", 51234, 443) + b"\x04\x00\x01\x00"
    return SIGNATURE + bytes([0x21, 0x11 if address.version == 4 else 0x21]) + struct.pack(">H", len(rest)) + rest


def connect(daemon: Daemon, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(daemon.address, TIMEOUT_S, (source, 0))


def upgrade(daemon: Daemon, sock: socket.socket) -> ssl.SSLSocket:
    tls = daemon.tls.wrap_socket(sock, server_hostname="127.0.0.1")
    tls.sendall(UPGRADE)
    assert tls.recv(12) == b"HTTP/1.1 101"
    return tls


def refusals(daemon: Daemon) -> int:
    counts = {each.cause: each.count for each in daemon.get_server().totals.refusals}
    return counts.get(server_pb.REFUSAL_CAUSE_PROXY_HEADER, 0)


@pytest.mark.parametrize(
    ("client", "peer"),
    [("198.51.100.7", "198.51.100.7:51234"), ("2001:db8::7", "[2001:db8::7]:51234")],
)
def test_the_client_is_whom_the_proxy_names(proxied: Daemon, client: str, peer: str) -> None:
    sock = connect(proxied)
    header = names(client)
    # In two parts: the second comes when it comes.
    sock.sendall(header[:10])
    sock.sendall(header[10:])
    with upgrade(proxied, sock):
        wait_until(lambda: [each.peer_address for each in proxied.list_sessions()] == [peer], "the session")
    wait_until(lambda: not proxied.list_sessions(), "its end")


def test_a_proxy_may_speak_for_itself(proxied: Daemon) -> None:
    sock = connect(proxied)
    port = sock.getsockname()[1]
    sock.sendall(LOCAL)
    with upgrade(proxied, sock):
        wait_until(
            lambda: [each.peer_address for each in proxied.list_sessions()] == [f"127.0.0.1:{port}"], "the session"
        )
    wait_until(lambda: not proxied.list_sessions(), "its end")


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS without a header",
        b"PROXY TCP4 198.51.100.7 192.0.2.1 51234 443\r\n",
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(100),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
    ],
    ids=["none", "version 1", "too long", "too short"],
)
def test_another_beginning_is_closed_and_counted(proxied: Daemon, said: bytes) -> None:
    before = refusals(proxied)
    with connect(proxied) as sock:
        sock.sendall(said)
        assert is_over(sock)
    wait_until(lambda: refusals(proxied) == before + 1, "the count")


def test_who_is_no_proxy_is_not_listened_to(proxied: Daemon) -> None:
    before = refusals(proxied)
    with contextlib.suppress(ConnectionResetError), connect(proxied, "127.9.10.1") as sock:
        assert is_over(sock)
    wait_until(lambda: refusals(proxied) == before + 1, "the count")


def test_a_check_that_only_connects_is_no_error(proxied: Daemon) -> None:
    before = refusals(proxied)
    connect(proxied).close()
    with connect(proxied) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert is_over(sock)
    assert refusals(proxied) == before


def is_over(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True
