"""A client that reconnects as if it were a thousand."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter

from tests.lab import raw
from tests.lab.order import Event, Order
from tests.lab.pages import Report

THREADS = 8
_RESET = struct.pack("ii", 1, 0)


def storm(order: Order, user: str, report: Report) -> None:
    """Opens sessions at ``order.rate`` a second, or as fast as they come, each reset at once; tells counts each second.

    A reset leaves no TIME_WAIT, so the ports last.
    """
    counts: Counter[str] = Counter()
    schedule = threading.Lock()
    next_at = time.monotonic()

    def reconnect() -> None:
        nonlocal next_at
        while True:
            with schedule:
                # What could not be begun in time is not made up for.
                next_at = max(next_at + 1 / order.rate, time.monotonic() - 0.1)
                at = next_at
            time.sleep(max(at - time.monotonic(), 0.0))
            counts["attempted"] += 1
            try:
                connection = raw.upgraded(order, user)
            except OSError:
                counts["refused"] += 1
            else:
                counts["opened"] += 1
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                connection.close()

    for _ in range(THREADS):
        threading.Thread(target=reconnect, daemon=True).start()
    while True:
        time.sleep(1.0)
        for what, count in counts.items():
            report(Event(time.monotonic(), user, what=what, count=count))
