from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from household.v1 import server_service_pb2 as pb
from tests.daemon import Daemon, wait_until
from tests.websocket_clients import OldPage, client


def ready(daemon: Daemon) -> bool:
    return all(worker.state == pb.WORKER_STATE_READY for worker in daemon.get_server().workers)


def restarted(daemon: Daemon) -> bool:
    return any(worker.restarts for worker in daemon.get_server().workers)


async def test_a_killed_worker_takes_only_its_own_sessions_and_comes_back(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(daemon, f"alex_{index}", OldPage)) for index in range(8)]
        by_worker: dict[str, list[OldPage]] = {}
        for each in clients:
            await each.payload()
            session_id = each.last("session_info")["session_id"]
            listed = await asyncio.to_thread(daemon.list_sessions, f"id = {session_id}")
            by_worker.setdefault(listed[0].worker, []).append(each)
        lost_name, lost = next(iter(by_worker.items()))
        workers = {worker.name: worker for worker in daemon.get_server().workers}
        os.kill(workers[lost_name].pid, signal.SIGKILL)
        await asyncio.gather(*(each.connection.wait_closed() for each in lost))
        # Its connections are gone before the supervisor knows.
        await asyncio.to_thread(wait_until, lambda: restarted(daemon) and ready(daemon), "the worker's return")
        survivors = [each for name, group in by_worker.items() if name != lost_name for each in group]
        for each in survivors:
            await each.payload()
        after = {worker.name: worker for worker in daemon.get_server().workers}
        assert after[lost_name].pid != workers[lost_name].pid
        assert after[lost_name].restarts == 1
        assert len(daemon.list_sessions()) == len(survivors)
        # The page that was thrown out comes again.
        async with client(daemon, "alex_again", OldPage) as again:
            await again.until(lambda: again.received_bytes > 0)


async def test_health_says_which_worker_is_frozen_and_lists_go_on(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    frozen = daemon.worker_pids()[0]
    os.kill(frozen, signal.SIGSTOP)
    try:
        listed = await asyncio.to_thread(daemon.ctl, "sessions", "list")
        assert listed.returncode == 0, listed.stderr
        assert "worker 0 are missing" in listed.stderr
        await asyncio.to_thread(wait_until, lambda: not ready(daemon), "notice of the frozen worker")
        health = await asyncio.to_thread(daemon.ctl, "health")
        assert health.returncode == 8
        assert "UNRESPONSIVE" in health.stdout
        async with client(daemon, "alex", OldPage) as alex:
            await alex.until(lambda: alex.received_bytes > 0)
    finally:
        os.kill(frozen, signal.SIGCONT)
    await asyncio.to_thread(wait_until, lambda: ready(daemon), "its return")


async def test_calls_are_answered_in_the_moment_a_worker_dies(daemon: Daemon) -> None:
    pid = daemon.worker_pids()[0]

    def ask_often() -> None:
        while daemon.get_server().workers[0].restarts == 0:
            pass

    askers = [asyncio.create_task(asyncio.to_thread(ask_often)) for _ in range(8)]
    os.kill(pid, signal.SIGKILL)
    # get_server() gives up by itself, with an error that ends the test, when it is not answered.
    await asyncio.gather(*askers)
