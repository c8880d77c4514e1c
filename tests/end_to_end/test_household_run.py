"""The household played from the terminal, against the real daemon."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess

import pytest

from household.v1.session_pb2 import CLOSE_REASON_CONNECTION_LOST
from householdctl.data_plane.household import PROBES
from tests.daemon import Daemon, wait_until
from tests.undisturbed import undisturbed
from tests.websocket_clients import Client, client
from tests.worker.http_client import ask


def too_busy(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the run says that the machine had no time to measure."""
    return re.search(r'_overloaded": true|too busy', done.stdout + done.stderr) is not None


@pytest.mark.rates
def test_a_run_on_loopback_gets_a_grade_of_the_best_and_leaves_nothing(daemon: Daemon) -> None:
    done = undisturbed(
        lambda: daemon.ctl("-o", "json", "test", "--download-only", "--duration", "11s", "--computer", "100"), too_busy
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(done.stdout)
    # The loopback has no queue worth the name, and the processors of a small machine have one.
    assert run["report"]["grade"] in {"A+", "A"}
    people = {person["who"]: person for person in run["report"]["people"]}
    assert people.keys() == {"alex", "sarah", "jake", "computer"}
    assert people["jake"]["playout"]["stalls"] == 0
    assert people["sarah"]["call"]["mos"] > 4
    for who, megabits in (("alex", 1.5), ("sarah", 2.5), ("computer", 100)):
        # A run is not as long as the rates' own test, and counts the first and the last portion.
        assert people[who]["download"]["got_bps"] == pytest.approx(megabits * 1e6, rel=0.05)
    probe = run["facts"]["probe"]
    assert len(probe["loaded_ms"]) > 200
    # A process that is late looks like a repair, and is as little the line's delay; here hardly any is. From a late
    # device no loss is believed.
    assert (run["report"]["loss_share"] or 0.0) < 0.05
    assert probe["loaded_sent"] >= sum(len(probe[key]) for key in ("loaded_ms", "repaired_ms", "held_ms"))
    assert run["server_tcp"].keys() == {"probe", *people}
    assert run["server_tcp"]["sarah"]["congestion_control"] == "cubic"
    assert 0 < run["server_tcp"]["alex"]["min_rtt_ms"] <= run["server_tcp"]["alex"]["rtt_ms"]
    # Twenty a second, and a smoothed round trip without an event loop in it.
    assert all(len(person["kernel_ms"]) > 100 for person in run["facts"]["people"] if person["who"] != "jake")
    assert len(probe["kernel_idle_ms"]) > 10
    assert run["report"]["attribution"]["cause"] == "line"
    assert run["report"]["attribution"]["kernel_increase_p95_ms"] < 30
    assert not daemon.list_sessions()


@pytest.mark.rates
@pytest.mark.timeout(240)
def test_a_run_loads_each_direction_and_the_server_grades_each(daemon: Daemon) -> None:
    done = undisturbed(lambda: daemon.ctl("-o", "json", "test", "--duration", "36s", "--computer", "50"), too_busy)
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(done.stdout)
    rates = {}
    for stretch in run["stretches"]:
        people = {person["who"]: person for person in stretch["report"]["people"]}
        # A film of bursts and pauses has its rate wherever a stretch begins.
        assert people["jake"]["download"]["got_bps"] == pytest.approx(5e6, rel=0.05)
        assert people["jake"]["playout"]["stalls"] == 0
        rates[stretch["stretch"]] = [people["computer"][way]["got_bps"] / 1e6 for way in ("download", "upload")]
    assert rates == {
        "download": [pytest.approx(50, rel=0.05), pytest.approx(0.1, rel=0.1)],
        "upload": [0, pytest.approx(50, rel=0.05)],
        "both": [pytest.approx(50, rel=0.05), pytest.approx(50.1, rel=0.05)],
    }
    kept = ask(daemon, f"/virtual-household/runs/{run['permalink'].partition('=')[2]}")
    assert [each["stretch"] for each in kept.json["stretches"]] == [*rates]
    assert kept.json["grade"] == run["report"]["grade"]
    wait_until(lambda: not daemon.list_sessions(), "the end of all")
    assert losses(daemon) == 0


@pytest.mark.rates
def test_a_run_is_a_table_for_people(daemon: Daemon) -> None:
    done = undisturbed(
        lambda: daemon.ctl("test", "--download-only", "--duration", "11s", "--computer", "50", "--no-share"), too_busy
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.split()[0] == "WHO"
    assert "Alex plays as if no one else were online." in done.stdout
    assert "household grade" in done.stdout
    assert "of the pings, which TCP sent again" in done.stdout
    assert "added, by the server's kernel" in done.stdout
    assert re.search(r"^home or line +unknown: the server is this machine$", done.stdout, re.MULTILINE)


async def test_a_session_that_the_operator_ends_spoils_the_run(daemon: Daemon) -> None:
    running = asyncio.create_task(
        asyncio.to_thread(daemon.ctl, "-o", "json", "test", "--download-only", "--duration", "6s", "--computer", "20")
    )
    await asyncio.to_thread(wait_until, lambda: daemon.list_sessions("profile = sarah"), "Sarah's session")
    assert len(await asyncio.to_thread(daemon.list_sessions, "profile = probe")) == PROBES
    killed = await asyncio.to_thread(
        daemon.ctl, "sessions", "kill", "--filter", "profile = sarah", "--reason", "r", "--yes"
    )
    assert killed.returncode == 0, killed.stderr
    done = await running
    assert done.returncode == 1, done.stderr
    run = json.loads(done.stdout)
    assert not run["report"]["valid"]
    assert "connection_lost" in run["report"]["invalid"]
    assert (run["home_or_line"]["place"], run["home_or_line"]["reason"]) == ("unknown", "same_machine")
    assert run["facts"]["gateway"] is None
    # The server keeps it all the same, and shows it where the note on stderr says.
    assert done.stderr.startswith(f"this run: {run['permalink']}\n")
    run_id = run["permalink"].removeprefix(f"{daemon.url}?run=")
    kept = await asyncio.to_thread(ask, daemon, f"/virtual-household/runs/{run_id}")
    assert kept.json["report"]["client"]["kind"] == "householdctl"
    phases = kept.json["report"]["phases"]
    assert [phase["name"] for phase in phases] == ["idle", "load", "recovery"]
    timeline = kept.json["report"]["timeline"]
    assert len(timeline) == int(phases[-1]["until_s"] * 4)
    loaded = [point for point in timeline if phases[1]["from_s"] + 1 < point[0] < phases[1]["until_s"] - 1]
    assert sum(delay is not None and down > 1e6 for _, delay, down, _ in loaded) > len(loaded) / 2
    assert max(up for _, _, _, up in loaded) > 1e5
    assert all(down == 0 for second, _, down, _ in timeline if second < phases[0]["until_s"] - 1)
    assert kept.json["baseline_ms"] == run["report"]["baseline_ms"]
    assert not kept.json["valid"]


async def test_a_warm_up_sets_what_this_runs_computer_asks_for_and_nobody_elses(daemon: Daemon) -> None:
    async with client(daemon, "computer_next-door", Client, "?throughput=37.5") as neighbour:
        done = await asyncio.to_thread(daemon.ctl, "-o", "json", "test", "--download-only", "--duration", "1s")
        await neighbour.until(lambda: neighbour.kinds["real_time_update"] > 10)
        assert neighbour.last("real_time_update")["target_download_mbps"] == 37.5
    run = json.loads(done.stdout)
    assert [*run["began"]] == ["idle", "warm_up", "load", "recovery"]
    # Where the client is slower than the loopback, its rate is not the line's.
    assert run["warm_up"]["line_bps"] is None or run["warm_up"]["line_bps"] > 1e6
    assert 1 <= run["warm_up"]["computer_mbps"] <= 300
    (computer,) = (person for person in run["facts"]["people"] if person["who"] == "computer")
    assert computer["download"]["wanted_bps"] == run["warm_up"]["computer_mbps"] * 1e6
    await asyncio.to_thread(wait_until, lambda: not daemon.list_sessions(), "the end of all")
    assert losses(daemon) == 0


async def test_a_run_is_over_when_its_server_is(daemon: Daemon) -> None:
    running = asyncio.create_task(
        asyncio.to_thread(daemon.ctl, "-o", "json", "test", "--duration", "10m", "--computer", "20")
    )
    # The Computer is the last to come, and uploads once it was let in: from then on it is the load.
    everybody = "profile = computer AND received_bytes > 0"
    await asyncio.to_thread(wait_until, lambda: daemon.list_sessions(everybody), "the household's load")
    daemon.process.kill()
    done = await asyncio.wait_for(running, 60)
    assert done.returncode == 1, done.stderr
    assert "connection_lost" in json.loads(done.stdout)["report"]["invalid"]


def test_a_household_without_room_is_told_so_and_leaves_in_an_orderly_way(daemon: Daemon) -> None:
    assert daemon.ctl("config", "set", "limits.max_sessions=2").returncode == 0
    done = daemon.ctl("test", "--download-only", "--duration", "1s")
    assert done.returncode == 1
    assert "the server answered 503 Service Unavailable: Full with 2 sessions; try again in 10 s." in done.stderr
    wait_until(lambda: not daemon.list_sessions(), "the end of those that were let in")
    assert losses(daemon) == 0


def losses(daemon: Daemon) -> int:
    """Sessions that ended without a goodbye, each of which brings its address nearer to being refused."""
    closed = daemon.get_server().totals.sessions_closed
    return sum(each.count for each in closed if each.reason == CLOSE_REASON_CONNECTION_LOST)


def test_no_server_is_told_with_what_to_do(shared_daemon: Daemon) -> None:
    done = shared_daemon.ctl("test", "wss://127.0.0.1:1/")
    assert done.returncode == 3
    assert "no session at wss://127.0.0.1:1/" in done.stderr
