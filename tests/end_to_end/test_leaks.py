from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from household.v1 import server_service_pb2
from tests.daemon import Daemon, wait_until

PLAYER = """
import asyncio, ssl, sys
from websockets.asyncio.client import connect

async def play(who):
    tls = ssl.create_default_context(cafile=sys.argv[2])
    async with connect(sys.argv[1] + who, ssl=tls, compression=None, max_size=None, proxy=None) as connection:
        async for _ in connection:
            pass

asyncio.run(play(sys.argv[3]))
"""


def at_rest(daemon: Daemon) -> server_service_pb2.Census:
    return daemon.get_server().workers[0].census


def test_clients_killed_with_sigkill_leave_nothing_behind(daemon: Daemon) -> None:
    authority = str(daemon.directory / "state" / "dev-ca.pem")
    before = at_rest(daemon)
    players = [
        subprocess.Popen([sys.executable, "-c", PLAYER, daemon.ws_url, authority, who])
        for who in ("alex", "sarah", "jake", "computer")
    ]
    wait_until(lambda: flowing(daemon, 4), "traffic to all four")
    for player in players:
        os.kill(player.pid, signal.SIGKILL)
        player.wait()
    wait_until(lambda: not daemon.list_sessions(), "the end of all four", timeout_s=5)
    sent = daemon.get_server().totals.sent_bytes
    after = at_rest(daemon)
    assert (after.sessions, after.connections, after.buffered_bytes) == (0, 0, 0)
    assert after.tasks <= before.tasks
    assert after.file_descriptors <= before.file_descriptors
    assert daemon.get_server().totals.sent_bytes == sent
    checked = daemon.ctl("-o", "json", "check", "leaks", daemon.ws_url, "--ca", authority, "--duration", "1")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["leaks_detected"] == 0


def flowing(daemon: Daemon, count: int) -> bool:
    sessions = daemon.list_sessions()
    return len(sessions) == count and all(session.sent_bytes for session in sessions)
