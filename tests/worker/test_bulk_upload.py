"""A profile that uploads as much as the line takes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from householdd.traffic.upload_window import MIN_REQUEST_BYTES
from tests.daemon import Daemon, running
from tests.websocket_clients import Client, OldPage, client

PASSES_A_SECOND = 4


def received(page: Client) -> list[int]:
    """Bytes of the upload that the server had counted, a pass apart."""
    return [message["server_received_bytes"] for message in page.messages if message["type"] == "real_time_update"]


async def backed_up(daemon: Daemon, passes: int) -> tuple[Client, dict[str, Any]]:
    """A finished backup of this length, and its latest figures."""
    async with client(daemon, "backup", OldPage, "?test_id=1") as page:
        await page.until(lambda: page.kinds["real_time_update"] >= passes)
        return page, page.last("real_time_update")


async def test_a_bulk_upload_is_asked_for_as_fast_as_it_comes(daemon: Daemon) -> None:
    page, update = await backed_up(daemon, 12)
    asked = [message["target_bytes"] for message in page.messages if message["type"] == "real_upload_request"]
    assert asked[0] == MIN_REQUEST_BYTES
    # Loopback carries more than is asked for at first.
    assert max(asked) > 8 * MIN_REQUEST_BYTES
    assert asked[0] < update["server_received_bytes"] <= sum(asked)
    assert page.received_bytes == 0
    assert not update["server_limited"]


async def test_a_bulk_upload_keeps_to_the_customers_budget_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        assert (await asyncio.to_thread(daemon.ctl, "config", "set", "limits.customer_mbps=8")).returncode == 0
        page, update = await backed_up(daemon, 24)
    counts = received(page)[8:]
    mean_bps = (counts[-1] - counts[0]) * 8 * PASSES_A_SECOND / (len(counts) - 1)
    assert 4e6 < mean_bps < 12e6
    assert update["server_limited"]
