from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status
from websockets.exceptions import InvalidStatus

from household.v1 import config_service_pb2 as pb
from household.v1 import server_service_pb2
from household.v1.server_service_pb2 import WORKER_STATE_READY
from tests.daemon import Daemon, running, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.websocket_clients import OldPage, client


@pytest.fixture(autouse=True)
def _as_it_was(pair: Daemon) -> Iterator[None]:
    yield
    pair.config.ResetRuntimeConfig(pb.ResetRuntimeConfigRequest(), timeout=10)


def get(daemon: Daemon) -> pb.GetRuntimeConfigResponse:
    return daemon.config.GetRuntimeConfig(pb.GetRuntimeConfigRequest(), timeout=10)


def setting(daemon: Daemon, path: str) -> tuple[float, float, str]:
    """Value in force, value at launch, source."""
    (found,) = (each for each in get(daemon).settings if each.path == path)
    return (
        found.current_value,
        found.launch_value,
        pb.SettingSource.Name(found.source).removeprefix("SETTING_SOURCE_"),
    )


def update(daemon: Daemon, config: pb.RuntimeConfig, *mask: str, **fields: Any) -> pb.UpdateRuntimeConfigResponse:
    request = pb.UpdateRuntimeConfigRequest(config=config, update_mask=FieldMask(paths=mask), **fields)
    return daemon.config.UpdateRuntimeConfig(request, timeout=10)


def limits(**values: float) -> pb.RuntimeConfig:
    return pb.RuntimeConfig(limits=pb.Limits(**values))  # type: ignore[arg-type]  # a count or a rate


async def refusal(daemon: Daemon) -> tuple[int, str, str]:
    """Status, Retry-After and words for a client that is not let in."""
    with pytest.raises(InvalidStatus) as refused:
        async with client(daemon, "alex_more", OldPage):
            pass
    response = refused.value.response
    return response.status_code, response.headers["Retry-After"], (response.body or b"").decode().strip()


def replaced(daemon: Daemon) -> bool:
    """Whether all workers are others than at first, and have been told what was changed since the launch."""
    ready = server_service_pb2.WORKER_STATE_READY
    return all(worker.restarts and worker.state == ready for worker in daemon.get_server().workers)


async def test_all_workers_together_take_no_more_than_the_limit(pair: Daemon) -> None:
    update(pair, limits(max_sessions=4), "limits.max_sessions")
    async with open_sessions(pair, 4) as clients:
        full = (503, "10", "Full with 4 sessions; try again in 10 s.")
        assert set(await asyncio.gather(*(refusal(pair) for _ in range(6)))) == {full}
        await clients[0].connection.close()
        await asyncio.to_thread(wait_until, lambda: pair.get_server().sessions == 3, "room")
        async with client(pair, "alex_now", OldPage) as late:
            await late.payload()
        for pid in pair.worker_pids():
            os.kill(pid, signal.SIGKILL)
        # Sessions that died with their worker take no room.
        await asyncio.to_thread(wait_until, lambda: replaced(pair), "new workers, which know the limit")
    async with open_sessions(pair, 4):
        assert (await refusal(pair))[0] == 503


async def test_an_address_takes_no_more_than_its_limit(pair: Daemon) -> None:
    update(pair, limits(max_sessions_per_address=3), "limits.max_sessions_per_address")
    async with open_sessions(pair, 3):
        words = "Your address may have 3 sessions at once; try again in 10 s."
        assert await refusal(pair) == (429, "10", words)


