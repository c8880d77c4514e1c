from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from tests.daemon import TIMEOUT_S, Daemon, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.websocket_clients import Client, OldPage, client


async def quiet_since(clients: list[Client]) -> float:
    """The time of the last payload byte that any client got, once all connections have ended."""
    await asyncio.gather(*(each.connection.wait_closed() for each in clients))
    await asyncio.sleep(0)
    return max(at for each in clients for at, _ in each.arrivals)


async def shut_down(daemon: Daemon) -> float:
    """Runs the emergency shutdown; the time at which householdctl was started."""
    began = time.monotonic()
    done = await asyncio.to_thread(daemon.ctl, "shutdown", "--yes", "--reason", "flood")
    assert done.returncode == 0, done.stderr
    return began


@pytest.mark.rates
async def test_emergency_shutdown_ends_all_traffic_within_a_second(daemon_of_two: Daemon) -> None:
    async with open_sessions(daemon_of_two, 6) as clients, client(daemon_of_two, "computer", OldPage) as bulk:
        clients.append(bulk)
        await bulk.until(lambda: bulk.received_bytes > 10_000_000)
        await shut_down(daemon_of_two)
        last = await quiet_since(clients)
        told = daemon_of_two.events("emergency shutdown")[0]
        assert told["reason"] == "flood"
        assert last - _monotonic(told) < 1.0
        assert bulk.connection.close_reason == "emergency stop by the operator: flood"
    assert daemon_of_two.process.wait(10) == 0


@pytest.mark.rates
async def test_emergency_shutdown_kills_a_worker_that_does_not_answer(daemon_of_two: Daemon) -> None:
    pids = daemon_of_two.worker_pids()
    async with open_sessions(daemon_of_two, 6) as clients, client(daemon_of_two, "computer", OldPage) as bulk:
        clients.append(bulk)
        await bulk.until(lambda: bulk.received_bytes > 10_000_000)
        held = max(pids, key=_cpu_seconds)
        os.kill(held, signal.SIGSTOP)
        await shut_down(daemon_of_two)
        last = await quiet_since(clients)
        assert last - _monotonic(daemon_of_two.events("emergency shutdown")[0]) < 1.0
    assert daemon_of_two.process.wait(10) == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _monotonic(event: dict[str, str]) -> float:
    """The monotonic time of a log line, whose own time is the wall clock's."""
    return datetime.fromisoformat(event["timestamp"]).timestamp() - time.time() + time.monotonic()


def _cpu_seconds(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_sigterm_lets_sessions_end_and_then_stops(daemon: Daemon) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await alex.until(lambda: alex.received_bytes > 0)
        daemon.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: daemon.events("draining"), "the drain")
        before = alex.received_bytes
        await alex.until(lambda: alex.received_bytes > before + 20_000)
        assert daemon.process.poll() is None
    assert daemon.process.wait(10) == 0
    assert daemon.events("session closed")[0]["reason"] == "client_closed"


async def test_a_second_sigterm_stops_at_once_and_tells_the_clients(daemon: Daemon) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await alex.until(lambda: alex.received_bytes > 0)
        daemon.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: daemon.events("draining"), "the drain")
        daemon.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(alex.connection.wait_closed(), 10)
        assert alex.connection.close_code == 1001
        assert daemon.process.wait(10) == 0


