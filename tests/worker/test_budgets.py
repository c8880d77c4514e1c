"""A budget of half of what is wanted, over real connections from several addresses."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from household.v1 import config_service_pb2
from tests.daemon import Daemon, running
from tests.websocket_clients import client
from tests.worker.load import Marks

pytestmark = pytest.mark.rates

SETTLED, MEASURED = 2.0, 5.0
"""Seconds until all have their shares, and over which they are measured then."""

TOLERANCE = 0.02

SHARES = [
    # A household of two sessions that want little and one that wants all, and two customers with one session each.
    ("127.0.0.2", "alex", 1.5),
    ("127.0.0.2", "sarah", 2.5),
    ("127.0.0.2", "computer", 5.25),
    ("127.0.0.3", "computer", 9.25),
    ("127.0.0.4", "alex", 1.5),
]
"""What each gets of 20 Mbit/s."""


async def test_each_gets_its_max_min_share_of_a_budget_that_two_workers_share(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2", env={"HOUSEHOLDD_LIMITS": '{"daemon_mbps": 20}'}) as daemon:
        async with contextlib.AsyncExitStack() as stack:
            pages = [await stack.enter_async_context(client(daemon, who, Marks, source=at)) for at, who, _ in SHARES]
            await asyncio.sleep(SETTLED + MEASURED + 0.5)
            wrong = []
            for page, (at, who, share) in zip(pages, SHARES, strict=True):
                measured = rate(page)
                if abs(measured / share - 1) > TOLERANCE:
                    wrong.append(f"{who} at {at} {measured:.3f} of {share} Mbit/s")
            assert not wrong, f"{wrong}; {gaps(daemon)}"
            for page, (_, who, _) in zip(pages, SHARES, strict=True):
                assert page.last("real_time_update")["server_limited"] is (who == "computer")
                assert page.last("real_time_update")["target_download_mbps"] == {"alex": 1.5, "sarah": 2.5}.get(
                    who, 1000
                )
            held = {
                session.peer_address.partition(":")[0]: session for session in daemon.list_sessions("profile=computer")
            }
            assert held["127.0.0.3"].server_limited
            assert held["127.0.0.3"].limit_download_bps == pytest.approx(9.25e6, rel=TOLERANCE)
            assert not held["127.0.0.3"].HasField("limit_upload_bps")

            # Taken back while they go on, the budget holds nobody any longer.
            update = config_service_pb2.UpdateRuntimeConfigRequest(
                config=config_service_pb2.RuntimeConfig(limits=config_service_pb2.Limits(daemon_mbps=1e6))
            )
            update.update_mask.paths.append("limits.daemon_mbps")
            await asyncio.to_thread(daemon.config.UpdateRuntimeConfig, update, timeout=10)
            alone = pages[3]
            await alone.until(lambda: alone.last("real_time_update")["actual_download_mbps"] > 30)


def rate(page: Marks) -> float:
    """Mbit/s over the last seconds up to the last update."""
    last = page.marks[-1]
    first = min(page.marks, key=lambda mark: abs(mark.age - (last.age - MEASURED)))
    return (last.downloaded - first.downloaded) * 8 / (last.age - first.age) / 1e6


def gaps(daemon: Daemon) -> str:
    """How late the daemon itself was."""
    loops = [worker.control_loop for worker in daemon.get_server().workers]
    return ", ".join(f"longest gap between passes {loop.longest_gap.ToMilliseconds()} ms" for loop in loops)
