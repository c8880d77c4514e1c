"""A worker that is held up again and again, and what it does about that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import websockets

from household.v1 import server_service_pb2 as pb
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.websocket_clients import OldPage, client

LAG = 0.06
"""Seconds; bulk is shed from five times as much on."""


@contextlib.contextmanager
def held_up(pid: int) -> Iterator[None]:
    """The process stands still for most of the time; by another process, since this one is busy with what comes in."""
    loop = f"while kill -STOP {pid}; do sleep 0.6; kill -CONT {pid}; sleep 0.05; done"
    holding = subprocess.Popen(["sh", "-c", loop])
    try:
        yield
    finally:
        holding.terminate()
        holding.wait()
        os.kill(pid, signal.SIGCONT)


async def test_an_overloaded_worker_sheds_bulk_and_refuses_new_runs_until_it_is_over(tmp_path: Path) -> None:
    tuning = {"LAG": str(LAG), "RISE": "0.5", "FALL": "0.5"}
    env = {f"HOUSEHOLDD_OVERLOAD__{name}": value for name, value in tuning.items()}
    with running(tmp_path, env=env) as daemon:
        (worker,) = daemon.worker_pids()
        async with client(daemon, "computer_9", OldPage) as bulk, client(daemon, "alex_9", OldPage):
            await bulk.until(lambda: bulk.received_bytes > 0)
            with held_up(worker):
                await asyncio.wait_for(bulk.connection.wait_closed(), TIMEOUT_S)
                assert bulk.connection.close_code == 1013
                complete = bulk.last("session_complete")
                assert (complete["reason"], complete["server_overloaded"]) == ("overloaded", True)
                await asyncio.to_thread(wait_until, lambda: overload(daemon).step > pb.OVERLOAD_STEP_SLOW, "its step")
                assert overload(daemon).cause == pb.OVERLOAD_CAUSE_LAG
                assert await refused(daemon) == (503, "30")

        # It is over: nobody has to do anything.
        deadline = time.monotonic() + TIMEOUT_S
        while await refused(daemon):
            assert time.monotonic() < deadline
            # Handshakes in a row are more than one address's share of a busy worker.
            await asyncio.sleep(0.2)
        events = [event["step"] for event in daemon.events("overload")]
        assert events[:3] == ["refuse", "slow", "shed"]
        assert "normal" in events
        assert daemon.events("overload")[0]["cause"] == "lag"


def overload(daemon: Daemon) -> pb.Overload:
    return daemon.get_server().workers[0].overload


async def refused(daemon: Daemon) -> tuple[int, str | None] | None:
    """Status and Retry-After of the answer to a new run; None where it is let in."""
    try:
        async with client(daemon, "sarah", OldPage):
            return None
    except websockets.InvalidStatus as error:
        return error.response.status_code, error.response.headers.get("Retry-After")
