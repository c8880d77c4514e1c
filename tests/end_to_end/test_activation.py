"""Sockets that are passed to the daemon as systemd passes them."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from householdd.supervisor import activation
from tests.daemon import running


@contextlib.contextmanager
def tcp() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def passing(*passed: socket.socket) -> tuple[str, ...]:
    """A command line's beginning that executes the rest in its own place, with the sockets from descriptor 3 on."""
    moves = " ".join(f"{number}<&{sock.fileno()}" for number, sock in enumerate(passed, 3))
    for sock in passed:
        os.set_inheritable(sock.fileno(), True)
    return ("bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS={len(passed)} exec "$@" {moves}', "bash")


def start(directory: Path, names: str, *passed: socket.socket, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit status and standard error of a daemon that is not to come up."""
    options = ("--dev", "--runtime-dir", str(directory), "--state-dir", str(directory))
    done = subprocess.run(
        [*passing(*passed), sys.executable, "-m", "householdd", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LISTEN_FDNAMES": names, **(env or {})},
        close_fds=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (
            "householdd.socket",
            "a socket named 'householdd.socket' was passed; FileDescriptorName is listen, control or redirect",
        ),
        ("control", "control: a unix socket that listens is required, by ListenStream= with Accept=no"),
    ],
)
def test_a_socket_that_cannot_be_used_is_told(tmp_path: Path, names: str, problem: str) -> None:
    with tcp() as sock:
        status, error = start(tmp_path, names, sock)
    assert (status, error) == (1, f"householdd: socket unit: {problem}\n")


def test_two_ports_are_one_too_many(tmp_path: Path) -> None:
    with tcp() as one, tcp() as other:
        status, error = start(tmp_path, "listen:listen", one, other)
    assert status == 1
    assert "several sockets named listen were passed" in error


def test_a_socket_that_does_not_listen_is_told(tmp_path: Path) -> None:
    with socket.socket() as sock:
        status, error = start(tmp_path, "listen", sock)
    assert status == 1
    assert "listen: a TCP socket that listens is required" in error


@contextlib.contextmanager
def control_socket(directory: Path) -> Iterator[socket.socket]:
    """The control socket of a daemon in ``directory``, as systemd makes it, with mode 0640."""
    path = directory / "run" / "control.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        sock.listen()
        path.chmod(0o640)
        yield sock


@pytest.mark.parametrize(("access", "mode"), [("", 0o640), ('socket_mode = "0666"', 0o666)])
def test_a_control_socket_that_was_passed_gets_the_mode_that_is_configured(
    tmp_path: Path, access: str, mode: int
) -> None:
    (tmp_path / "toml").write_text(f"[access]\n{access}\n")
    with control_socket(tmp_path) as sock:
        prefix = ("env", "LISTEN_FDNAMES=control", *passing(sock))
        with running(tmp_path, "--config", str(tmp_path / "toml"), prefix=prefix, close_fds=False) as daemon:
            assert daemon.get_server().version
            assert stat.S_IMODE(daemon.control_socket.stat().st_mode) == mode


def test_the_group_of_a_control_socket_that_was_passed_is_refused(tmp_path: Path) -> None:
    with control_socket(tmp_path) as sock:
        status, error = start(tmp_path, "control", sock, env={"HOUSEHOLDD_ACCESS__SOCKET_GROUP": "noc"})
    assert status == 2
    assert error == (
        "householdd: access.socket_group: systemd makes the control socket and gives it its group; leave socket_group "
        "out and type: sudo systemctl edit householdd-control.socket, with the lines [Socket] and SocketGroup=noc, and "
        "then: sudo systemctl restart householdd\n"
    )


def test_variables_for_another_process_are_not_for_the_daemon(tmp_path: Path) -> None:
    env = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "listen"}
    with running(tmp_path, env=env) as daemon:
        assert daemon.get_server().sessions == 0


def test_the_port_that_was_passed_is_served_and_outlives_the_daemon(tmp_path: Path) -> None:
    with tcp() as sock:
        port = sock.getsockname()[1]
        prefix = ("env", "LISTEN_FDNAMES=listen", *passing(sock))
        with running(tmp_path, "--no-tls", "--listen", "192.0.2.1:1", prefix=prefix, close_fds=False) as daemon:
            assert daemon.url == f"http://127.0.0.1:{port}/"
            with urllib.request.urlopen(daemon.url) as page:
                assert b"<html" in page.read()
        # Accepted by the kernel until somebody else serves it.
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_descriptor_that_was_not_passed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activation, "FIRST_DESCRIPTOR", 99_999)
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "listen"}
    with pytest.raises(activation.ActivationError, match=r"^listen: descriptor 99999: Bad file descriptor$"):
        activation.adopt(environ)