async def test_draining_refuses_new_sessions_and_ends_the_rest_at_the_deadline(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    async with client(daemon, "alex", OldPage) as alex:
        await alex.until(lambda: alex.received_bytes > 0)
        drained = daemon.ctl("drain", "--reason", "new kernel", "--deadline", "1s", "--yes")
        assert drained.returncode == 0, drained.stderr
        with pytest.raises(Exception, match="HTTP 503"):
            async with client(daemon, "sarah", OldPage):
                pass
        await asyncio.wait_for(alex.connection.wait_closed(), 10)
        assert alex.connection.close_reason == "the server is going down for maintenance: new kernel"
    resumed = daemon.ctl("resume")
    assert resumed.returncode == 0, resumed.stderr
    async with client(daemon, "sarah", OldPage) as sarah:
        await sarah.until(lambda: sarah.received_bytes > 0)


PEOPLE = ("alex", "sarah", "jake", "computer")


@pytest.mark.parametrize("how", ["drain", "SIGTERM"])
@pytest.mark.parametrize("opened", [1, 4])
async def test_a_household_that_was_let_in_plays_to_its_end_in_a_drain(
    daemon_of_two: Daemon, how: str, opened: int
) -> None:
    daemon = daemon_of_two
    parties = [f"{who}_17" for who in (*("probe",) * 4, *PEOPLE)]
    async with contextlib.AsyncExitStack() as stack:
        run = [await stack.enter_async_context(client(daemon, who, OldPage)) for who in parties[:opened]]
        await asyncio.gather(*(each.opened() for each in run))
        if how == "drain":
            drained = await asyncio.to_thread(daemon.ctl, "drain", "--reason", "new kernel", "--yes")
            assert drained.returncode == 0, drained.stderr
        else:
            daemon.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: daemon.get_server().drain_reason, "the drain")
        for stranger in ("probe_18", "probe"):
            with pytest.raises(Exception, match="HTTP 503"):
                async with client(daemon, stranger, OldPage):
                    pass
        run += [await stack.enter_async_context(client(daemon, who, OldPage)) for who in parties[opened:]]
        for each in run[4:]:
            await each.payload()
        await asyncio.gather(*(each.connection.close() for each in run))
    if how == "SIGTERM":
        assert await asyncio.to_thread(daemon.process.wait, TIMEOUT_S) == 0
    await asyncio.to_thread(wait_until, lambda: len(daemon.events("session closed")) == 8, "the end of all sessions")
    assert {event["reason"] for event in daemon.events("session closed")} == {"client_closed"}


def test_a_run_that_began_before_a_drain_counts_and_wait_lasts_as_long_as_it_does(daemon: Daemon) -> None:
    with ThreadPoolExecutor() as pool:
        run = pool.submit(
            daemon.ctl, "-o", "json", "test", "--download-only", "--duration", "5s", "--computer", "20", "--no-share"
        )
        wait_until(lambda: daemon.list_sessions("profile = probe"), "the probes")
        waiting = pool.submit(daemon.ctl, "drain", "--reason", "upgrade", "--yes", "--wait", "-o", "json")
        wait_until(lambda: daemon.list_sessions("profile = computer"), "the people")
        assert not waiting.done()
        played, waited = run.result(), waiting.result()
    assert "no session" not in played.stderr
    # Whether the run counts is for the machine's load to say.
    assert json.loads(played.stdout)["report"]["people"], played.stderr
    assert waited.returncode == 0, waited.stderr
    assert json.loads(waited.stdout)["sessions"] == 0
    reasons = {event["reason"] for event in daemon.events("session closed")}
    assert reasons <= {"client_stopped", "client_closed"}


async def test_an_interrupted_wait_says_so_and_leaves_the_drain_going_on(daemon: Daemon) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await alex.opened()
        command = [sys.executable, "-m", "householdctl", "--target", str(daemon.control_socket)]
        waiting = await asyncio.create_subprocess_exec(
            *command, "drain", "--reason", "upgrade", "--yes", "--wait", stderr=asyncio.subprocess.PIPE
        )
        if waiting.stderr is None:
            raise AssertionError
        assert b"draining: 1 sessions" in await waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        _, said = await waiting.communicate()
        assert waiting.returncode == 130
        assert said.decode().startswith("the drain continues with 1 sessions; to end it: householdctl resume")
        await alex.payload()
    assert daemon.get_server().drain_reason == "upgrade"


async def test_resume_without_a_drain_is_refused(shared_daemon: Daemon) -> None:
    refused = await asyncio.to_thread(shared_daemon.ctl, "resume")
    assert refused.returncode == 6
    assert "not draining" in refused.stderr


def test_workers_end_when_the_supervisor_is_killed(daemon_of_two: Daemon) -> None:
    pids = daemon_of_two.worker_pids()
    daemon_of_two.process.kill()
    daemon_of_two.process.wait()
    wait_until(lambda: not any(_alive(pid) for pid in pids), "the end of both workers")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