async def test_other_rates_hold_for_sessions_that_live_and_for_new_ones(pair: Daemon) -> None:
    async with client(pair, "jake_before", OldPage) as before:
        await before.payload()
        config = pb.RuntimeConfig(profiles={"jake": pb.ProfileRates(download_mbps=5, upload_mbps=0.5)})
        await asyncio.to_thread(update, pair, config, "profiles.jake")
        async with client(pair, "jake_after", OldPage) as after:
            await after.payload()
            sessions = await asyncio.to_thread(pair.list_sessions)
            # Jake downloads for one second in five.
            assert [(each.target_download_bps, each.target_upload_bps) for each in sessions] == [(1e6, 5e5)] * 2
            assert after.last("session_info")["profile"]["download_mbps"] == 1
            await asyncio.to_thread(pair.ctl, "timeouts", "reset", "--yes")
            assert setting(pair, "profiles.jake.download_mbps") == (5, 25, "RUNTIME")
            await asyncio.to_thread(pair.config.ResetRuntimeConfig, pb.ResetRuntimeConfigRequest(), timeout=10)
            sessions = await asyncio.to_thread(pair.list_sessions)
            assert [each.target_download_bps for each in sessions] == [5e6] * 2


async def test_the_log_level_holds_for_the_workers(pair: Daemon) -> None:
    update(pair, pb.RuntimeConfig(log_level=pb.LOG_LEVEL_WARNING), "log_level")
    async with client(pair, "alex_unseen", OldPage) as unseen:
        await unseen.payload()
    update(pair, pb.RuntimeConfig(log_level=pb.LOG_LEVEL_DEBUG), "log_level")
    async with client(pair, "alex_seen", OldPage) as seen:
        await seen.payload()
    users = {event["user"] for event in pair.events("session opened")}
    assert "alex_seen" in users
    assert "alex_unseen" not in users


def test_an_etag_of_before_is_refused_with_that_of_now(pair: Daemon) -> None:
    first = get(pair).etag
    changed = update(pair, limits(max_sessions=50), "limits.max_sessions", etag=first)
    assert changed.etag == get(pair).etag != first
    calls = (
        lambda: update(pair, limits(max_sessions=60), "limits.max_sessions", etag=first),
        lambda: pair.config.ResetRuntimeConfig(pb.ResetRuntimeConfigRequest(etag=first), timeout=10),
    )
    for call in calls:
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert refused.value.code() is grpc.StatusCode.ABORTED
        info = ErrorInfo()
        rpc_status.from_call(refused.value).details[0].Unpack(info)  # type: ignore[arg-type]
        assert (info.reason, info.metadata["etag"]) == ("STALE_ETAG", changed.etag)
    assert setting(pair, "limits.max_sessions")[0] == 50


def test_what_would_be_is_said_with_its_etag(pair: Daemon) -> None:
    before = get(pair).etag
    told = update(pair, limits(max_sessions=50), "limits.max_sessions", validate_only=True)
    assert (told.config.limits.max_sessions, get(pair).etag) == (50, before)
    done = update(pair, limits(max_sessions=50), "limits.max_sessions")
    assert done.etag == told.etag
    reset = pb.ResetRuntimeConfigRequest(validate_only=True)
    assert pair.config.ResetRuntimeConfig(reset, timeout=10).etag == before
    assert setting(pair, "limits.max_sessions") == (50, 8000, "RUNTIME")


