from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from household.v1 import server_service_pb2 as pb
from householdd.api.metric_families import FAMILIES, MetricKind
from tests.daemon import Daemon, running, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.scraping import LISTEN, Scrape, scrape, url
from tests.websocket_clients import OldPage, client
from tests.worker.raw_client import RawClient


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with two workers and metrics, for tests that look at different ones."""
    with running(tmp_path_factory.mktemp("measured"), "--workers", "2", *LISTEN) as daemon:
        yield daemon


async def until(daemon: Daemon, name: str, value: float, **labels: str) -> Scrape:
    """The first scrape in which the series with these labels add up to ``value`` at least."""
    seen: list[Scrape] = []

    def there() -> bool:
        seen.append(scrape(daemon))
        return seen[-1].total(name, **labels) >= value

    await asyncio.to_thread(wait_until, there, f"{value} {name} {labels}")
    return seen[-1]


async def test_a_household_shows_in_the_metrics(measured: Daemon) -> None:
    async with open_sessions(measured, 6, run="secretlabel"):
        seen = await until(measured, "householdd_pings_answered_total", 12)
        for profile in ("alex", "sarah", "jake"):
            assert seen.total("householdd_sessions", profile=profile, state="active") == 2
            assert seen.total("householdd_sessions_opened_total", profile=profile) == 2
        payload, tcp = "householdd_payload_bytes_total", "householdd_tcp_sent_bytes_total"
        assert seen.total(payload, profile="sarah", direction="download") > 10_000
        assert seen.total(payload, profile="sarah", direction="upload") > 10_000
        assert seen.total(tcp) > 100_000
        assert seen.total("householdd_connections") == 6
        assert seen.total("householdd_evidence_age_seconds_count") > 12
        answered = seen.total("householdd_pings_answered_total")
        assert seen.total("householdd_round_trip_seconds_count") == answered
        assert seen.total("householdd_tcp_round_trip_seconds_count") > 12
        assert seen.total("householdd_tick_lateness_seconds_count") > 12
        assert seen.values("householdd_worker_up") == [1, 1]
        assert seen.total("householdd_server_state", state="serving") == 1
        for each in ("supervisor", "worker-0", "worker-1"):
            assert seen.total("householdd_process_resident_memory_bytes", process=each) > 10**6
        # What clients say of themselves makes no series.
        assert "secretlabel" not in seen.text
        assert "a test" not in seen.text
    closed = await until(measured, "householdd_sessions_closed_total", 6, reason="client_closed")
    assert closed.total("householdd_sessions") == 0


async def test_every_family_is_there_with_the_labels_that_it_is_said_to_have(measured: Daemon) -> None:
    async with open_sessions(measured, 3):
        await until(measured, "householdd_sessions", 3)
    assert (await asyncio.to_thread(measured.ctl, "health")).returncode == 0
    method = "household.v1.ServerService/GetServer"
    seen = await until(measured, "householdd_rpc_duration_seconds_count", 1, method=method)
    shown = {
        family.name + ("_total" if family.type == "counter" else ""): {
            frozenset(sample.labels.keys() - {"le"}) for sample in family.samples
        }
        for family in seen.families.values()
    }
    # Those of a webhook are named, and have no value where there is none.
    assert shown == {
        family.name: set() if family.name.startswith("householdd_webhook_") else {frozenset(family.all_labels)}
        for family in FAMILIES.values()
    }


def test_promtool_has_nothing_to_say_against_them(measured: Daemon) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    text = scrape(measured).text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def test_breaches_of_the_protocol_are_counted_by_kind(measured: Daemon) -> None:
    async with client(measured, "alex", OldPage) as alex:
        await alex.connection.send("{not JSON")
        await alex.connection.send('{"type": "of another world"}')
        with contextlib.suppress(OSError):
            for _ in range(2000):
                await alex.connection.send(b"")
    seen = await until(measured, "householdd_protocol_errors_total", 3)
    assert {kind: seen.total("householdd_protocol_errors_total", kind=kind) for kind in KINDS} == KINDS
    await until(measured, "householdd_sessions_closed_total", 1, profile="alex", reason="flooding")


KINDS = {"malformed": 1, "unknown": 1, "framing": 0, "flooding": 1, "unread": 0, "unasked": 0}


async def test_a_client_that_vanishes_shows_in_probes_and_retransmissions(measured: Daemon) -> None:
    raw = await asyncio.to_thread(RawClient, measured, "sarah")
    await asyncio.to_thread(raw.read, seconds=0.5)
    raw.cut()
    seen = await until(measured, "householdd_sessions_closed_total", 1, profile="sarah", reason="probes_failed")
    raw.close()
    assert seen.total("householdd_sessions_quieted_total", profile="sarah") == 1
    assert seen.total("householdd_probe_failures_total", profile="sarah") == 3
    assert seen.total("householdd_tcp_retransmitted_bytes_total", profile="sarah") > 0
    assert seen.total("householdd_tcp_retransmitted_segments_total", profile="sarah") > 0
    assert seen.total("householdd_evidence_age_seconds_count") > seen.total(
        "householdd_evidence_age_seconds_bucket", le="2.0"
    )


async def test_refusals_are_counted_by_cause(measured: Daemon) -> None:
    async def refused(user_id: str) -> None:
        with pytest.raises(InvalidStatus):
            async with client(measured, user_id, OldPage):
                pass

    await refused("nobody")
    await refused("alex_%20")
    assert (await asyncio.to_thread(measured.ctl, "drain", "--reason", "a test", "--yes")).returncode == 0
    await refused("alex")
    seen = await until(measured, "householdd_handshakes_refused_total", 3)
    assert seen.total("householdd_handshakes_refused_total", reason="unknown_user") == 2
    assert seen.total("householdd_handshakes_refused_total", reason="draining") == 1
    assert seen.total("householdd_server_state", state="draining") == 1
    totals = (await asyncio.to_thread(measured.get_server)).totals
    assert totals.handshakes_refused == 3
    assert {pb.RefusalCause.Name(each.cause): each.count for each in totals.refusals} == {
        "REFUSAL_CAUSE_UNKNOWN_USER": 2,
        "REFUSAL_CAUSE_DRAINING": 1,
    }
    assert (await asyncio.to_thread(measured.ctl, "resume")).returncode == 0


async def test_nothing_decreases_when_a_worker_is_killed(measured: Daemon) -> None:
    async with open_sessions(measured, 12) as clients:
        opened = scrape(measured).total("householdd_sessions_opened_total")
        before = await until(measured, "householdd_sessions", 12, state="active")
        lost = measured.get_server().workers[0]
        # Before it is killed it stands still for as long as it takes to see that it is not up.
        os.kill(lost.pid, signal.SIGSTOP)
        scrapes = [before]

        def stands() -> bool:
            scrapes.append(scrape(measured))
            return scrapes[-1].values("householdd_worker_up", worker="0") == [0]

        await asyncio.to_thread(wait_until, stands, "the worker that stands still is not up")
        os.kill(lost.pid, signal.SIGKILL)

        def look() -> bool:
            scrapes.append(scrape(measured))
            restarts = scrapes[-1].total("householdd_worker_restarts_total")
            return restarts == 1 and scrapes[-1].values("householdd_worker_up") == [1, 1]

        await asyncio.to_thread(wait_until, look, "the worker's return")
        survivors = [each for each in clients if each.connection.close_code is None]
        await asyncio.gather(*(each.payload() for each in survivors))
        # Until the new process was heard of as well.
        passes = before.total("householdd_control_pass_gap_seconds_count", worker="0")
        scrapes.append(await until(measured, "householdd_control_pass_gap_seconds_count", passes + 8, worker="0"))
    for one, next_one in itertools.pairwise(scrapes):
        then, now = one.counters(), next_one.counters()
        assert then.keys() <= now.keys()
        assert {key: (value, now[key]) for key, value in then.items() if now[key] < value} == {}
    last = scrapes[-1]
    carried = sum(each.count for each in lost.sessions)
    assert last.total("householdd_sessions_closed_total", reason="worker_lost") == carried
    assert last.total("householdd_sessions_opened_total") >= opened
    assert last.total("householdd_sessions") == 12 - carried


def test_a_port_in_use_is_named_before_any_worker_starts(measured: Daemon, tmp_path: Path) -> None:
    address = urlsplit(url(measured)).netloc
    directories = ("--runtime-dir", str(tmp_path), "--state-dir", str(tmp_path / "state"))
    refused = subprocess.run(
        [
            sys.executable,
            "-m",
            "householdd",
            "--dev",
            "--metrics-listen",
            address,
            "--listen",
            "127.0.0.1:0",
            *directories,
        ],
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert f"householdd: metrics_listen {address}: Address already in use" in refused.stderr
    assert "worker ready" not in refused.stderr


async def test_metrics_are_told_while_the_daemon_drains_to_its_end(tmp_path: Path) -> None:
    with running(tmp_path, *LISTEN) as daemon:
        async with client(daemon, "alex", OldPage) as alex:
            await alex.payload()
            await until(daemon, "householdd_sessions", 1)
            daemon.process.send_signal(signal.SIGTERM)
            seen = await until(daemon, "householdd_server_state", 1, state="draining")
            assert seen.total("householdd_sessions") == 1


def test_metrics_can_be_for_others_as_well(tmp_path: Path) -> None:
    with running(tmp_path, "--metrics-listen", "0.0.0.0:0", env={"HOUSEHOLDD_METRICS_REMOTE": "true"}) as daemon:
        assert daemon.events("serving")[0]["metrics"].startswith("http://0.0.0.0:")


def test_names_of_counters_and_of_no_others_end_in_total() -> None:
    for family in FAMILIES.values():
        assert family.name.endswith("_total") == (family.kind is MetricKind.COUNTER), family.name
