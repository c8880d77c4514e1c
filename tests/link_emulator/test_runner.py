"""The loop over descriptors, with sockets in the place of the devices."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.daemon import TIMEOUT_S
from tests.link_emulator.made_packets import packet
from tests.link_emulator.runner import Runner
from tests.link_emulator.spec import ConstantRateSpec, DirectionSpec, RandomLossSpec, TailDropSpec, make_direction

PLAIN = DirectionSpec(ConstantRateSpec(100e6), TailDropSpec(10**6), delay=0.01)


@contextmanager
def carrying(down: DirectionSpec, up: DirectionSpec) -> Iterator[tuple[Runner, socket.socket, socket.socket]]:
    """A line for the length of a block, with the ends of its server and its client."""
    with ExitStack() as stack:
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
        for each in (*pairs[0], *pairs[1]):
            stack.callback(each.close)
            each.settimeout(TIMEOUT_S)
        (server, at_server), (client, at_client) = pairs
        for each in (at_server, at_client):
            each.setblocking(False)
        runner = Runner(at_server.fileno(), at_client.fileno(), make_direction(down), make_direction(up))
        stack.callback(runner.close)
        thread = threading.Thread(target=runner.run)
        thread.start()
        stack.callback(thread.join)
        stack.callback(runner.stop)
        yield runner, server, client


def test_packets_are_carried_both_ways_in_their_order_and_counted() -> None:
    with carrying(PLAIN, PLAIN) as (runner, server, client):
        for number in range(8):
            server.send(packet(100, number=number))
            client.send(packet(200, number=number))
        assert [client.recv(2048) for _ in range(8)] == [packet(100, number=number) for number in range(8)]
        assert [server.recv(2048) for _ in range(8)] == [packet(200, number=number) for number in range(8)]
    counted = runner.statistics()
    assert (counted.down.carried_packets, counted.down.carried_bytes) == (8, 800)
    assert (counted.up.carried_packets, counted.up.carried_bytes) == (8, 1600)
    assert 0 < counted.latest_s < counted.seconds


def test_each_direction_has_its_own_losses() -> None:
    lossy = DirectionSpec(ConstantRateSpec(100e6), TailDropSpec(10**6), loss=RandomLossSpec(1.0))
    with carrying(lossy, PLAIN) as (runner, server, client):
        server.send(packet(100))
        client.send(packet(100))
        assert server.recv(2048) == packet(100)
        # What was sent before the answer has been decided by now.
        server.send(packet(100))
        client.send(packet(100))
        assert server.recv(2048) == packet(100)
    assert runner.statistics().down.lost_packets >= 1
    assert runner.statistics().down.carried_packets == 0


def test_an_idle_line_ends_when_it_is_told_to() -> None:
    with carrying(PLAIN, PLAIN) as (runner, _, _):
        pass
    assert runner.statistics().down.offered_packets == 0
