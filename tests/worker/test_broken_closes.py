"""Ends of a connection that are not what RFC 6455 says."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from websockets.frames import Frame, Opcode

from household.v1 import session_pb2 as pb
from tests.daemon import Daemon
from tests.worker import sessions
from tests.worker.conftest import ConnectRaw


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_close_reason_that_is_no_text_ends_the_session_and_costs_nothing(
    shared_daemon: Daemon, connect_raw: ConnectRaw
) -> None:
    pid = shared_daemon.worker_pids()[0]
    raw = connect_raw("alex")
    session_id = raw.session_id
    before = cpu_ticks(pid)
    raw.send(Frame(Opcode.CLOSE, b"\x03\xe8\xff\xfe"))
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_NOT_WEBSOCKET
    # A loop that spun until the deadline would take two seconds of processor time.
    assert cpu_ticks(pid) - before < os.sysconf("SC_CLK_TCK")


def test_the_end_of_the_stream_without_a_close_frame_ends_the_session(
    shared_daemon: Daemon, connect_raw: ConnectRaw
) -> None:
    raw = connect_raw("computer", receive_buffer=8192)
    session_id = raw.session_id
    # TLS is ended and the receive buffer full, so that the server cannot flush what it has. It may reset instead.
    with contextlib.suppress(ConnectionResetError):
        raw.socket.unwrap()
    assert sessions.closed(shared_daemon, session_id).close_reason == pb.CLOSE_REASON_CONNECTION_LOST
