"""A daemon that is started without standard input, output or error."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from household.v1 import server_service_pb2
from tests.daemon import TIMEOUT_S, Stubs, wait_until

CLOSED = [fds for number in (1, 2, 3) for fds in itertools.combinations(range(3), number)]


def is_serving(stubs: Stubs) -> bool:
    try:
        server = stubs.server.GetServer(server_service_pb2.GetServerRequest(), timeout=10).server
    except grpc.RpcError:
        return False
    return bool(server.state == server_service_pb2.SERVER_STATE_SERVING and server.workers[0].pid)


def start(directory: Path, *redirections: str) -> subprocess.Popen[bytes]:
    """Start a daemon with its descriptors changed as a shell does it."""
    command = (sys.executable, "-m", "householdd", "--dev", "--listen", "127.0.0.1:0")
    files = ("--runtime-dir", str(directory / "run"), "--state-dir", str(directory / "state"))
    return subprocess.Popen(
        ["sh", "-c", f'exec "$@" {" ".join(redirections)}', "sh", *command, *files],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def serving(directory: Path, *redirections: str) -> Iterator[int]:
    """The process id of a daemon that serves, and then stops in an orderly way."""
    process = start(directory, *redirections)
    try:
        with grpc.insecure_channel(f"unix:{directory / 'run' / 'control.sock'}") as channel:
            stubs = Stubs(channel)
            wait_until(lambda: process.poll() is not None or is_serving(stubs), "the daemon serves")
        assert process.poll() is None
        yield process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("closed", CLOSED, ids=lambda fds: "".join(map(str, fds)))
def test_it_serves_and_nothing_takes_their_place(tmp_path: Path, closed: tuple[int, ...]) -> None:
    with serving(tmp_path, *(f"{fd}>&-" for fd in closed)) as pid:
        assert {Path(f"/proc/{pid}/fd/{fd}").readlink() for fd in closed} == {Path(os.devnull)}


@pytest.mark.parametrize("fd", [1, 2])
def test_a_full_disk_behind_them_is_no_reason_to_end(tmp_path: Path, fd: int) -> None:
    with serving(tmp_path, f"{fd}>/dev/full"):
        pass
