"""The line in user space, by irtt, a TCP connection and counted packets."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from tests.daemon import TIMEOUT_S, wait_until
from tests.lab.netns import LabUnavailableError, Namespace
from tests.lab.network import CLIENT, SERVER
from tests.link_emulator.loss import long_run_loss
from tests.link_emulator.spec import BurstLossSpec, RandomLossSpec
from tests.truth import irtt
from tests.truth.emulated_line import EmulatedNetwork, emulated_line
from tests.truth.lines import Line

PINGED_S = 2.0
ANSWERED_S = 0.5
"""Seconds for the last answers, for which irtt does not wait when it is ended."""

TRANSFER_S = 4.0
STARTS_S = 1.0
"""Seconds of a transfer that are not counted, in which TCP finds the line's rate."""

PAYLOAD = 1448 / 1514
"""Share of a full packet on the link that is TCP's payload, with timestamps."""

PACKETS = 2000
IN_A_ROW = 10


def test_an_idle_line_has_its_round_trip(tmp_path: Path) -> None:
    line = Line("", 40, 10, 30, (), round_trip_ms=40)
    try:
        irtt.check_available()
        with emulated_line(line) as network, irtt.pinging(network, tmp_path) as pings:
            began = time.time()
            time.sleep(PINGED_S)
            ended = time.time()
            time.sleep(ANSWERED_S)
    except LabUnavailableError as error:
        pytest.skip(f"no truth lab here: {error}")
    series = pings.between(began, ended)
    assert series.lost_share == 0
    # A packet is never early. How late most are depends on the machine.
    assert 40 <= min(series.round_trips_ms) <= 42


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_transfer_gets_the_rate_of_its_direction(direction: str) -> None:
    line = Line("", 40, 10, 30, (), round_trip_ms=10)
    try:
        with emulated_line(line) as network:
            if direction == "down":
                mbps, expected = _transfer(network.server, SERVER, network.client), line.down_mbps
            else:
                mbps, expected = _transfer(network.client, CLIENT, network.server), line.up_mbps
            assert network.missed_packets() == 0
    except LabUnavailableError as error:
        pytest.skip(f"no truth lab here: {error}")
    assert mbps / PAYLOAD == pytest.approx(expected, rel=0.05)


def _transfer(sender: Namespace, address: str, receiver: Namespace) -> float:
    """Return the payload in Mbit/s that arrived after the start."""
    with sender.entered():
        listener = socket.create_server((address, 0))
    with listener, receiver.entered():
        sink = socket.create_connection(listener.getsockname(), TIMEOUT_S)
        source, _ = listener.accept()
    thread = threading.Thread(target=_send, args=(source,))
    with sink, source:
        thread.start()
        began, counted, octets = time.monotonic(), 0.0, 0
        while (now := time.monotonic() - began) < TRANSFER_S:
            size = len(sink.recv(65536))
            if now > STARTS_S:
                octets += size
                counted = now - STARTS_S
        sink.shutdown(socket.SHUT_RDWR)
        source.shutdown(socket.SHUT_RDWR)
        thread.join(TIMEOUT_S)
    return octets * 8e-6 / counted


@pytest.mark.parametrize(
    ("loss", "share"),
    [
        (RandomLossSpec(0.1), 0.1),
        (BurstLossSpec(bad=0.05, good=0.4, lost_good=0.01, lost_bad=0.8), long_run_loss(0.05, 0.4, 0.01, 0.8)),
    ],
    ids=["random", "bursts"],
)
def test_the_packets_that_do_not_arrive_are_those_that_the_model_lost(
    loss: RandomLossSpec | BurstLossSpec, share: float
) -> None:
    line = Line("", 40, 10, 500, (), round_trip_ms=10, loss=loss)
    try:
        with emulated_line(line) as network:
            received = _received(network)
            found = network.statistics()
    except LabUnavailableError as error:
        pytest.skip(f"no truth lab here: {error}")
    assert 1 - received / PACKETS == pytest.approx(share, abs=0.02)
    assert (found.down.lost_packets, found.down.carried_packets) == (PACKETS - received, received)
    assert (found.down.dropped_packets, found.unread, found.up.offered_packets) == (0, 0, 0)


def _received(network: EmulatedNetwork) -> int:
    """Send packets to the client, and return how many of them arrived."""
    with network.client.entered():
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with network.server.entered():
        source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sink, source:
        sink.bind((CLIENT, 0))
        sink.setblocking(False)
        source.connect(sink.getsockname())
        received = 0
        for number in range(PACKETS):
            source.send(b"packet")
            if number % IN_A_ROW == 0:
                # More at once would wait in the device, or in the socket, instead of in the line's queue.
                received += _take(sink)
                time.sleep(0.001)
        wait_until(lambda: _is_empty(network), "the end of the line's queue")
        return received + _take(sink)


def _is_empty(network: EmulatedNetwork) -> bool:
    down = network.statistics().down
    return down.carried_packets + down.lost_packets + down.dropped_packets == PACKETS


def _take(sink: socket.socket) -> int:
    taken = 0
    try:
        while sink.recv(64):
            taken += 1
    except BlockingIOError:
        return taken
    return taken


def _send(source: socket.socket) -> None:
    try:
        while True:
            source.sendall(bytes(65536))
    except OSError:
        return
