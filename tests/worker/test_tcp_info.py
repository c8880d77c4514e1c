from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

import pytest

from householdd.worker import tcp_info
from householdd.worker.tcp_info import TcpInfo
from tests.daemon import wait_until

OFFSETS = {
    "probes": (3, "B"),
    "backoff": (4, "B"),
    "unacked": (24, "I"),
    "last_ack_recv": (56, "I"),
    "rtt": (68, "I"),
    "rttvar": (72, "I"),
    "total_retrans": (100, "I"),
    "bytes_acked": (120, "Q"),
    "notsent": (144, "I"),
    "min_rtt": (148, "I"),
    "delivery_rate": (160, "Q"),
    "busy_time": (168, "Q"),
    "rwnd_limited": (176, "Q"),
    "delivered": (192, "I"),
    "delivered_ce": (196, "I"),
    "bytes_sent": (200, "Q"),
    "bytes_retrans": (208, "Q"),
}
"""Byte offset and type of each field in ``struct tcp_info`` of linux/tcp.h."""

SIZE = 232
"""Bytes of the structure up to ``tcpi_snd_wnd``."""

NOTHING = TcpInfo(*[0] * len(OFFSETS))


@contextlib.contextmanager
def connected(receive_buffer: int | None = None) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A server's socket and its client's, on loopback."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        client = stack.enter_context(socket.socket())
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(listener.getsockname())
        server = stack.enter_context(listener.accept()[0])
        yield server, client


def test_every_field_is_placed() -> None:
    assert list(OFFSETS) == list(TcpInfo._fields)


@pytest.mark.parametrize("field", OFFSETS)
def test_a_field_is_read_from_its_documented_place(field: str) -> None:
    offset, kind = OFFSETS[field]
    data = bytearray(SIZE)
    size = struct.calcsize(kind)
    value = int.from_bytes(range(1, size + 1))
    struct.pack_into(kind, data, offset, value)
    assert tcp_info.parse(bytes(data)) == NOTHING._replace(**{field: value})


@pytest.mark.parametrize("field", OFFSETS)
def test_no_other_byte_is_taken_for_a_field(field: str) -> None:
    offset, kind = OFFSETS[field]
    data = bytearray(b"\xff" * SIZE)
    data[offset : offset + struct.calcsize(kind)] = bytes(struct.calcsize(kind))
    assert getattr(tcp_info.parse(bytes(data)), field) == 0


@pytest.mark.parametrize("length", [0, 1, 104, 120, 148, 192, 208, 216, SIZE, SIZE + 1, 280, 1000])
def test_a_kernel_may_tell_less_or_more(length: int) -> None:
    """What an old kernel does not tell is 0, what a new one adds is left alone."""
    read = tcp_info.parse(b"\xff" * length)
    for field, (offset, kind) in OFFSETS.items():
        told = offset + struct.calcsize(kind) <= length
        assert getattr(read, field) == (256 ** struct.calcsize(kind) - 1 if told else 0), field


def test_the_kernel_counts_what_the_peer_acknowledged() -> None:
    with connected() as (server, client):
        assert tcp_info.read(server).bytes_acked <= 1
        before = tcp_info.read(server)
        server.sendall(bytes(100_000))
        received = 0
        while received < 100_000:
            received += len(client.recv(65536))
        wait_until(lambda: tcp_info.read(server).unacked == 0, "all acknowledged")
        read = tcp_info.read(server)
    assert read.bytes_acked - before.bytes_acked == 100_000
    assert read.bytes_sent - before.bytes_sent - read.bytes_retrans == 100_000
    assert read.delivered > before.delivered
    assert read.notsent == 0
    assert 0 < read.min_rtt <= read.rtt
    assert read.last_ack_recv < 30_000
    assert read.delivery_rate > 0


def test_a_peer_that_reads_nothing_shows_data_that_waits_and_none_in_flight() -> None:
    with connected(receive_buffer=8192) as (server, _):
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                server.send(bytes(65536))

        def stuck() -> bool:
            read = tcp_info.read(server)
            return read.notsent > 0 and read.unacked == 0

        wait_until(stuck, "a shut window")
        before = tcp_info.read(server)
        ages = [before.last_ack_recv]

        def answered() -> bool:
            ages.append(tcp_info.read(server).last_ack_recv)
            return ages[-1] < ages[-2]

        wait_until(answered, "an answer to a window probe")
        after = tcp_info.read(server)
        # The peer's kernel answers, but acknowledges nothing new.
        assert (after.bytes_acked, after.delivered) == (before.bytes_acked, before.delivered)


def test_unsent_bytes_alone_are_those_of_the_whole_reading() -> None:
    with connected(receive_buffer=4096) as (server, _):
        assert tcp_info.unsent(server.fileno()) == 0
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                server.send(bytes(65536))
        # The last segment that fits the window may still be on its way.
        wait_until(lambda: tcp_info.unsent(server.fileno()) == tcp_info.read(server).notsent > 0, "bytes that wait")


def test_a_closed_socket_raises() -> None:
    with connected() as (server, _):
        server.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            tcp_info.read(server)
