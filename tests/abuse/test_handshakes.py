"""Connections that never become sessions, and TLS that is not what it should be."""

from __future__ import annotations

import os
import shutil
import ssl
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.abuse.conftest import Open
from tests.abuse.honest import Honest
from tests.abuse.wire import Wire, status
from tests.daemon import CROWD, TIMEOUT_S, Daemon, running, wait_until

HANDSHAKE = 4
"""Seconds for TLS, and as long again for the upgrade; shortened."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    env = {**CROWD, "HOUSEHOLDD_HANDSHAKE_TIMEOUT": str(HANDSHAKE)}
    with running(tmp_path_factory.mktemp("daemon"), env=env) as daemon:
        yield daemon


@pytest.fixture(scope="module", name="honest")
def _honest(target: Daemon) -> Iterator[Honest]:
    with Honest(target) as honest:
        yield honest


def client_hello(*, version: bytes = b"\x03\x03", ciphers: bytes = b"\x13\x01\xc0\x2f\x00\x2f") -> bytes:
    """A ClientHello without extensions, RFC 5246 section 7.4.1.2, in one record."""
    body = version + os.urandom(32) + b"\0" + struct.pack("!H", len(ciphers)) + ciphers + b"\x01\0"
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message


SLOW: dict[str, tuple[bool, bytes]] = {
    "says nothing": (False, b""),
    "begins TLS": (False, client_hello()[:20]),
    "announces a long record": (False, b"\x16\x03\x01\x40\x00"),
    "says nothing over TLS": (True, b""),
    "begins a request": (True, b"GET /ws/virtual-household/alex HTTP/1.1\r\nHost: a\r\nX: "),
    "posts slowly": (True, b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 10),
}
"""For each behaviour whether it speaks TLS, and what it says."""

EACH = 10
"""Connections of each kind."""


def test_who_does_not_finish_is_cut_off_in_time(connect: Open, connect_plain: Open) -> None:
    wires: list[Wire] = []
    for tls, words in SLOW.values():
        for _ in range(EACH):
            wires.append((connect if tls else connect_plain)())
            wires[-1].send(words)
    # Each gets a byte now and then, which buys no time.
    dribbling = [connect() for _ in range(EACH)]
    for wire in dribbling:
        wire.send(b"GET / HTTP/1.1\r\nX: ")
    wait_until(lambda: not still_taken(dribbling), "the end of who sends a byte at a time")
    for wire in wires:
        # Not the client that gives up: the server ends each of them.
        assert status(wire.rest()) in {None, 400, 408}


def still_taken(wires: list[Wire]) -> list[Wire]:
    """Those whose next byte the server does not refuse."""
    return [wire for wire in wires if wire.send(b"a")]


def test_a_flood_of_connections_leaves_nothing_behind(target: Daemon) -> None:
    with ExitStack() as stack:
        for number in range(300):
            wire = stack.enter_context(Wire(target, None))
            wire.send(client_hello() if number % 2 else b"")
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(Wire(target, target.tls))


@pytest.mark.parametrize(
    "junk",
    [
        b"\x00" * 1000,
        b"\x80\x2e\x01\x03\x01" + b"\0" * 60,
        b"\x16\x03\x01\xff\xff" + b"a" * 70_000,
        b"\x15\x03\x01\x00\x02\x01\x00",
        b"\x17\x03\x03\x00\x10" + b"a" * 16,
        client_hello()[:-2] + b"\xff\xff",
        client_hello(ciphers=b""),
        client_hello(ciphers=b"\x00\x00"),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + b"\x01" * 12,
    ],
    # As far as a ClientHello is the same each time: processes that test together have to agree on the names.
    ids=lambda junk: junk[:11].hex(),
)
def test_what_is_no_tls_gets_no_http(connect_plain: Open, junk: bytes) -> None:
    wire = connect_plain()
    wire.send(junk)
    wire.finish_sending()
    answer = wire.rest()
    assert b"HTTP" not in answer
    # An alert at most, RFC 8446 section 6.
    assert answer[:1] in {b"", b"\x15"}


def test_a_random_stream_is_no_tls_either(connect_plain: Open) -> None:
    for size in (1, 5, 100, 20_000, 200_000):
        wire = connect_plain()
        # What begins with a letter may be HTTP, and is told so.
        wire.send(b"\x80" + os.urandom(size))
        wire.finish_sending()
        assert b"HTTP" not in wire.rest()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_and_ciphers_without_encryption_are_refused(target: Daemon) -> None:
    with Wire(target, anything()) as wire:
        assert isinstance(wire.socket, ssl.SSLSocket)
        assert wire.socket.version() == "TLSv1.3"
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError):
            Wire(target, anything(version))
    without_aead = ("ECDHE+AES+SHA256:!AESGCM", "ECDHE+AES+SHA384:!AESGCM", "ECDHE+AES+SHA1", "kRSA")
    for ciphers in ("eNULL", "aNULL", *without_aead):
        with pytest.raises(ssl.SSLError):
            Wire(target, anything(ssl.TLSVersion.TLSv1_2, ciphers))
    with Wire(target, anything(ssl.TLSVersion.TLSv1_2)) as wire:
        assert isinstance(wire.socket, ssl.SSLSocket)
        assert wire.socket.version() == "TLSv1.2"


def test_tls_is_not_negotiated_again(target: Daemon) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed (Debian: sudo apt-get install openssl)")
    # A line with R alone makes it ask for another handshake.
    tried = subprocess.run(
        [openssl, "s_client", "-tls1_2", "-connect", target.url.split("/")[2]],
        input="R\n",
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert "RENEGOTIATING" in tried.stdout + tried.stderr
    assert "no renegotiation" in tried.stderr


def anything(only: ssl.TLSVersion | None = None, ciphers: str = "ALL") -> ssl.SSLContext:
    """A client context that agrees to whatever the server says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if only is not None:
        context.minimum_version = context.maximum_version = only
    return context
