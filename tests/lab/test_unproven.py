"""A client whose TCP acknowledges what never arrived."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.daemon import CROWD, running
from tests.lab import bounds, netns
from tests.lab.lying_tcp import SERVER, Bottleneck, LyingClient, open_line
from tests.lab.netns import LabUnavailableError, Namespace
from tests.lab.results import Row, conclude, measured

LINE_BPS = 5e6
QUEUE_BYTES = 64 * 1024
SECONDS = 8.0


def test_a_client_that_acknowledges_what_never_arrived_gets_no_more_than_twice_its_line(tmp_path: Path) -> None:
    try:
        netns.check_available()
        namespace = Namespace.make(f"lying-{os.getpid()}")
    except LabUnavailableError as error:
        pytest.skip(f"no network lab here: {error}")
    try:
        tun = open_line(namespace, "lying")
        options = ("--listen", f"{SERVER}:8443", "--no-tls", "--workers", "1")
        with running(tmp_path, *options, env=CROWD, prefix=namespace.prefix):
            path = "/ws/virtual-household/computer?test_id=1&throughput=100"
            client = LyingClient(tun, 8443, path, Bottleneck(LINE_BPS, QUEUE_BYTES))
            client.open()
            sent_bps = client.run(SECONDS)
            client.close()
        os.close(tun)
        conclude(
            Row(
                "Acknowledging what never arrived",
                f"asks for 100 Mbit/s behind {LINE_BPS / 1e6:g}",
                [
                    measured("on the wire, Mbit/s", sent_bps / 1e6, bounds.LYING_MBPS),
                    measured("pongs", client.pongs),
                    # It did get its handshake, its messages and the least allowance.
                    measured("on the wire in all, kB", client.sent_bytes / 1e3, bounds.LYING_GETS_KB),
                ],
            )
        )
    finally:
        namespace.delete()
