"""What a plain `websockets` server does when its client vanishes, in the same network."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tests.daemon import wait_until
from tests.lab.network import SERVER, Line, network
from tests.lab.order import Event, Order
from tests.lab.players import ROOT, Player
from tests.lab.results import Row, measured
from tests.lab.wire import capture

PORT = 9000
CAP = 60.0
"""Seconds that the server is watched after the cut."""


def silent_cut(directory: Path, line: Line, stop: threading.Event) -> list[Row]:
    """One row for an idle connection, one for a loaded one, after a little more than CAP seconds.

    When ``stop`` is set it comes back at once, with none.
    """
    output = directory / "plain-server"
    with ExitStack() as stack:
        net = stack.enter_context(network(line))
        with output.open("wb") as file:
            server = stack.enter_context(
                subprocess.Popen(
                    [*net.server.prefix, sys.executable, "-m", "tests.lab.plain_server", SERVER, str(PORT)],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    cwd=ROOT,
                )
            )
        stack.callback(server.kill)
        wait_until(lambda: _events(output), "the plain server")
        wire = stack.enter_context(capture(net, PORT))
        order = Order(f"ws://{SERVER}:{PORT}/", "", "hidden tab", ["idle", "load"])
        stack.enter_context(Player(net.client, order, directory / "plain-player"))
        wait_until(lambda: len(wire.ports) == len(order.users), "both clients")
        time.sleep(3)
        ports = wire.ports
        cut = net.cut()
        if stop.wait(CAP):
            return []
        # The library says nothing of its connections, so they are told apart by what they were sent.
        ports.sort(key=lambda port: wire.before(port, cut))
        rows = []
        for path, port in zip(("/idle", "/load"), ports, strict=True):
            mine = [event for event in _events(output) if event.user == path]
            sent = wire.after(port, cut)
            ends = [event.at - cut for event in mine if event.what == "ended"]
            sends = [event.at - cut for event in mine if event.what == "sent" and event.at > cut]
            rows.append(
                Row(
                    "silent cut, a plain websockets server with its default keepalive",
                    path.removeprefix("/"),
                    [
                        measured("last send() that succeeded, s", max(sends, default=0.0)),
                        measured("connection given up, s", ends[0] if ends else f"not in {CAP:g} s"),
                        measured("sent for the first time, kB", sent.first / 1e3),
                        measured("sent again, kB", sent.again / 1e3),
                        measured("last byte on the wire, s", sent.last),
                    ],
                )
            )
    return rows


def _events(output: Path) -> list[Event]:
    lines = output.read_bytes().splitlines(keepends=True)
    return [msgspec.json.decode(line, type=Event) for line in lines if line.endswith(b"\n")]
