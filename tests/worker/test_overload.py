"""A server that is late itself."""

from __future__ import annotations

import os
import signal
import time

from tests.daemon import TIMEOUT_S, Daemon
from tests.websocket_clients import OldPage, client


async def test_a_worker_that_was_held_up_says_so_to_the_clients_it_had(daemon: Daemon) -> None:
    (worker,) = daemon.worker_pids()
    async with client(daemon, "sarah", OldPage) as page:
        await page.until(lambda: updates(page))
        os.kill(worker, signal.SIGSTOP)
        # Two passes of the control loop would have fitted in here.
        time.sleep(0.6)  # noqa: ASYNC251 - nothing else is to go on
        os.kill(worker, signal.SIGCONT)
        await page.until(lambda: updates(page)[-1]["server_overloaded"])

    # Whoever comes when it is over has nothing to complain of. On a busy machine that takes a while.
    deadline = time.monotonic() + TIMEOUT_S
    while await is_late_for_a_new_client(daemon):
        assert time.monotonic() < deadline


async def is_late_for_a_new_client(daemon: Daemon) -> bool:
    async with client(daemon, "alex", OldPage) as page:
        await page.until(lambda: updates(page))
        return bool(updates(page)[0]["server_overloaded"])


def updates(page: OldPage) -> list[dict[str, object]]:
    return [message for message in page.messages if message["type"] == "real_time_update"]
