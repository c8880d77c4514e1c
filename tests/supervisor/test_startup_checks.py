"""What a start and ``check-config`` look at beyond the configuration itself."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from householdd.config.loading import load
from householdd.supervisor import activation, sockets, startup_checks
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.gate import control_socket
from householdd.supervisor.sockets import ReservedError


@pytest.fixture
def reserved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The link of an enabled householdd.socket, on a kernel that keeps the congestion control for root."""

    def pin(_: object, name: str) -> None:
        raise ReservedError(f"congestion_control {name}: the kernel keeps it for root")

    monkeypatch.setattr(sockets, "pin", pin)
    monkeypatch.setattr(activation, "ENABLED", (tmp_path / "householdd.socket",))
    monkeypatch.delenv("MAINPID", raising=False)
    return tmp_path / "householdd.socket"


SETTINGS = load({"no_tls": True}, None)


@pytest.mark.usefixtures("reserved")
def test_a_congestion_control_that_is_kept_for_root_is_refused() -> None:
    with pytest.raises(DaemonError, match="congestion_control cubic: the kernel keeps it for root"):
        startup_checks.check(SETTINGS)


def test_it_is_left_to_the_socket_that_systemd_opens(reserved: Path) -> None:
    # The unit need not be installed where this runs.
    reserved.symlink_to("/usr/lib/systemd/system/householdd.socket")
    startup_checks.check(SETTINGS)


@pytest.mark.usefixtures("reserved")
def test_a_reload_opens_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINPID", "17")
    startup_checks.check(SETTINGS)


def test_a_group_of_others_cannot_be_given_to_the_control_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65_534)
    monkeypatch.setattr(os, "getegid", lambda: 65_534)
    monkeypatch.setattr(os, "getgroups", lambda: [65_534, 54_008])
    for gid in (None, 65_534, 54_008):
        control_socket.check_group(gid)
    with pytest.raises(DaemonError) as refused:
        startup_checks.check(load({"no_tls": True, "access": {"socket_group": "daemon"}}, None))
    assert str(refused.value) == (
        "access.socket_group daemon: nobody is not in that group; type: sudo adduser nobody daemon, and restart"
    )


@pytest.mark.parametrize(
    ("unit", "runtime_dir", "refused"),
    [
        ("[Socket]\n", "/run/householdd", True),
        ("[Socket]\n", "/run/other", False),
        (None, "/run/householdd", False),
        ("", "/run/householdd", False),
    ],
    ids=["of the package", "of another daemon", "no unit", "masked unit"],
)
def test_a_group_is_refused_where_systemd_makes_the_control_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str | None, runtime_dir: str, refused: bool
) -> None:
    path = tmp_path / "householdd-control.socket"
    if unit:
        path.write_text(unit)
    elif unit is not None:
        path.symlink_to("/dev/null")
    monkeypatch.setattr(activation, "CONTROL_UNITS", (path,))
    monkeypatch.setattr(sockets, "pin", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    settings = load({"no_tls": True, "runtime_dir": runtime_dir, "access": {"socket_group": "daemon"}}, None)
    with pytest.raises(DaemonError, match="SocketGroup=daemon") if refused else contextlib.nullcontext():
        startup_checks.check(settings)
