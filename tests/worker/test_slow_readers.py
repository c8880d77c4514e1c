"""Clients that do not read what they are sent."""

from __future__ import annotations

import contextlib
import ssl
import time
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode

from household.v1 import session_pb2 as pb
from householdd.session.proof import MIN_ALLOWANCE_BYTES
from householdd.worker.connection import WRITE_LIMIT_BYTES
from tests.daemon import Daemon
from tests.worker import sessions
from tests.worker.conftest import ConnectRaw
from tests.worker.raw_client import RawClient

SMALL = 32 * 1024
"""Bytes of messages and frame headers beside the payload."""


def resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def fill(daemon: Daemon, raw: RawClient, seconds: float) -> int:
    """Keeps a session alive for ``seconds`` without reading; the most bytes that the worker held for it."""
    most = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        raw.say(type="client_confirmation", received_bytes=0)
        most = max(most, daemon.get_server().workers[0].census.buffered_bytes)
        time.sleep(0.05)
    return most


def test_a_client_that_reads_nothing_costs_no_more_than_the_write_limit(
    shared_daemon: Daemon, connect_raw: ConnectRaw
) -> None:
    raw = connect_raw("computer", receive_buffer=8192)
    session_id = raw.session_id
    before = resident(shared_daemon.worker_pids()[0])
    most = fill(shared_daemon, raw, 2)
    session = sessions.get(shared_daemon, session_id)
    assert session.state == pb.SESSION_STATE_ACTIVE
    assert most <= WRITE_LIMIT_BYTES + SMALL
    assert resident(shared_daemon.worker_pids()[0]) - before < 20e6
    # It proves nothing.
    assert session.sent_bytes == MIN_ALLOWANCE_BYTES
    raw.reset()
    sessions.closed(shared_daemon, session_id)


def test_the_last_words_reach_a_client_whose_buffer_is_full(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("computer", receive_buffer=8192)
    session_id = raw.session_id
    fill(shared_daemon, raw, 1)
    raw.say(type="stop_test")
    raw.read(lambda: raw.protocol.close_rcvd)
    assert raw.protocol.close_rcvd is not None
    assert raw.protocol.close_rcvd.code == 1000
    assert [message["type"] for message in raw.messages[-2:]] == ["stop_test_ack", "session_complete"]
    assert raw.messages[-1]["server_sent_bytes"] == sum(size for _, size in raw.arrivals)
    assert sessions.closed(shared_daemon, session_id).close_reason == pb.CLOSE_REASON_CLIENT_STOPPED


def test_one_slow_client_does_not_slow_another(connect_raw: ConnectRaw) -> None:
    slow = connect_raw("computer", receive_buffer=8192)
    quick = connect_raw("alex")
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        slow.say(type="client_confirmation")
        quick.say(type="client_confirmation")
        quick.read(seconds=0.1)
    took = quick.arrivals[-1][0] - quick.arrivals[0][0]
    assert sum(size for _, size in quick.arrivals) * 8 / took == pytest.approx(1.5e6, rel=0.2)
    slow.reset()
    quick.reset()


@pytest.mark.parametrize("frame", [Frame(Opcode.PING, bytes(125)), Frame(Opcode.BINARY, b"x")])
def test_a_flood_of_frames_is_ended_and_disturbs_nobody(
    shared_daemon: Daemon, connect_raw: ConnectRaw, frame: Frame
) -> None:
    neighbour = connect_raw("sarah", answers_pings=True)
    raw = connect_raw("alex", receive_buffer=8192)
    session_id = raw.session_id
    flood = frame.serialize(mask=True) * 1000
    # Far more than buffers hold. The end is a reset or a broken pipe, as it falls.
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        for _ in range(1000):
            raw.socket.sendall(flood)
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_FLOODING
    assert ended.close_detail == "more than 500 frames a second"
    began = len(neighbour.arrivals)
    neighbour.read(lambda: len(neighbour.arrivals) > began + 20)
    assert len(neighbour.arrivals) > began + 20
    assert shared_daemon.get_server().workers[0].control_loop.longest_gap.ToTimedelta().total_seconds() < 2
