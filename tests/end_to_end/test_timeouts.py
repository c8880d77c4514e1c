from __future__ import annotations

import asyncio
import os
import signal

import grpc
import pytest
from google.protobuf import field_mask_pb2

from household.v1 import config_service_pb2 as pb
from household.v1 import session_pb2
from tests.daemon import Daemon, wait_until
from tests.websocket_clients import OldPage, client


def update(
    daemon: Daemon, mask: list[str], values: dict[str, float], *, validate_only: bool = False
) -> pb.RuntimeConfig:
    timeouts = session_pb2.Timeouts()
    for name, value in values.items():
        getattr(timeouts, name).FromMicroseconds(round(value * 1e6))
    request = pb.UpdateRuntimeConfigRequest(
        config=pb.RuntimeConfig(timeouts=timeouts),
        update_mask=field_mask_pb2.FieldMask(paths=mask),
        validate_only=validate_only,
    )
    config: pb.RuntimeConfig = daemon.config.UpdateRuntimeConfig(request, timeout=10).config
    return config


def current(daemon: Daemon) -> dict[str, float]:
    response = daemon.config.GetRuntimeConfig(pb.GetRuntimeConfigRequest(), timeout=10)
    return {setting.path.removeprefix("timeouts."): setting.current_value for setting in response.settings}


async def test_a_new_deadline_acts_on_sessions_that_live(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    async with client(daemon, "alex", OldPage) as alex, client(daemon, "sarah", OldPage) as sarah:
        await alex.until(lambda: alex.received_bytes > 0)
        done = await asyncio.to_thread(daemon.ctl, "timeouts", "set", "max_duration=1s")
        assert done.returncode == 0, done.stderr
        await asyncio.wait_for(asyncio.gather(alex.connection.wait_closed(), sarah.connection.wait_closed()), 10)
        assert alex.connection.close_reason == "the maximum duration is reached"
        assert alex.last("session_complete")["reason"] == "max_duration"
    wait_until(lambda: len(daemon.events("session closed")) == 2, "two log lines")
    assert {session["reason"] for session in daemon.events("session closed")} == {"max_duration"}


def test_reset_goes_back_to_the_values_at_launch(daemon: Daemon) -> None:
    update(daemon, ["timeouts.inactivity", "timeouts.close"], {"inactivity": 45.5, "close": 1})
    assert current(daemon)["inactivity"] == 45.5
    assert daemon.ctl("timeouts", "reset", "inactivity").returncode == 0
    assert (current(daemon)["inactivity"], current(daemon)["close"]) == (30, 1)
    assert daemon.ctl("timeouts", "reset", "--yes").returncode == 0
    assert current(daemon)["close"] == 2


def test_validate_only_changes_nothing(shared_daemon: Daemon) -> None:
    answer = update(shared_daemon, ["timeouts.inactivity"], {"inactivity": 60}, validate_only=True)
    assert answer.timeouts.inactivity.seconds == 60
    assert current(shared_daemon)["inactivity"] == 30


@pytest.mark.parametrize(
    ("mask", "seconds", "words"),
    [
        (
            ["timeouts.inactivity"],
            {"inactivity": 0.5},
            "config.timeouts.inactivity: 0.5 s is out of range; allowed is 1 to 3600 s",
        ),
        (
            ["timeouts.close", "timeouts.drain"],
            {"close": 1, "drain": 3601},
            "config.timeouts.drain: 3601 s is out of range; allowed is 0 to 3600 s",
        ),
        (["timeouts.inactivity"], {}, "config.timeouts.inactivity: is in the update_mask but has no value"),
        ([], {"inactivity": 60}, "update_mask: names no setting"),
        (
            ["timeouts.patience"],
            {},
            "update_mask: no setting 'timeouts.patience'; known are timeouts.inactivity",
        ),
    ],
)
def test_a_refused_change_names_field_and_range_and_changes_nothing(
    shared_daemon: Daemon, mask: list[str], seconds: dict[str, float], words: str
) -> None:
    before = current(shared_daemon)
    with pytest.raises(grpc.RpcError) as refused:
        update(shared_daemon, mask, seconds)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(words)
    assert current(shared_daemon) == before


def test_the_shell_names_the_range_too(shared_daemon: Daemon) -> None:
    refused = shared_daemon.ctl("timeouts", "set", "probe_timeout=2m")
    assert refused.returncode == 2
    assert "1 to 60 s" in refused.stderr
    assert current(shared_daemon)["probe_timeout"] == 1


def test_a_worker_that_comes_up_later_has_the_values_in_force(daemon: Daemon) -> None:
    update(daemon, ["timeouts.max_duration"], {"max_duration": 2})
    os.kill(daemon.worker_pids()[0], signal.SIGKILL)
    wait_until(lambda: daemon.get_server().workers[0].restarts == 1 and daemon.worker_pids(), "the new worker")
    asyncio.run(_lasts_two_seconds(daemon))


async def _lasts_two_seconds(daemon: Daemon) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await asyncio.wait_for(alex.connection.wait_closed(), 15)
        assert alex.last("session_complete")["reason"] == "max_duration"
        assert 1.9 < alex.last("session_complete")["session_duration"] < 5