@pytest.mark.parametrize(
    ("config", "mask", "words"),
    [
        (
            limits(max_sessions=0),
            ["limits.max_sessions"],
            "config.limits.max_sessions: 0 is out of range; allowed",
        ),
        (
            limits(max_sessions=9),
            ["limits"],
            "config.limits.max_sessions_per_address: is in the update_mask but has no value",
        ),
        (
            limits(max_sessions=9),
            ["limits.sessions"],
            "update_mask: no setting 'limits.sessions'; did you mean",
        ),
        (
            pb.RuntimeConfig(),
            ["log_level"],
            "config.log_level: is in the update_mask and no level; allowed",
        ),
        (pb.RuntimeConfig(), ["profiles.jake"], "config.profiles.jake.download_mbps: is in the update_mask but has no"),
        (
            pb.RuntimeConfig(profiles={"jake": pb.ProfileRates(download_mbps=float("nan"))}),
            ["profiles.jake.download_mbps"],
            "config.profiles.jake.download_mbps: nan Mbit/s is out of range; allowed is 0.01 to 10000 Mbit/s",
        ),
        (pb.RuntimeConfig(), ["profiles.nobody"], "update_mask: no setting 'profiles.nobody'"),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(
    pair: Daemon, config: pb.RuntimeConfig, mask: list[str], words: str
) -> None:
    before = get(pair).etag
    with pytest.raises(grpc.RpcError) as refused:
        update(pair, config, *mask)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(words)
    assert get(pair).etag == before


def test_a_worker_that_could_not_be_told_is_named(pair: Daemon) -> None:
    stopped = pair.get_server().workers[0]
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        changed = update(pair, limits(max_sessions=70), "limits.max_sessions")
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    assert [each.worker for each in changed.unreachable_workers] == ["0"]
    assert setting(pair, "limits.max_sessions")[0] == 70


def test_what_was_set_at_run_time_stands_over_a_reload_until_it_is_reset(tmp_path: Path) -> None:
    path = tmp_path / "householdd.toml"
    path.write_text("[limits]\nmax_sessions = 20\nmax_sessions_per_address = 5\n")
    with running(tmp_path, "--config", str(path), "--log-level", "debug") as daemon:
        assert setting(daemon, "limits.max_sessions") == (20, 20, "FILE")
        assert setting(daemon, "log_level") == (0, 0, "OPTION")
        assert setting(daemon, "timeouts.close") == (2, 2, "DEFAULT")
        update(daemon, limits(max_sessions=30), "limits.max_sessions")
        path.write_text("[limits]\nmax_sessions = 25\nmax_sessions_per_address = 6\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("reloaded"), "the reload")
        assert daemon.events("reloaded")[0]["needs_restart"] is None
        assert setting(daemon, "limits.max_sessions") == (30, 25, "RUNTIME")
        assert setting(daemon, "limits.max_sessions_per_address") == (6, 6, "FILE")
        daemon.config.ResetRuntimeConfig(pb.ResetRuntimeConfigRequest(), timeout=10)
        assert setting(daemon, "limits.max_sessions") == (25, 25, "FILE")


async def test_a_reload_takes_rates_from_the_profiles_and_names_them_where_more_has_changed(tmp_path: Path) -> None:
    built_in = (files("householdd") / "data" / "profiles.toml").read_text(encoding="utf-8")
    path = tmp_path / "profiles.toml"
    path.write_text(built_in)

    def reload(text: str, count: int) -> list[str] | None:
        path.write_text(text)
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(daemon.events("reloaded")) == count, "the reload")
        named: list[str] | None = daemon.events("reloaded")[-1]["needs_restart"]
        return named

    with running(tmp_path, env={"HOUSEHOLDD_PROFILES": str(path)}) as daemon:
        update(
            daemon,
            pb.RuntimeConfig(profiles={"alex": pb.ProfileRates(download_mbps=2)}),
            "profiles.alex.download_mbps",
        )
        assert setting(daemon, "profiles.jake.download_mbps") == (25, 25, "FILE")
        slower = built_in.replace("rate_mbps = 25", "rate_mbps = 15").replace("rate_mbps = 1.5", "rate_mbps = 1.25")
        assert reload(slower, 1) is None
        assert setting(daemon, "profiles.jake.download_mbps") == (15, 15, "FILE")
        assert setting(daemon, "profiles.alex.download_mbps") == (2, 1.25, "RUNTIME")
        assert reload(built_in.replace("on_s = 1", "on_s = 2"), 2) == ["profiles"]
        assert setting(daemon, "profiles.jake.download_mbps") == (15, 15, "FILE")
        # Nor does a worker that takes a dead one's place have what the others have not.
        os.kill(daemon.worker_pids()[0], signal.SIGKILL)
        wait_until(lambda: daemon.events("worker ended"), "the worker's end")
        wait_until(lambda: daemon.get_server().workers[0].state == WORKER_STATE_READY, "its successor")
        async with client(daemon, "jake", OldPage) as jake:
            await jake.opened()
        # 15 Mbit/s for one second in five.
        assert jake.last("session_info")["profile"]["download_mbps"] == 3
