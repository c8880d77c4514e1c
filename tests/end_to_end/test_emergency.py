"""The emergency stop without the control API."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

from tests.daemon import TIMEOUT_S, Daemon
from tests.websocket_clients import OldPage, client


async def test_a_signal_stops_everything_as_the_control_api_does(daemon: Daemon) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await alex.until(lambda: alex.received_bytes > 0)
        daemon.process.send_signal(signal.SIGUSR2)
        await asyncio.wait_for(alex.connection.wait_closed(), TIMEOUT_S)
        assert alex.connection.close_code == 1001
        assert alex.connection.close_reason == "emergency stop by the operator: by signal"
    assert daemon.process.wait(TIMEOUT_S) == 0
    (line,) = [line for line in daemon.events("change") if line["via"] == "signal SIGUSR2"]
    assert line["method"] == "household.v1.ServerService/ShutdownServer"
    assert (line["actor"], line["outcome"], line["answer"]) == ("unknown", "OK", {"sessions_closed": 1})


async def test_a_file_stops_everything_and_keeps_it_stopped(daemon: Daemon) -> None:
    file = daemon.runtime_dir / "emergency-stop"
    async with client(daemon, "alex", OldPage) as alex:
        await alex.until(lambda: alex.received_bytes > 0)
        # Whole from the first moment on.
        written = file.with_name("written")
        written.write_text("flood from AS 64496\nmore words\n")
        written.rename(file)
        await asyncio.wait_for(alex.connection.wait_closed(), TIMEOUT_S)
        assert alex.connection.close_reason == "emergency stop by the operator: flood from AS 64496"
    assert daemon.process.wait(TIMEOUT_S) == 0
    (line,) = daemon.events("change")
    assert (line["via"], line["uid"], line["reason"]) == (f"file {file}", os.getuid(), "flood from AS 64496")

    again = await asyncio.to_thread(start, daemon)
    assert again.returncode == 3
    assert again.stderr == (f"householdd: emergency stop: flood from AS 64496; to start again, remove {file}\n")
    # For the unit, which then closes the sockets whose next client would start it again.
    assert (daemon.runtime_dir / "private" / "emergency").exists()


def start(daemon: Daemon) -> subprocess.CompletedProcess[str]:
    options = ("--dev", "--runtime-dir", str(daemon.runtime_dir), "--listen", "127.0.0.1:0")
    return subprocess.run(
        [sys.executable, "-m", "householdd", *options], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
