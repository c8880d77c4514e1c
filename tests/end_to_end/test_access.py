"""Who may do what, as the daemon knows callers from the kernel."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import grpc
import pytest

from household.v1 import server_service_pb2, session_service_pb2
from tests.acting import acting_as
from tests.daemon import Daemon, Stubs, running, wait_until

VIEWERS, OPERATORS, OTHERS = 54_001, 54_002, 54_003
SOMEBODY = 54_000

LIST = session_service_pb2.ListSessionsRequest()
KILL = session_service_pb2.KillSessionsRequest(
    all=True, reason="a test", request_id="6f1e7a52-0000-4000-8000-000000000001"
)
DRY = session_service_pb2.KillSessionsRequest(all=True, reason="a test", validate_only=True)
STOP = server_service_pb2.ShutdownServerRequest(reason="a test")


def configuration(viewers: int) -> str:
    return f"""
[access]
viewer_groups = [{viewers}]
operator_groups = [{OPERATORS}]
socket_mode = "0666"
"""


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Others may enter it, unlike pytest's."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def daemon(open_directory: Path) -> Iterator[Daemon]:
    (open_directory / "toml").write_text(configuration(VIEWERS))
    with running(open_directory, "--config", str(open_directory / "toml")) as daemon:
        yield daemon


@contextlib.contextmanager
def connected(daemon: Daemon, *groups: int) -> Iterator[Stubs]:
    """Stubs on a connection that somebody in these groups made."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"unix:{daemon.control_socket}", options=options) as channel:
        with acting_as(SOMEBODY, *groups):
            grpc.channel_ready_future(channel).result(10)
        yield Stubs(channel)


def refused(error: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    status = cast("grpc.Call", error.value)
    assert status.code() is grpc.StatusCode.PERMISSION_DENIED
    return status.details() or ""


def test_groups_give_roles(daemon: Daemon) -> None:
    with connected(daemon, VIEWERS) as viewer:
        viewer.sessions.ListSessions(LIST, timeout=10)
        with pytest.raises(grpc.RpcError) as denied:
            viewer.sessions.KillSessions(KILL, timeout=10)
        assert refused(denied) == (
            f"household.v1.SessionService/KillSessions needs the role operator; {SOMEBODY} has the role viewer"
        )
    with connected(daemon, OTHERS, OPERATORS) as operator:
        operator.sessions.KillSessions(KILL, timeout=10)
        operator.sessions.KillSessions(DRY, timeout=10)
        with pytest.raises(grpc.RpcError) as denied:
            operator.server.ShutdownServer(STOP, timeout=10)
        assert "needs the role admin" in refused(denied)
    with connected(daemon, OTHERS) as stranger, pytest.raises(grpc.RpcError) as denied:
        stranger.sessions.ListSessions(LIST, timeout=10)
    assert refused(denied) == (
        f"household.v1.SessionService/ListSessions needs the role viewer; {SOMEBODY} has no role"
    )
    # More groups than getsockopt() of Python has room for.
    with connected(daemon, *range(60_000, 60_400), VIEWERS) as viewer:
        viewer.sessions.ListSessions(LIST, timeout=10)

    changes, denials = daemon.events("change"), daemon.events("denied")
    assert [line["method"].rpartition("/")[2] for line in denials] == ["KillSessions", "ShutdownServer", "ListSessions"]
    assert [line["outcome"] for line in denials] == ["PERMISSION_DENIED"] * 3
    (line,) = changes
    assert {name: line[name] for name in ("logger", "actor", "uid", "via", "method", "reason", "request_id")} == {
        "logger": "audit",
        "actor": str(SOMEBODY),
        "uid": SOMEBODY,
        "via": f"unix, pid {os.getpid()}",
        "method": "household.v1.SessionService/KillSessions",
        "reason": "a test",
        "request_id": KILL.request_id,
    }
    assert (line["request"], line["outcome"]) == ({"all": True}, "OK")


def test_a_reload_changes_who_may_do_what(daemon: Daemon, open_directory: Path) -> None:
    with connected(daemon, OTHERS) as stubs:
        with pytest.raises(grpc.RpcError):
            stubs.sessions.ListSessions(LIST, timeout=10)
        (open_directory / "toml").write_text('[access]\nviewer_groups = ["nobodys-group"]\n')
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("not reloaded; the old configuration stays in force"), "the refusal")
        (said,) = daemon.events("not reloaded; the old configuration stays in force")
        assert said["problem"] == "access.viewer_groups: no group 'nobodys-group' on this machine"
        (open_directory / "toml").write_text(configuration(OTHERS))
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("reloaded"), "the reload")
        stubs.sessions.ListSessions(LIST, timeout=10)


def test_without_rules_members_of_the_sockets_group_may_do_everything(open_directory: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give the socket any group")
    (open_directory / "toml").write_text(f"[access]\nsocket_group = {OPERATORS}\n")
    with running(open_directory, "--config", str(open_directory / "toml")) as daemon:
        with connected(daemon, OPERATORS) as member:
            member.server.ShutdownServer(STOP, timeout=10)
        assert daemon.process.wait(10) == 0
        (line,) = daemon.events("change")
        assert line["method"] == "household.v1.ServerService/ShutdownServer"
