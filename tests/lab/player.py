"""Clients in a process of their own: ``python -m tests.lab.player``, an Order as the first line of standard input.

It ends when standard input does, at the latest.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable

import msgspec

from tests.lab import pages, raw, storm
from tests.lab.order import Order
from tests.lab.pages import Report

BEHAVIOURS: dict[str, Callable[[Order, str, Report], None]] = {
    "reads silently": raw.read_silently,
    "reads slowly": raw.read_slowly,
    "reads nothing": raw.read_nothing,
    "floods uploads": raw.flood_uploads,
    "floods pings": raw.flood_pings,
    "floods junk": raw.flood_junk,
    "never begins TLS": raw.never_tls,
    "never finishes TLS": raw.half_tls,
    "never finishes the upgrade": raw.half_upgrade,
    "sends a byte a second": raw.trickle,
    "reconnects": storm.storm,
}
"""What is not a page of tests.lab.pages; one thread for each user."""


def main() -> None:
    """Plays until it is told to end."""
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    report = pages.printer()
    if order.behaviour in pages.KINDS:
        asyncio.run(pages.play(order, report))
        return
    behaviour = BEHAVIOURS[order.behaviour]
    for user in order.users:
        threading.Thread(target=behaviour, args=(order, user, report), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
