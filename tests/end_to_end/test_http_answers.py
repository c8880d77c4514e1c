"""Whatever begins like HTTP is answered with a status, on every port that speaks it, and read out before the end.

A proxy in front takes a connection that ends without an answer for a broken server, and sends nobody there for a while.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon import TIMEOUT_S, Daemon, running

HOST = b"Host: localhost\r\n"


@dataclass(frozen=True)
class Port:
    """A listener of a daemon."""

    address: tuple[str, int]
    tls: ssl.SSLContext | None
    page: bytes
    """A path that GET is answered 200 at."""

    def connect(self) -> socket.socket:
        plain = socket.create_connection(self.address, timeout=TIMEOUT_S)
        return plain if self.tls is None else self.tls.wrap_socket(plain, server_hostname="localhost")

    def ask(self, *pieces: bytes) -> bytes:
        """All that comes back. A reset in between fails the test, for it is what eats an answer."""
        with self.connect() as sock:
            for piece in pieces:
                sock.sendall(piece)
            received = b""
            while data := sock.recv(65536):
                received += data
        return received


def _address(url: str) -> tuple[str, int]:
    host, port = url.split("/")[2].rsplit(":", 1)
    return host, int(port)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    env = {"HOUSEHOLDD_METRICS_LISTEN": "127.0.0.1:0", "HOUSEHOLDD_DASHBOARD__LISTEN": "127.0.0.1:0"}
    with running(tmp_path_factory.mktemp("daemon"), env=env) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("plain"), "--no-tls") as daemon:
        yield daemon


@pytest.fixture(params=["TLS", "no TLS", "metrics", "dashboard"])
def port(request: pytest.FixtureRequest, daemon: Daemon, behind_a_proxy: Daemon) -> Port:
    (serving,) = daemon.events("serving")
    match request.param:
        case "TLS":
            return Port(daemon.address, daemon.tls, b"/virtual-household/profiles")
        case "no TLS":
            return Port(behind_a_proxy.address, None, b"/virtual-household/profiles")
        case "metrics":
            return Port(_address(serving["metrics"]), None, b"/metrics")
        case _:
            return Port(_address(serving["dashboard"]), None, b"/index.html")


def chunked(body: bytes) -> bytes:
    return b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def counted(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


BIG = b"x" * 300_000

REQUESTS: dict[str, tuple[set[int], bytes]] = {
    "GET": ({200}, b"GET PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "GET with a body": ({200}, b"GET PAGE HTTP/1.1\r\n" + HOST + counted(b"x")),
    "GET with a chunked body": ({200}, b"GET PAGE HTTP/1.1\r\n" + HOST + chunked(b"x")),
    "GET with a big body": ({200}, b"GET PAGE HTTP/1.1\r\n" + HOST + counted(BIG)),
    "GET by absolute address": ({200}, b"GET http://localhostPAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "GET after an empty line": ({200}, b"\r\nGET PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "GET by HTTP/1.0": ({200}, b"GET PAGE HTTP/1.0\r\n" + HOST + b"\r\n"),
    "GET by HTTP/1.2": ({200}, b"GET PAGE HTTP/1.2\r\n" + HOST + b"\r\n"),
    "GET with bare LF": ({200}, b"GET PAGE HTTP/1.1\nHost: localhost\n\n"),
    "GET with a folded header": ({200}, b"GET PAGE HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n"),
    "GET with h2c": (
        {200},
        b"GET PAGE HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
    ),
    "two GETs": ({200}, (b"GET PAGE HTTP/1.1\r\n" + HOST + b"\r\n") * 2),
    "HEAD": ({200}, b"HEAD PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "OPTIONS": ({204}, b"OPTIONS PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "OPTIONS with a body": ({204}, b"OPTIONS PAGE HTTP/1.1\r\n" + HOST + counted(b"x")),
    "OPTIONS *": ({204, 404}, b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n"),
    "POST": ({405}, b"POST PAGE HTTP/1.1\r\n" + HOST + counted(b"x")),
    "POST chunked": ({405}, b"POST PAGE HTTP/1.1\r\n" + HOST + chunked(b"x")),
    "POST of much": ({405}, b"POST PAGE HTTP/1.1\r\n" + HOST + counted(BIG)),
    "POST of much more than comes": (
        {405},
        b"POST PAGE HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n" + BIG,
    ),
    "POST that waits": ({405}, b"POST PAGE HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
    "PUT, DELETE": ({405}, b"PUT PAGE HTTP/1.1\r\n" + HOST + b"\r\nDELETE PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "TRACE": ({405}, b"TRACE PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "CONNECT": ({404}, b"CONNECT localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a method in lower case": ({501}, b"get PAGE HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an unknown method": ({501}, b"BREW PAGE HTTP/1.1\r\n" + HOST + counted(BIG)),
    "the preface of HTTP/2": ({505}, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
    "HTTP/0.9": ({400}, b"GET PAGE\r\n\r\n"),
    "raw UTF-8": ({400}, "GET /ä HTTP/1.1\r\n".encode() + HOST + b"\r\n"),
    "a control character": ({400}, b"GET PAGE HTTP/1.1\r\n" + HOST + b"X: a\x01\r\n\r\n"),
    "DEL": ({400}, b"GET PAGE HTTP/1.1\r\n" + HOST + b"X: a\x7f\r\n\r\n"),
    "no Host": ({400}, b"GET PAGE HTTP/1.1\r\n\r\n"),
    "two Hosts": ({400}, b"GET PAGE HTTP/1.1\r\n" + HOST + HOST + b"\r\n"),
    "two framings": ({400}, b"POST PAGE HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n" + chunked(b"x")),
    "another coding": ({501}, b"POST PAGE HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n" + BIG),
    "a long address": ({414}, b"GET /" + BIG + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a long header": ({431}, b"GET PAGE HTTP/1.1\r\n" + HOST + b"Cookie: " + BIG + b"\r\n\r\n"),
    "many headers": ({431}, b"GET PAGE HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 40_000 + b"\r\n"),
    "no HTTP": ({400}, b"hello, is anybody there?\r\n"),
}


@pytest.mark.parametrize(("wanted", "request_"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_answered_and_the_answer_arrives(port: Port, wanted: set[int], request_: bytes) -> None:
    answer = port.ask(request_.replace(b"PAGE", port.page))
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
    assert int(line.split(" ")[1]) in wanted
    assert headers["connection"] == "close"
    assert headers["server"] == "householdd"
    assert "date" in headers
    if line.split(" ")[1] == "204" or request_.startswith(b"HEAD"):
        assert body == b""
    else:
        assert len(body) == int(headers["content-length"])
    # One request, one answer, in words of our own.
    assert answer.count(b"HTTP/1.1 ") == 1 + body.count(b"HTTP/1.1 ")
    assert b"WebSocket connection" not in body


@pytest.mark.parametrize("size", [1, 40])
def test_a_request_in_pieces_is_answered(port: Port, size: int) -> None:
    request = b"POST " + port.page + b" HTTP/1.1\r\n" + HOST + counted(b"hello")
    answer = port.ask(*(request[start : start + size] for start in range(0, len(request), size)))
    assert answer.startswith(b"HTTP/1.1 405 ")


def test_a_head_that_ends_early_is_answered(port: Port) -> None:
    if port.tls is not None:
        pytest.skip("TLS ends in both directions at once")
    with port.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHos")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_has_said_all_is_answered(port: Port) -> None:
    if port.tls is not None:
        pytest.skip("TLS ends in both directions at once")
    with port.connect() as sock:
        sock.sendall(b"GET " + port.page + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_slow_head_is_told_so(tmp_path: Path) -> None:
    with running(tmp_path, env={"HOUSEHOLDD_HANDSHAKE_TIMEOUT": "0.5"}) as daemon:
        port = Port(daemon.address, daemon.tls, b"/")
        assert port.ask(b"GET / HTTP/1.1\r\nHost: ").startswith(b"HTTP/1.1 408 ")
        # Browsers connect ahead; what they then ask must not be answered beforehand.
        assert port.ask() == b""


def test_what_a_client_goes_on_to_send_is_read_within_bounds(port: Port) -> None:
    with port.connect() as sock, pytest.raises((ConnectionError, ssl.SSLError)):
        flood(sock, b"POST " + port.page + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 9999999999\r\n\r\n")


def flood(sock: socket.socket, request: bytes) -> None:
    sock.sendall(request)
    for _ in range(100_000):
        sock.sendall(BIG)


def test_the_health_of_a_daemon_is_not_touched(daemon: Daemon) -> None:
    port = Port(daemon.address, daemon.tls, b"/")
    answer = port.ask(b"GET /virtual-household/health HTTP/1.1\r\n" + HOST + b"\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "healthy"
    assert daemon.events("connection failed") == []
    assert daemon.events("request failed") == []
