"""Clients below the WebSocket library: they answer nothing, read what they like, and send what they like."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from tests.lab.order import Event, Order
from tests.lab.pages import Report

CHUNK = 64 * 1024
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The sample nonce of RFC 6455, section 1.3; this client does not check the answer."""


def connect(order: Order) -> socket.socket:
    """A TCP connection to the daemon."""
    url = parse_uri(order.ws_url)
    return socket.create_connection((url.host, url.port), timeout=30)


def secure(order: Order, plain: socket.socket) -> socket.socket:
    """The connection with TLS on it, where the URL asks for that."""
    if not order.ws_url.startswith("wss"):
        return plain
    return order.tls.wrap_socket(plain, server_hostname=parse_uri(order.ws_url).host)


def request(order: Order, user: str) -> bytes:
    """The opening handshake."""
    url = parse_uri(order.ws_url + user)
    return (
        f"GET {url.resource_name} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def upgraded(order: Order, user: str) -> socket.socket:
    """A session. What came in behind the upgrade's answer is dropped."""
    connection = secure(order, connect(order))
    connection.sendall(request(order, user))
    answer = connection.recv(4096)
    if not answer.startswith(b"HTTP/1.1 101 "):
        raise ConnectionError(f"no session for {user}: {answer[:80]!r}")
    return connection


def read_silently(order: Order, user: str, report: Report) -> None:
    """Reads all, and answers nothing, pings included."""
    _drain(upgraded(order, user), user, report)


def read_slowly(order: Order, user: str, report: Report) -> None:
    """Reads ``order.rate`` bytes a second."""
    connection = upgraded(order, user)
    received = 0
    connection.settimeout(None)
    with contextlib.suppress(OSError):
        while data := connection.recv(order.rate):
            received += len(data)
            report(Event(time.monotonic(), user, received))
            time.sleep(1.0)
    report(Event(time.monotonic(), user, received, "ended"))


def read_nothing(order: Order, user: str, report: Report) -> None:
    """Never reads; says something twice a second, so that nobody can take it for dead."""
    connection = upgraded(order, user)
    confirmation = Frame(Opcode.TEXT, b'{"type":"client_confirmation","received_bytes":0,"sent_bytes":0}')
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(confirmation.serialize(mask=True))
            time.sleep(0.5)
    report(Event(time.monotonic(), user, what="ended"))


def flood(opcode: Opcode, make: Callable[[], bytes]) -> Callable[[Order, str, Report], None]:
    """Sends frames as fast as they go, and reads all that comes back."""

    def behaviour(order: Order, user: str, report: Report) -> None:
        connection = upgraded(order, user)
        reader = threading.Thread(target=_drain, args=(connection, user, report), daemon=True)
        reader.start()
        frame = Frame(opcode, make()).serialize(mask=True)
        batch = frame * max(1, CHUNK // len(frame))
        sent = 0
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(batch)
                sent += len(batch)
        report(Event(time.monotonic(), user, what="ended", count=sent))

    return behaviour


flood_uploads = flood(Opcode.BINARY, lambda: os.urandom(CHUNK))
flood_pings = flood(Opcode.PING, lambda: os.urandom(125))
flood_junk = flood(Opcode.TEXT, lambda: b"{not json " + b"x" * 500)


def unfinished(prepare: Callable[[Order, str], socket.socket]) -> Callable[[Order, str, Report], None]:
    """Holds a connection that never becomes a session, until the server ends it."""

    def behaviour(order: Order, user: str, report: Report) -> None:
        connection = prepare(order, user)
        connection.settimeout(None)
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass
        report(Event(time.monotonic(), user, what="ended", count=round((time.monotonic() - began) * 1e3)))

    return behaviour


def _half_tls(order: Order, _user: str) -> socket.socket:
    connection = connect(order)
    outgoing = ssl.MemoryBIO()
    hello = order.tls.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=parse_uri(order.ws_url).host)
    with contextlib.suppress(ssl.SSLWantReadError):
        hello.do_handshake()
    connection.sendall(outgoing.read()[:100])
    return connection


def _half_upgrade(order: Order, user: str) -> socket.socket:
    connection = secure(order, connect(order))
    connection.sendall(request(order, user)[:60])
    return connection


def _trickle(order: Order, user: str) -> socket.socket:
    connection = secure(order, connect(order))

    def send() -> None:
        with contextlib.suppress(OSError):
            for byte in request(order, user):
                connection.sendall(bytes([byte]))
                time.sleep(1.0)

    threading.Thread(target=send, daemon=True).start()
    return connection


never_tls = unfinished(lambda order, _user: connect(order))
half_tls = unfinished(_half_tls)
half_upgrade = unfinished(_half_upgrade)
trickle = unfinished(_trickle)


def _drain(connection: socket.socket, user: str, report: Report) -> None:
    received = 0
    connection.settimeout(None)
    with contextlib.suppress(OSError):
        while data := connection.recv(CHUNK):
            received += len(data)
    report(Event(time.monotonic(), user, received, "ended"))
